// SPDX-License-Identifier: MIT
// Hammer a slot: one thread on each CPU, all starting together, each calling
// the same callout as fast as it can; every result is checked, and afterwards
// the totals and the tolls. /bin/stress and /bin/tour share it.
//
// Times are cycles of the time-stamp counter.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usr/program/json.h"
#include "usr/program/noise.h"
#include "usr/program/options.h"
#include "usr/include/tollgate.h"

// How a slot's results are checked: by the slot's name, unless the plan says.
enum hammer_check {
    CHECK_BY_NAME, // (in a plan) what suits the slot
    CHECK_NOTHING, // errors count as wrong, no more is known
    CHECK_SUM,     // argument 1 + argument 2 for type 47, else -1: refused
    CHECK_ARGS,    // the weighted sum of six arguments
    CHECK_OWN,     // each CPU's own counter: grows by the argument
    CHECK_SHARED,  // a counter that all share: only ever grows
    // [both] called with 0, they change nothing
    CHECK_CONSTANT, // a device that answers the same each time
};

// What to do.
struct hammer_plan {
    uint32_t slot;
    struct cpu_list cpus; // not empty
    uint64_t count;       // calls on each CPU; 0: go by time
    uint64_t ms;          // how long, when count is 0
    enum hammer_check check;
    bool has_arg;
    uint64_t arg;      // first argument, when has_arg; else what suits the slot
    int toll;          // TOLL_*: whether it is measured
    uint32_t noise_us; // how long to watch for noise, before and after
};

// What came of it on one CPU.
struct hammer_cpu {
    uint32_t cpu;
    uint64_t calls;
    uint64_t contended;    // of these, while every CPU was at it
    uint64_t refused;      // results that the callout means as a refusal
    uint64_t wrong;        // results that can not be right
    uint64_t wrong_call;   // the first of them: which call,
    uint64_t wrong_result; // what it returned,
    uint64_t wrong_wanted; // and what was expected, or the least of it
    uint64_t noise_before;
    uint64_t noise_after;
    struct toll toll;
};

#define FINDING_SIZE 160
#define MAX_FINDINGS 12

// Whether what was verified held; a note is what could not have failed, so that
// it verifies nothing.
enum finding_kind { FINDING_HELD, FINDING_FAILED, FINDING_NOTE };

// One thing that was found, as a sentence.
struct finding {
    enum finding_kind kind;
    char text[FINDING_SIZE];
};

struct hammer_result {
    const char *slot_name;
    const char *resource_name; // NULL: the slot has none
    uint32_t lock_kind;        // of the resource
    enum hammer_check check;
    uint64_t arg;      // first argument, as used
    uint64_t hz;       // cycles in a second
    uint64_t start;    // time-stamp counter at the first start
    uint64_t ticks;    // from the first start to the last end
    uint32_t noise_us; // as planned
    uint64_t calls;    // on all CPUs
    uint64_t refused;
    uint64_t wrong;
    bool counted;  // a shared total was compared: `lost` means something
    int64_t lost;  // calls whose effect the total lacks
    bool competed; // all CPUs were at it together: `jain` means something
    double jain;   // of the shares of that time
    bool measured; // the tolls were on: what follows means something
    struct toll total;
    bool has_bound;
    struct toll_resource resource;
    bool has_sections;               // the tolls were full
    struct kernel_sections sections; // from the start until all were done
    uint32_t num_cpus;
    struct hammer_cpu *cpus; // hammer_free() frees it
    size_t num_findings;
    struct finding findings[MAX_FINDINGS];
};

// Carry out a plan. Returns false, after one line on stderr, if it could not be
// done at all; what was found wrong is in the findings.
bool hammer_run(const struct hammer_plan *plan, struct hammer_result *result);
void hammer_free(struct hammer_result *result);

// Turn figures into findings (hammer_run() does so last).
void hammer_judge(struct hammer_result *result);

// Whether all that was verified held.
bool hammer_ok(const struct hammer_result *result);

// The largest noise that any CPU saw, before and after; of both.
struct noise hammer_noise(const struct hammer_result *result);
uint64_t hammer_noise_floor(const struct hammer_result *result);

// Print as tables of at most 80 columns. The first has a line for each CPU, the
// second one for each kind of time and, if `each_cpu`, for each CPU as well.
void hammer_print_shares(const struct hammer_result *result);
void hammer_print_times(const struct hammer_result *result, bool each_cpu);
void hammer_print_worst(const struct hammer_result *result);
void hammer_print_findings(const struct hammer_result *result);

// Write all of it as members of the JSON object that is open.
void hammer_json(
    struct json *json, const struct hammer_plan *plan,
    const struct hammer_result *result);

// Whether there is one to write: a resource, and the tolls full.
bool hammer_has_timeline(
    const struct hammer_plan *plan, const struct hammer_result *result);

// Write the last calls of a measured run on a resource, in the order of their
// grants, as members of the JSON object that is open (docs/formats.md). As many
// as the CPUs still have: read it right after the run. Returns false if there
// is no such slot, or no memory.
bool hammer_timeline(
    struct json *json, const struct hammer_plan *plan,
    const struct hammer_result *result);
