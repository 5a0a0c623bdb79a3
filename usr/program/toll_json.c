// SPDX-License-Identifier: MIT
// Tolls as JSON. Times are in cycles.
#include "usr/program/toll_json.h"

#include "usr/program/figures.h"
#include "usr/program/noise.h"

// [last, count] of each bucket that has counted something.
static void write_buckets(
    struct json *json, const struct histogram *histogram) {
    json_begin(json, "buckets", JSON_ARRAY);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i]) {
            json_begin(json, NULL, JSON_ARRAY);
            json_u64(json, NULL, histogram_bucket_last(i));
            json_u64(json, NULL, histogram->buckets[i]);
            json_end(json);
        }
    }
    json_end(json);
}

void toll_json_distribution(
    struct json *json, const struct toll_distribution *d) {
    json_u64(json, "n", d->count);
    json_u64(json, "sum", d->sum);
    json_u64(json, "min", d->min);
    json_u64(json, "median", d->median);
    json_u64(json, "p99", d->p99);
    json_u64(json, "p999", d->p999);
    json_u64(json, "max", d->max);
    write_buckets(json, &d->histogram);
}

static void write_distribution(
    struct json *json, const char *key, const struct toll_distribution *d) {
    json_begin(json, key, JSON_OBJECT);
    toll_json_distribution(json, d);
    json_end(json);
}

static void write_receipt(
    struct json *json, const struct toll_receipt *receipt) {
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "cpu", receipt->cpu);
    json_u64(json, "slot", receipt->slot);
    if (receipt->resource != NO_RESOURCE) {
        json_u64(json, "resource", receipt->resource);
    }
    json_u64(json, "type_id", receipt->type_id);
    json_u64(json, "arrived", receipt->arrived);
    json_u64(json, "queued", receipt->queued - receipt->arrived);
    json_u64(json, "granted", receipt->granted - receipt->arrived);
    json_u64(json, "released", receipt->released - receipt->arrived);
    json_u64(json, "left", receipt->left - receipt->arrived);
    json_u64(json, "ticket", receipt->ticket);
    json_u64(json, "entry", receipt->entry);
    json_u64(json, "queue", receipt->queue);
    json_u64(json, "overtakes", receipt->overtakes);
    json_u64(json, "wait", receipt->wait);
    json_u64(json, "hold", receipt->hold);
    json_u64(json, "off", receipt->off);
    json_u64(json, "result", receipt->result);
    json_u64(json, "rip", receipt->rip);
    json_end(json);
}

static void write_type(
    struct json *json, bool is_one, const struct toll_type *type) {
    json_begin(json, NULL, JSON_OBJECT);
    if (is_one) {
        json_u64(json, "type_id", type->type_id);
    }
    json_u64(json, "calls", type->calls);
    json_u64(json, "refusals", type->refusals);
    json_u64(json, "overruns", type->overruns);
    json_u64(json, "off_sum", type->off_sum);
    json_u64(json, "off_max", type->off_max);
    json_end(json);
}

// The types that found no room by themselves come last, without a type_id.
static void write_types(struct json *json, const struct toll *toll) {
    json_begin(json, "types", JSON_ARRAY);
    for (uint32_t i = 0; i < toll->num_types; i++) {
        write_type(json, true, &toll->types[i]);
    }
    if (toll->other_types.calls || toll->other_types.refusals) {
        write_type(json, false, &toll->other_types);
    }
    json_end(json);
}

void toll_json(struct json *json, const char *key, const struct toll *toll) {
    json_begin(json, key, JSON_OBJECT);
    json_u64(json, "calls", toll->calls);
    json_u64(json, "refusals", toll->refusals);
    json_u64(json, "overruns", toll->overruns);
    json_u64(json, "overtaken", toll->overtaken);
    json_u64(json, "overtakes", toll->overtakes);
    json_u64(json, "max_overtakes", toll->max_overtakes);
    json_u64(json, "spoiled", holds_spoiled(&toll->hold));
    write_distribution(json, "wait", &toll->wait);
    write_distribution(json, "hold", &toll->hold);
    write_distribution(json, "off", &toll->off);
    json_begin(json, "worst", JSON_ARRAY);
    for (uint32_t i = 0; i < toll->num_worst; i++) {
        write_receipt(json, &toll->worst[i]);
    }
    json_end(json);
    write_types(json, toll);
    json_end(json);
}

// By the length that was found on arrival, those that were.
static void write_queue(
    struct json *json, const struct toll_resource *resource) {
    json_begin(json, "queue", JSON_ARRAY);
    for (uint32_t length = 0; length < TOLL_CPUS; length++) {
        const struct toll_queue_length *queue = &resource->queue[length];
        if (queue->calls) {
            json_begin(json, NULL, JSON_OBJECT);
            json_u64(json, "length", length);
            json_u64(json, "n", queue->calls);
            json_u64(json, "wait_sum", queue->wait_sum);
            json_u64(json, "wait_max", queue->wait_max);
            json_u64(json, "bound", queue->bound);
            json_end(json);
        }
    }
    json_end(json);
}

void toll_json_resource(
    struct json *json, const struct toll_resource *resource) {
    json_begin(json, "bound", JSON_OBJECT);
    json_u64(json, "cpus", resource->cpus);
    json_u64(json, "grants", resource->grants);
    json_u64(json, "max_hold", resource->max_hold);
    json_u64(json, "max_handover", resource->max_handover);
    json_u64(json, "max_wait", resource->max_wait);
    json_u64(json, "bound", resource->bound);
    json_u64(json, "longest_run", resource->longest_run);
    json_u64(json, "broken", resource->broken);
    json_real(json, "margin", ratio(resource->bound, resource->max_wait));
    write_queue(json, resource);
    json_end(json);
}
