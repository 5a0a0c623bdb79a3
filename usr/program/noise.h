// SPDX-License-Identifier: MIT
// The noise of the machine below, which stands beside each maximum, and the
// samples that it spoiled.
#pragma once

#include <stdint.h>

#include "usr/include/tollgate.h"
#include "usr/program/figures.h"
#include "usr/program/json.h"

// The largest gap between two readings of the clock, in cycles, before and
// after something was measured. 0: nobody watched, since a gap is never 0.
struct noise {
    uint64_t before;
    uint64_t after;
};

// A sample is spoiled if what nothing in the guest explains of it is more than
// this many times what it is as a rule. Then it is the machine's below, its
// host's mostly: it is marked and counted, and never dropped.
#define SPOILED_TIMES 4

// Watch for noise on this CPU for `us` microseconds.
uint64_t noise_watch(uint32_t us);

// The same on each CPU that this thread may use, one after another; the largest
// gap of all. Returns 0, after one line on stderr, if that is not possible.
uint64_t noise_watch_all(uint32_t us);

// Widen the floor by what another CPU saw.
void noise_add(struct noise *noise, struct noise other);

// What the watch saw of the machine below. A maximum above it may be that
// one's, too.
uint64_t noise_floor(struct noise noise);

// "before 62.3 us, after 81.2 us".
#define NOISE_SIZE (2 * FIGURE_SIZE + 16)
char *format_noise(char to[NOISE_SIZE], struct noise noise, uint64_t hz);

// Say how far the floor reaches: who watches for `us` microseconds does not see
// every stop. Nothing where nobody watched.
void noise_print_watch(uint32_t us, const char *prefix);

// Write what was watched for as members of the JSON object that is open.
void noise_json(struct json *json, struct noise noise);

// A gap in cycles as a time, or "unknown".
char *format_gap(char to[FIGURE_SIZE], uint64_t gap, uint64_t hz);

// Whether a call was spoiled: the same work takes the same time, so by how long
// its callout ran, beside the median of that. How many calls of a slot were.
// Both by the histogram's buckets.
bool hold_is_spoiled(uint64_t hold, const struct toll_distribution *holds);
uint64_t holds_spoiled(const struct toll_distribution *holds);
