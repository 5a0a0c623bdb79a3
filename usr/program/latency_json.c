// SPDX-License-Identifier: MIT
// The figures of a latency run as JSON. Times whose names say ns are
// nanoseconds, the others cycles; "clock_hz" converts.
#include "usr/program/latency.h"

#define NS_PER_US 1000
#define SYMBOL_SIZE 96

static void write_histogram(
    struct json *json, const struct latency_plan *plan,
    const struct latency_thread *thread) {
    json_begin(json, "histogram", JSON_ARRAY);
    for (uint32_t us = 0; us < plan->histogram_us; us++) {
        if (thread->histogram[us].n != 0) {
            json_begin(json, NULL, JSON_ARRAY);
            json_u64(json, NULL, us);
            json_u64(json, NULL, thread->histogram[us].n);
            if (thread->judged) {
                json_u64(json, NULL, thread->histogram[us].spoiled);
            }
            json_end(json);
        }
    }
    json_end(json);
}

static void write_thread(
    struct json *json, const struct latency_plan *plan,
    const struct latency_thread *thread) {
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "cpu", thread->cpu);
    json_u64(json, "n", thread->n);
    json_u64(json, "min_ns", thread->min);
    json_u64(json, "avg_ns", thread->n != 0 ? thread->sum / thread->n : 0);
    json_u64(json, "max_ns", thread->max);
    json_u64(json, "missed", thread->missed);
    json_u64(json, "overflows", thread->overflows);
    json_u64(json, "noise_before", thread->noise_before);
    json_u64(json, "noise_after", thread->noise_after);
    if (thread->judged) {
        json_u64(json, "spoiled", thread->spoiled);
        json_u64(json, "max_unspoiled_ns", thread->max_unspoiled);
        json_u64(json, "quiet", thread->quiet);
    }
    write_histogram(json, plan, thread);
    json_end(json);
}

static void write_symbol(struct json *json, const char *key, uint64_t address) {
    char name[SYMBOL_SIZE] = "?";
    (void)tollgate_symbol(address, name, sizeof(name));
    json_text(json, key, name);
}

static void write_blame(
    struct json *json, const struct latency_result *result,
    const struct blame_row *row) {
    json_begin(json, NULL, JSON_OBJECT);
    json_text(json, "phase", blame_phase_name(row->phase));
    if (blame_is_of_call(row->phase)) {
        const struct custom_slot *slot = tollgate_slot(row->slot);
        json_u64(json, "slot", row->slot);
        json_text(json, "slot_name", slot ? slot->name : "");
        json_u64(json, "type_id", row->type_id);
    }
    if (row->phase == SHOT_HANDLER) {
        json_u64(json, "vector", row->vector);
    }
    if (row->phase == SHOT_KERNEL) {
        write_symbol(json, "from", row->from);
        write_symbol(json, "to", row->to);
    }
    json_u64(json, "n", row->n);
    json_u64(json, "sum_ns", latency_ns(result, row->sum));
    json_u64(json, "max_ns", latency_ns(result, row->max));
    json_u64(json, "whole_ns", latency_ns(result, row->whole));
    json_end(json);
}

static void write_load(
    struct json *json, const struct latency_plan *plan,
    const struct latency_result *result) {
    json_begin(json, "load", JSON_OBJECT);
    json_u64(json, "slot", plan->slot);
    json_text(json, "slot_name", result->slot_name);
    json_u64(json, "arg", plan->arg);
    json_u64(json, "calls", result->calls);
    json_end(json);
}

// The figures of all threads together.
static void write_sums(struct json *json, const struct latency_result *result) {
    struct noise noise = latency_noise(result);
    uint64_t spoiled = 0;
    for (uint32_t i = 0; i < result->num_threads; i++) {
        spoiled += result->threads[i].spoiled;
    }
    json_u64(json, "noise_before", noise.before);
    json_u64(json, "noise_after", noise.after);
    json_bool(json, "judged", result->judged);
    json_u64(json, "spoiled", spoiled);
}

void latency_json(
    struct json *json, const struct latency_plan *plan,
    const struct latency_result *result) {
    json_text(json, "mode", plan->shot ? "shot" : "cyclic");
    json_u64(json, "clock_hz", result->hz);
    json_u64(json, "interval_ns", plan->interval_us * NS_PER_US);
    json_text(
        json, "policy", plan->priority != 0 ? "SCHED_FIFO" : "SCHED_OTHER");
    json_u64(json, "priority", plan->priority);
    json_u64(json, "noise_us", plan->noise_us);
    write_sums(json, result);
    if (plan->has_load) {
        write_load(json, plan, result);
    }
    json_begin(json, "threads", JSON_ARRAY);
    for (uint32_t i = 0; i < result->num_threads; i++) {
        write_thread(json, plan, &result->threads[i]);
    }
    json_end(json);
    json_begin(json, "blame", JSON_ARRAY);
    for (uint32_t i = 0; i < result->blame.count; i++) {
        write_blame(json, result, &result->blame.rows[i]);
    }
    json_end(json);
    json_u64(json, "blame_dropped", result->blame.dropped);
}
