// SPDX-License-Identifier: MIT
// Histograms. Beyond the first buckets, which count one value each, a value's
// bucket is its magnitude and the HISTOGRAM_STEP_BITS bits below its highest.
#include "kernel/base/histogram.h"

#include "kernel/base/seqlock.h"

#define HIGHEST_BIT 63
#define LAST_BUCKET (HISTOGRAM_BUCKETS - 1)

uint32_t histogram_bucket(uint64_t value) {
    if (value < HISTOGRAM_STEPS) {
        return (uint32_t)value;
    }
    if (value >= HISTOGRAM_LIMIT) {
        return LAST_BUCKET;
    }
    uint32_t highest = HIGHEST_BIT - (uint32_t)__builtin_clzll(value);
    uint32_t shift = highest - HISTOGRAM_STEP_BITS;
    // The shifted value is HISTOGRAM_STEPS or more: that bit counts as a step.
    return shift * HISTOGRAM_STEPS + (uint32_t)(value >> shift);
}

uint64_t histogram_bucket_last(uint32_t bucket) {
    if (bucket < HISTOGRAM_STEPS) {
        return bucket;
    }
    if (bucket >= LAST_BUCKET) {
        return UINT64_MAX;
    }
    uint32_t shift = bucket / HISTOGRAM_STEPS - 1;
    uint64_t first = (uint64_t)(bucket - shift * HISTOGRAM_STEPS) << shift;
    return first + ((1ul << shift) - 1);
}

// Widen min and max by those of `count` more values.
static void widen(
    struct histogram *histogram, uint64_t count, uint64_t min, uint64_t max) {
    if (count == 0) {
        return;
    }
    if (histogram->count == 0 || min < histogram->min) {
        seqlock_set(&histogram->min, min);
    }
    if (max > histogram->max) {
        seqlock_set(&histogram->max, max);
    }
}

void histogram_add(struct histogram *histogram, uint64_t value) {
    widen(histogram, 1, value, value);
    seqlock_add(&histogram->count, 1);
    seqlock_add(&histogram->sum, value);
    seqlock_add(&histogram->buckets[histogram_bucket(value)], 1);
}

void histogram_merge(struct histogram *to, const struct histogram *from) {
    widen(to, from->count, from->min, from->max);
    to->count += from->count;
    to->sum += from->sum;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        to->buckets[i] += from->buckets[i];
    }
}

// How many values are `permille` of all: rounded up, at least one. In two
// parts, so that no product overflows.
static uint64_t rank_of(uint64_t count, uint32_t permille) {
    uint64_t rank =
        count / HISTOGRAM_PERMILLE * permille +
        (count % HISTOGRAM_PERMILLE * permille + (HISTOGRAM_PERMILLE - 1)) /
            HISTOGRAM_PERMILLE;
    return rank == 0 ? 1 : rank;
}

uint64_t histogram_quantile(
    const struct histogram *histogram, uint32_t permille) {
    uint64_t left = rank_of(histogram->count, permille);
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (histogram->buckets[i] >= left) {
            uint64_t last = histogram_bucket_last(i);
            return last < histogram->max ? last : histogram->max;
        }
        left -= histogram->buckets[i];
    }
    return histogram->max;
}
