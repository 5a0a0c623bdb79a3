// SOURCES: usr/program/figures.c
// SPDX-License-Identifier: MIT
// Figures with units and separators, and Jain's index.
#include "usr/program/figures.h"

#include "tests/host/suite.h"

#define GHZ 1000000000ul
#define NEARLY 1e-9

static void check_time(const char *wanted, uint64_t cycles, uint64_t hz) {
    char text[FIGURE_SIZE];
    ck_assert_str_eq(format_time(text, cycles, hz), wanted);
}

static void check_count(const char *wanted, uint64_t count) {
    char text[FIGURE_SIZE];
    ck_assert_str_eq(format_count(text, count), wanted);
}

START_TEST(times) {
    check_time("0 ns", 0, GHZ);
    check_time("812 ns", 812, GHZ);
    check_time("406 ns", 812, 2 * GHZ);
    check_time("1.24 us", 1240, GHZ);
    check_time("12.4 us", 12400, GHZ);
    check_time("124 us", 124000, GHZ);
    check_time("3.50 ms", 3500000, GHZ);
    check_time("1.00 s", GHZ, GHZ);
    check_time("18446744074 s", UINT64_MAX, GHZ);
    check_time("1240 cy", 1240, 0);
    check_time("18446744073709551615 cy", UINT64_MAX, 0);
}
END_TEST

START_TEST(counts) {
    check_count("0", 0);
    check_count("999", 999);
    check_count("1,000", 1000);
    check_count("1,234,567", 1234567);
    check_count("18,446,744,073,709,551,615", UINT64_MAX);
}
END_TEST

START_TEST(chances) {
    char text[CHANCE_SIZE];
    ck_assert_str_eq(format_chance(text, 0), "not known");
    ck_assert_str_eq(format_chance(text, 2), "not known");
    ck_assert_str_eq(format_chance(text, 3), "below 1 in 1");
    ck_assert_str_eq(format_chance(text, 8000), "below 1 in 2,666");
    ck_assert_str_eq(
        format_chance(text, UINT64_MAX),
        "below 1 in 6,148,914,691,236,517,205");
}
END_TEST

START_TEST(quantiles) {
    char text[FIGURE_SIZE];
    ck_assert_str_eq(
        format_quantile(text, 7, SAMPLES_FOR_P99, SAMPLES_FOR_P99, 1000),
        "7.00 ms");
    ck_assert_str_eq(
        format_quantile(text, 7, SAMPLES_FOR_P99 - 1, SAMPLES_FOR_P99, 1000),
        "-");
}
END_TEST

START_TEST(jain) {
    const uint64_t even[] = {7, 7, 7, 7};
    const uint64_t one[] = {0, 9, 0, 0};
    const uint64_t half[] = {5, 5, 0, 0};
    const uint64_t uneven[] = {1, 2, 3}; // 36 / (3 * 14)
    const uint64_t none[] = {0, 0};
    const uint64_t large[] = {UINT64_MAX, UINT64_MAX};
    ck_assert_double_eq_tol(jain_index(even, 4), 1, NEARLY);
    ck_assert_double_eq_tol(jain_index(one, 4), 0.25, NEARLY);
    ck_assert_double_eq_tol(jain_index(half, 4), 0.5, NEARLY);
    ck_assert_double_eq_tol(jain_index(uneven, 3), 36.0 / 42, NEARLY);
    ck_assert_double_eq_tol(jain_index(none, 2), 1, NEARLY);
    ck_assert_double_eq_tol(jain_index(large, 2), 1, NEARLY);
}
END_TEST

START_TEST(ratios) {
    ck_assert_double_eq_tol(ratio(3, 4), 0.75, NEARLY);
    ck_assert_double_eq(ratio(3, 0), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {times, counts,    chances,
                                  jain,  quantiles, ratios};
    return SUITE_RUN("figures", tests);
}
