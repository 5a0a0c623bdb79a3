// SPDX-License-Identifier: MIT
// The figures of a hammer run as JSON. Times are in cycles, as the kernel has
// them; "cycles_per_sec" converts.
#include "usr/program/hammer.h"

#include "usr/program/toll_json.h"

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
            toll_json(json, "toll", &cpu->toll);
        }
        json_end(json);
    }
    json_end(json);
}

static void write_findings(
    struct json *json, const struct hammer_result *result) {
    json_begin(json, "findings", JSON_ARRAY);
    for (size_t i = 0; i < result->num_findings; i++) {
        const struct finding *finding = &result->findings[i];
        if (finding->kind == FINDING_NOTE) {
            continue;
        }
        json_begin(json, NULL, JSON_OBJECT);
        json_bool(json, "ok", finding->kind == FINDING_HELD);
        json_text(json, "text", finding->text);
        json_end(json);
    }
    json_end(json);
}

static void write_notes(struct json *json, const struct hammer_result *result) {
    json_begin(json, "notes", JSON_ARRAY);
    for (size_t i = 0; i < result->num_findings; i++) {
        if (result->findings[i].kind == FINDING_NOTE) {
            json_text(json, NULL, result->findings[i].text);
        }
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
    if (result->competed) {
        json_real(json, "jain", result->jain);
    }
    json_bool(json, "measured", result->measured);
    if (result->measured) {
        toll_json(json, "total", &result->total);
    }
    if (result->measured && result->has_bound) {
        toll_json_resource(json, &result->resource);
    }
    write_cpus(json, result);
    write_findings(json, result);
    write_notes(json, result);
    json_bool(json, "ok", hammer_ok(result));
}
