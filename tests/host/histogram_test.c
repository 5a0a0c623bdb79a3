// SOURCES: kernel/base/histogram.c
// SPDX-License-Identifier: MIT
// The histogram: its buckets one by one, and its quantiles beside those of a
// sorted array of the same values.
#include "kernel/base/histogram.h"

#include <string.h>

#include "tests/host/suite.h"

#define NUM_VALUES 5000

static struct histogram histogram;
static struct histogram other;

static void setup(void) {
    memset(&histogram, 0, sizeof(histogram));
    memset(&other, 0, sizeof(other));
}

// xorshift64: the same values in every run.
static uint64_t random_next(uint64_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Magnitudes of all sizes, not only large ones.
static uint64_t random_value(uint64_t *state) {
    uint64_t bits = random_next(state) % 64;
    return random_next(state) >> bits & (HISTOGRAM_LIMIT - 1);
}

START_TEST(empty_has_nothing) {
    setup();
    ck_assert_uint_eq(histogram.count, 0);
    ck_assert_uint_eq(histogram_quantile(&histogram, 0), 0);
    ck_assert_uint_eq(histogram_quantile(&histogram, 500), 0);
    ck_assert_uint_eq(histogram_quantile(&histogram, 1000), 0);
}
END_TEST

START_TEST(small_values_are_exact) {
    for (uint32_t value = 0; value < 2 * HISTOGRAM_STEPS; value++) {
        ck_assert_uint_eq(histogram_bucket(value), value);
        ck_assert_uint_eq(histogram_bucket_last(value), value);
    }
}
END_TEST

START_TEST(buckets_follow_each_other) {
    for (uint32_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        uint64_t last = histogram_bucket_last(i);
        ck_assert_uint_eq(histogram_bucket(last), i);
        ck_assert_uint_eq(histogram_bucket(last + 1), i + 1);
    }
}
END_TEST

START_TEST(last_bucket_ends_at_the_largest_value) {
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    ck_assert_uint_eq(histogram_bucket_last(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}
END_TEST

START_TEST(the_last_bucket_takes_the_rest) {
    ck_assert_uint_eq(
        histogram_bucket(HISTOGRAM_LIMIT - 1), HISTOGRAM_BUCKETS - 2);
    ck_assert_uint_eq(histogram_bucket(HISTOGRAM_LIMIT), HISTOGRAM_BUCKETS - 1);
    setup();
    histogram_add(&histogram, HISTOGRAM_LIMIT);
    histogram_add(&histogram, 3 * HISTOGRAM_LIMIT);
    ck_assert_uint_eq(histogram.buckets[HISTOGRAM_BUCKETS - 1], 2);
    ck_assert_uint_eq(histogram_quantile(&histogram, 500), 3 * HISTOGRAM_LIMIT);
}
END_TEST

START_TEST(buckets_are_narrow) {
    for (uint32_t i = 1; i < HISTOGRAM_BUCKETS - 1; i++) {
        uint64_t first = histogram_bucket_last(i - 1) + 1;
        uint64_t width = histogram_bucket_last(i) - first;
        ck_assert_uint_le(width, first / HISTOGRAM_STEPS);
    }
}
END_TEST

START_TEST(one_value_is_every_quantile) {
    const uint64_t values[] = {0, 1, 15, 16, 1000003, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        setup();
        histogram_add(&histogram, values[i]);
        ck_assert_uint_eq(histogram.count, 1);
        ck_assert_uint_eq(histogram.sum, values[i]);
        ck_assert_uint_eq(histogram.min, values[i]);
        ck_assert_uint_eq(histogram.max, values[i]);
        ck_assert_uint_eq(histogram_quantile(&histogram, 0), values[i]);
        ck_assert_uint_eq(histogram_quantile(&histogram, 500), values[i]);
        ck_assert_uint_eq(histogram_quantile(&histogram, 1000), values[i]);
    }
}
END_TEST

START_TEST(min_may_come_last) {
    setup();
    histogram_add(&histogram, 70);
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 50);
    ck_assert_uint_eq(histogram.min, 0);
    ck_assert_uint_eq(histogram.max, 70);
    ck_assert_uint_eq(histogram.sum, 120);
}
END_TEST

START_TEST(quantiles_count_from_one) {
    setup();
    for (uint64_t value = 1; value <= 10; value++) {
        histogram_add(&histogram, value);
    }
    ck_assert_uint_eq(histogram_quantile(&histogram, 0), 1);
    ck_assert_uint_eq(histogram_quantile(&histogram, 100), 1);
    ck_assert_uint_eq(histogram_quantile(&histogram, 101), 2);
    ck_assert_uint_eq(histogram_quantile(&histogram, 500), 5);
    ck_assert_uint_eq(histogram_quantile(&histogram, 990), 10);
    ck_assert_uint_eq(histogram_quantile(&histogram, 1000), 10);
}
END_TEST

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// What histogram_quantile() stands for: the value of that rank.
static uint64_t sorted_quantile(
    const uint64_t *sorted, size_t count, uint32_t permille) {
    size_t rank = (count * permille + 999) / 1000;
    return sorted[rank == 0 ? 0 : rank - 1];
}

START_TEST(quantiles_of_random_values) {
    static uint64_t values[NUM_VALUES];
    uint64_t state = 20240101;
    uint64_t sum = 0;
    setup();
    for (size_t i = 0; i < NUM_VALUES; i++) {
        values[i] = random_value(&state);
        sum += values[i];
        histogram_add(&histogram, values[i]);
    }
    qsort(values, NUM_VALUES, sizeof(values[0]), compare);
    ck_assert_uint_eq(histogram.count, NUM_VALUES);
    ck_assert_uint_eq(histogram.sum, sum);
    ck_assert_uint_eq(histogram.min, values[0]);
    ck_assert_uint_eq(histogram.max, values[NUM_VALUES - 1]);
    for (uint32_t permille = 0; permille <= HISTOGRAM_PERMILLE; permille++) {
        uint64_t exact = sorted_quantile(values, NUM_VALUES, permille);
        uint64_t given = histogram_quantile(&histogram, permille);
        ck_assert_uint_ge(given, exact);
        ck_assert_uint_le(given - exact, exact / HISTOGRAM_STEPS);
    }
}
END_TEST

START_TEST(rank_does_not_overflow) {
    setup();
    histogram.count = 1ul << 62;
    histogram.max = 7;
    histogram.buckets[3] = 1ul << 61;
    histogram.buckets[7] = 1ul << 61;
    ck_assert_uint_eq(histogram_quantile(&histogram, 500), 3);
    ck_assert_uint_eq(histogram_quantile(&histogram, 501), 7);
}
END_TEST

START_TEST(merged_is_as_if_counted_in_one) {
    static struct histogram both;
    uint64_t state = 7;
    setup();
    memset(&both, 0, sizeof(both));
    for (size_t i = 0; i < NUM_VALUES; i++) {
        uint64_t value = random_value(&state);
        histogram_add(i % 3 == 0 ? &histogram : &other, value);
        histogram_add(&both, value);
    }
    histogram_merge(&histogram, &other);
    ck_assert_mem_eq(&histogram, &both, sizeof(both));
}
END_TEST

START_TEST(merging_nothing_changes_nothing) {
    static struct histogram before;
    setup();
    histogram_add(&histogram, 42);
    before = histogram;
    histogram_merge(&histogram, &other);
    ck_assert_mem_eq(&histogram, &before, sizeof(before));
    histogram_merge(&other, &histogram);
    ck_assert_mem_eq(&other, &before, sizeof(before));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        empty_has_nothing,
        small_values_are_exact,
        buckets_follow_each_other,
        last_bucket_ends_at_the_largest_value,
        the_last_bucket_takes_the_rest,
        buckets_are_narrow,
        one_value_is_every_quantile,
        min_may_come_last,
        quantiles_count_from_one,
        quantiles_of_random_values,
        rank_does_not_overflow,
        merged_is_as_if_counted_in_one,
        merging_nothing_changes_nothing,
    };
    return SUITE_RUN("histogram", tests);
}
