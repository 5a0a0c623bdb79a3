// SPDX-License-Identifier: MIT
// The figures of a hammer run as JSON. Times are in cycles, as the kernel has
// them; "cycles_per_sec" converts.
#include "usr/program/hammer.h"

#include "usr/program/figures.h"

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

static void write_distribution(
    struct json *json, const char *key, const struct toll_distribution *d) {
    json_begin(json, key, JSON_OBJECT);
    json_u64(json, "n", d->count);
    json_u64(json, "sum", d->sum);
    json_u64(json, "min", d->min);
    json_u64(json, "median", d->median);
    json_u64(json, "p99", d->p99);
    json_u64(json, "p999", d->p999);
    json_u64(json, "max", d->max);
    write_buckets(json, &d->histogram);
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

static void write_toll(
    struct json *json, const char *key, const struct toll *toll) {
    json_begin(json, key, JSON_OBJECT);
    json_u64(json, "calls", toll->calls);
    json_u64(json, "refusals", toll->refusals);
    json_u64(json, "overruns", toll->overruns);
    json_u64(json, "overtaken", toll->overtaken);
    json_u64(json, "overtakes", toll->overtakes);
    json_u64(json, "max_overtakes", toll->max_overtakes);
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

static void write_resource(
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

static void write_cpus(struct json *json, const struct hammer_result *result) {
    json_begin(json, "cpus", JSON_ARRAY);
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        const struct hammer_cpu *cpu = &result->cpus[i];
        json_begin(json, NULL, JSON_OBJECT);
        json_u64(json, "cpu", cpu->cpu);
        json_u64(json, "calls", cpu->calls);
        json_u64(json, "contended", cpu->contended);
        json_u64(json, "refused", cpu->refused);
        json_u64(json, "wrong", cpu->wrong);
        json_u64(json, "noise_before", cpu->noise_before);
        json_u64(json, "noise_after", cpu->noise_after);
        if (result->measured) {
            write_toll(json, "toll", &cpu->toll);
        }
        json_end(json);
    }
    json_end(json);
}

static void write_findings(
    struct json *json, const struct hammer_result *result) {
    json_begin(json, "findings", JSON_ARRAY);
    for (size_t i = 0; i < result->num_findings; i++) {
        json_begin(json, NULL, JSON_OBJECT);
        json_bool(json, "ok", result->findings[i].ok);
        json_text(json, "text", result->findings[i].text);
        json_end(json);
    }
    json_end(json);
}

static void write_plan(
    struct json *json, const struct hammer_plan *plan,
    const struct hammer_result *result) {
    json_begin(json, "plan", JSON_OBJECT);
    json_u64(json, "slot", plan->slot);
    json_text(json, "name", result->slot_name);
    json_u64(json, "arg", result->arg);
    json_u64(json, "count", plan->count);
    json_u64(json, "ms", plan->count ? 0 : plan->ms);
    json_u64(json, "noise_us", plan->noise_us);
    if (result->resource_name) {
        json_text(json, "resource", result->resource_name);
        json_text(json, "lock", tollgate_lock_name(result->lock_kind));
    }
    json_end(json);
}

void hammer_json(
    struct json *json, const struct hammer_plan *plan,
    const struct hammer_result *result) {
    write_plan(json, plan, result);
    json_u64(json, "cycles_per_sec", result->hz);
    json_u64(json, "cycles", result->ticks);
    json_u64(json, "calls", result->calls);
    json_u64(json, "refused", result->refused);
    json_u64(json, "wrong", result->wrong);
    if (result->counted) {
        json_real(json, "lost", (double)result->lost);
    }
    json_real(json, "jain", result->jain);
    json_bool(json, "measured", result->measured);
    if (result->measured) {
        write_toll(json, "total", &result->total);
    }
    if (result->measured && result->has_bound) {
        write_resource(json, &result->resource);
    }
    write_cpus(json, result);
    write_findings(json, result);
    json_bool(json, "ok", hammer_ok(result));
}
