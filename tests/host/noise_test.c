// SOURCES: usr/program/noise.c usr/program/figures.c usr/program/cpus.c
// SOURCES: usr/program/options.c usr/program/json.c kernel/base/histogram.c
// FLAGS: -D_GNU_SOURCE
// SPDX-License-Identifier: MIT
// The noise floor as text and JSON, and which calls it spoiled.
#include "usr/program/noise.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "tests/host/suite.h"

#define HZ 1000000000ul
#define WATCH_US 1

// --- the system -------------------------------------------------------------

static uint32_t watches;
static cpu_set_t watched; // CPUs
static long gap;          // that the next watch sees, and each after it less

int tollgate_cpus(uint64_t mask[TOLLGATE_MASK_WORDS]) {
    memset(mask, 0xff, TOLLGATE_MASK_WORDS * sizeof(mask[0]));
    return TOLLGATE_MAX_CPUS;
}

long tollgate_noise_floor(uint32_t us) {
    ck_assert_uint_eq(us, WATCH_US);
    watches++;
    CPU_SET((size_t)sched_getcpu(), &watched);
    return gap--;
}

// --- tests ------------------------------------------------------------------

// Each CPU is watched, on itself, and the thread may go where it could before.
START_TEST(all_cpus_are_watched) {
    cpu_set_t before;
    cpu_set_t after;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
    gap = 1000;
    CPU_ZERO(&watched);
    ck_assert_uint_eq(noise_watch_all(WATCH_US), 1000);
    ck_assert_int_eq(sched_getaffinity(0, sizeof(after), &after), 0);
    ck_assert_uint_eq(watches, (uint32_t)CPU_COUNT(&before));
    ck_assert(CPU_EQUAL(&watched, &before));
    ck_assert(CPU_EQUAL(&after, &before));
}
END_TEST

START_TEST(floor_is_the_larger) {
    ck_assert_uint_eq(noise_floor((struct noise){7, 9}), 9);
    ck_assert_uint_eq(noise_floor((struct noise){9, 7}), 9);
    ck_assert_uint_eq(noise_floor((struct noise){0, 7}), 7);
}
END_TEST

// What nobody watched for is not a floor of 0.
START_TEST(unknown_is_said) {
    char text[NOISE_SIZE];
    ck_assert_str_eq(
        format_noise(text, (struct noise){812, 3500000}, HZ),
        "before 812 ns, after 3.50 ms");
    ck_assert_str_eq(
        format_noise(text, (struct noise){0, 812}, HZ),
        "before unknown, after 812 ns");
    ck_assert_str_eq(format_gap(text, 0, HZ), "unknown");
    struct json json = {0};
    json_begin(&json, NULL, JSON_OBJECT);
    noise_json(&json, (struct noise){0, 812});
    json_end(&json);
    ck_assert_str_eq(json.text, "{\"noise_after\":812}");
    json_free(&json);
}
END_TEST

// Of 100 calls of 10, one of 40 is not spoiled and two far beyond that are.
START_TEST(long_holds_are_spoiled) {
    static struct toll_distribution holds;
    for (int i = 0; i < 97; i++) {
        histogram_add(&holds.histogram, 10);
    }
    histogram_add(&holds.histogram, 40);
    histogram_add(&holds.histogram, 100);
    histogram_add(&holds.histogram, HISTOGRAM_LIMIT);
    holds.median = histogram_quantile(&holds.histogram, 500);
    ck_assert_uint_eq(holds_spoiled(&holds), 2);
    ck_assert(!hold_is_spoiled(10, &holds));
    ck_assert(!hold_is_spoiled(40, &holds));
    ck_assert(hold_is_spoiled(100, &holds));
    ck_assert(hold_is_spoiled(UINT64_MAX, &holds));
}
END_TEST

START_TEST(none_of_none_is_spoiled) {
    static struct toll_distribution holds;
    ck_assert_uint_eq(holds_spoiled(&holds), 0);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        all_cpus_are_watched, floor_is_the_larger, unknown_is_said,
        long_holds_are_spoiled, none_of_none_is_spoiled};
    return SUITE_RUN("noise", tests);
}
