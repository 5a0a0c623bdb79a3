// SPDX-License-Identifier: MIT
// Latency: one thread on each CPU sleeps until an instant that it knows, over
// and over, and learns how late it is, while a load runs on the same CPUs.
// /bin/latency prints what came of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "usr/program/blame_table.h"
#include "usr/program/json.h"
#include "usr/program/noise.h"
#include "usr/program/options.h"

// What to do.
struct latency_plan {
    bool shot;             // measure the timer's interrupt, not the thread
    struct cpu_list cpus;  // not empty
    uint64_t interval_us;  // from one instant to the next
    uint32_t priority;     // SCHED_FIFO; 0: an ordinary thread
    uint64_t loops;        // on each CPU; 0: go by time
    uint64_t ms;           // how long, when loops is 0
    uint32_t histogram_us; // buckets of 1 us; 0: none
    bool has_load;         // an ordinary thread on each CPU calls
    uint32_t slot;         // this slot as fast as it can
    uint64_t arg;          // with this first argument
    uint32_t noise_us;     // how long to watch for noise, before and after
};

// The samples that were late by just so many microseconds.
struct latency_bucket {
    uint64_t n;
    uint64_t spoiled; // of these
};

// What came of it on one CPU. Times in nanoseconds, but noise and blame, which
// are in cycles.
struct latency_thread {
    uint32_t cpu;
    int tid;
    uint64_t n;
    uint64_t min;
    uint64_t last;
    uint64_t sum;
    uint64_t max;
    uint64_t missed;    // instants that were over before they were waited for
    uint64_t overflows; // samples beyond the histogram
    struct latency_bucket *histogram;
    bool judged;      // the kernel told of each sample whose doing it is
    uint64_t quiet;   // cycles that no one explains, the median without load
    uint64_t spoiled; // samples of which no one explains far more
    uint64_t max_unspoiled; // of the others
    uint64_t noise_before;
    uint64_t noise_after;
    struct blame_table blame;
};

struct latency_result {
    uint64_t hz;
    const char *slot_name;    // of the load; NULL: none
    uint64_t calls;           // that the load made
    bool judged;              // all threads
    uint32_t noise_us;        // as planned
    struct blame_table blame; // of all threads, sorted
    uint32_t num_threads;
    struct latency_thread *threads; // latency_free() frees them
};

// Carry out a plan. Returns false, after one line on stderr, if it can not be.
bool latency_run(
    const struct latency_plan *plan, struct latency_result *result);
void latency_free(struct latency_result *result);

// Cycles as nanoseconds.
uint64_t latency_ns(const struct latency_result *result, uint64_t cycles);

// The largest noise that any CPU saw, before and after.
struct noise latency_noise(const struct latency_result *result);

// Print: a line for each thread as cyclictest has it, in us or ns; noise,
// spoiled samples and what n says of the maximum, each line after `prefix`; the
// blame table; the histogram as cyclictest has it.
void latency_print_threads(
    const struct latency_plan *plan, const struct latency_result *result,
    bool nanoseconds);
void latency_print_honesty(
    const struct latency_result *result, bool nanoseconds, const char *prefix);
void latency_print_blame(const struct latency_result *result, bool nanoseconds);
void latency_print_histogram(
    const struct latency_plan *plan, const struct latency_result *result);

// Write all of it as members of the JSON object that is open.
void latency_json(
    struct json *json, const struct latency_plan *plan,
    const struct latency_result *result);
