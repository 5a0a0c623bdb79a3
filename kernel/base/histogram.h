// SPDX-License-Identifier: MIT
// A histogram of 64-bit values with a fixed relative precision, indexed as
// HdrHistogram is: each power of two is divided into HISTOGRAM_STEPS buckets,
// so that a bucket is at most 1/HISTOGRAM_STEPS of its values wide. Values
// below HISTOGRAM_STEPS have a bucket each; those from HISTOGRAM_LIMIT on share
// the last one. A leaf header, which libtollgate shares with the kernel.
#pragma once

#include <stdint.h>

#define HISTOGRAM_STEP_BITS 5
#define HISTOGRAM_STEPS (1u << HISTOGRAM_STEP_BITS) // 1/32: 3.1 %
#define HISTOGRAM_LIMIT_BITS 36
#define HISTOGRAM_LIMIT (1ul << HISTOGRAM_LIMIT_BITS) // 23 s at 3 GHz
#define HISTOGRAM_BUCKETS                                                      \
    ((HISTOGRAM_LIMIT_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS + 1)
#define HISTOGRAM_PERMILLE 1000 // what a share of values is given in

// All bytes zero is an empty histogram. All but `buckets` is exact.
struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t min; // 0 while empty
    uint64_t max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

// Count a value. Words change as seqlock.h wants it.
void histogram_add(struct histogram *histogram, uint64_t value);

// Count in `to` all that `from` has counted.
void histogram_merge(struct histogram *to, const struct histogram *from);

// The value that `permille` of the values do not exceed: the largest value of
// its bucket, at most 1/HISTOGRAM_STEPS too high, and never above max. 0 while
// empty.
uint64_t histogram_quantile(
    const struct histogram *histogram, uint32_t permille);

// The bucket that counts a value, and the largest value that it counts.
uint32_t histogram_bucket(uint64_t value);
uint64_t histogram_bucket_last(uint32_t bucket);
