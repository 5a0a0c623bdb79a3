// SPDX-License-Identifier: MIT
// The sections of one CPU, counted: a histogram for each kind, and for each
// pair of ends how many there were and the longest. Memory is bounded by
// CENSUS_PAIRS and the kinds that were seen.
#pragma once

#include "kernel/base/histogram.h"
#include "tools/scope/section.h"

// Pairs that are told apart; a power of two. What comes when they are full is
// still in its kind's histogram.
#define CENSUS_PAIRS 4096u

// Sections of one kind with the same ends. Unused while n is 0.
struct census_pair {
    struct section_ends ends;
    uint64_t n;
    uint64_t sum;
    uint64_t max;
    uint32_t kind;
    uint32_t cpu; // where the longest was
};

struct census {
    struct histogram *kinds[SECTION_KINDS]; // NULL: none yet
    struct census_pair pairs[CENSUS_PAIRS];
    uint32_t num_pairs;
    uint64_t lost; // sections whose pair found no room
};

// Count a section of `cpu`. Aborts without memory.
void census_add(
    struct census *census, const struct section *section, uint32_t cpu);

// Count in `to` all that `from` has counted.
void census_merge(struct census *to, const struct census *from);

// The pairs from the longest section down, NULL behind the last one; the order
// is the same for the same pairs. The caller frees the array.
const struct census_pair **census_longest(const struct census *census);

// Free a census that calloc() has made, or NULL.
void census_free(struct census *census);
