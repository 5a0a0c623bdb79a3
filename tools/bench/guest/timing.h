// SPDX-License-Identifier: MIT
// What calls cost in time, by the time-stamp counter: alone in batches, and on
// all CPUs at once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/bench/guest/system.h"

#define TIMING_BATCHES 1000
#define TIMING_BATCH_CALLS 1000

// Cycles of a call: of TIMING_BATCHES means over TIMING_BATCH_CALLS.
struct timing {
    double min;
    double median;
    double p99;
    double max;
};

// Time a call on the CPU that the caller is on.
void timing_alone(const struct bench_call *call, struct timing *timing);

struct timing_shared {
    uint64_t cpus;
    uint64_t calls;
    uint64_t cycles; // from the first call to the last
    uint64_t least;  // calls of the CPU that had the fewest
    uint64_t most;
};

// For `cycles`, add 1 by the shared call on each CPU that there is.
//
// Returns: false, after one line, if that is not possible or if an addition got
//          lost.
bool timing_on_all(
    stub_t *shared_add, uint64_t cycles, struct timing_shared *timing);
