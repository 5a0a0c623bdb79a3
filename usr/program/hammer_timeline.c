// SPDX-License-Identifier: MIT
// The last calls of a hammer run, CPU by CPU, as the timeline of a resource.
#include "usr/program/hammer.h"

#include <stdlib.h>

// Receipts that are sent at most: the last ones.
#define TIMELINE_MAX 2048

static int compare_grants(const void *a, const void *b) {
    const struct toll_receipt *x = a;
    const struct toll_receipt *y = b;
    return (x->granted > y->granted) - (x->granted < y->granted);
}

// Add what a CPU has of the run: of this resource, and no older.
static size_t add_cpu(
    const struct hammer_result *result, uint32_t cpu, uint32_t resource,
    struct toll_receipt *to) {
    struct toll_receipt receipts[RECEIPTS_MAX];
    int count = tollgate_last_receipts(cpu, receipts);
    size_t kept = 0;
    for (int i = 0; i < count; i++) {
        if (receipts[i].resource == resource &&
            receipts[i].arrived >= result->start &&
            receipts[i].arrived < result->start + result->ticks) {
            to[kept++] = receipts[i];
        }
    }
    return kept;
}

static void write_receipt(
    struct json *json, const struct toll_receipt *receipt) {
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "cpu", receipt->cpu);
    json_u64(json, "slot", receipt->slot);
    json_u64(json, "type_id", receipt->type_id);
    json_u64(json, "ticket", receipt->ticket);
    json_u64(json, "arrived", receipt->arrived);
    json_u64(json, "queued", receipt->queued);
    json_u64(json, "granted", receipt->granted);
    json_u64(json, "released", receipt->released);
    json_u64(json, "left", receipt->left);
    json_end(json);
}

bool hammer_has_timeline(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    return plan->toll == TOLL_FULL && result->measured && result->resource_name;
}

bool hammer_timeline(
    struct json *json, const struct hammer_plan *plan,
    const struct hammer_result *result) {
    const struct custom_slot *slot = tollgate_slot(plan->slot);
    struct toll_receipt *receipts =
        calloc((size_t)result->num_cpus * RECEIPTS_MAX, sizeof(receipts[0]));
    if (!slot || !receipts) {
        free(receipts);
        return false;
    }
    size_t count = 0;
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        count += add_cpu(
            result, result->cpus[i].cpu, slot->resource, receipts + count);
    }
    qsort(receipts, count, sizeof(receipts[0]), compare_grants);
    json_text(json, "resource", result->resource_name);
    json_text(json, "lock", tollgate_lock_name(result->lock_kind));
    json_u64(json, "cycles_per_sec", result->hz);
    json_begin(json, "receipts", JSON_ARRAY);
    size_t first = count > TIMELINE_MAX ? count - TIMELINE_MAX : 0;
    for (size_t i = first; i < count; i++) {
        write_receipt(json, &receipts[i]);
    }
    json_end(json);
    free(receipts);
    return true;
}
