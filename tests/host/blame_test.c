// SOURCES: kernel/blame.c
// SPDX-License-Identifier: MIT
// Lateness, split: made-up receipts and instants.
#include "kernel/blame.h"

#include <string.h>

#include "tests/host/suite.h"

// A call on a resource that arrives at 1000, waits 1010..1100, holds until
// 1500, leaves at 1520.
static const struct receipt shared = {
    .arrived = 1000,
    .queued = 1010,
    .granted = 1100,
    .released = 1500,
    .left = 1520,
    .resource = 0,
};

static struct toll_shot split(
    uint64_t due, uint64_t taken, const struct receipt *call,
    struct blame_section handler, struct blame_section kernel) {
    const struct blame_evidence evidence = {due, taken, call, handler, kernel};
    struct toll_shot shot;
    memset(&shot, 0xa5, sizeof(shot)); // whatever it held
    memset(shot.parts, 0, sizeof(shot.parts));
    memset(shot.wholes, 0, sizeof(shot.wholes));
    blame_split(&evidence, &shot);
    uint64_t sum = 0;
    for (int i = 0; i < NUM_SHOT_PHASES; i++) {
        sum += shot.parts[i];
    }
    ck_assert_uint_eq(sum, taken - due);
    return shot;
}

static const struct blame_section no = {0, 0};

static void check_parts(
    const struct toll_shot *shot, const uint64_t wanted[NUM_SHOT_PHASES]) {
    for (int i = 0; i < NUM_SHOT_PHASES; i++) {
        ck_assert_msg(
            shot->parts[i] == wanted[i], "phase %d has %lu, not %lu", i,
            shot->parts[i], wanted[i]);
        ck_assert(shot->parts[i] == 0 || shot->wholes[i] >= shot->parts[i]);
    }
}

START_TEST(nobody_is_to_blame) {
    struct toll_shot shot = split(2000, 2030, NULL, no, no);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 0, 0, 30});
    shot = split(2000, 2000, NULL, no, no);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 0, 0, 0});
}
END_TEST

START_TEST(a_call_is_split_by_its_phases) {
    struct toll_shot shot = split(990, 1540, &shared, no, no);
    check_parts(&shot, (uint64_t[]){90, 400, 30, 0, 0, 30});
    ck_assert_uint_eq(shot.wholes[SHOT_WAIT], 90);
    ck_assert_uint_eq(shot.wholes[SHOT_HOLD], 400);
    ck_assert_uint_eq(shot.wholes[SHOT_GATE], 30);
}
END_TEST

START_TEST(what_was_over_is_not_to_blame) {
    struct toll_shot shot = split(1200, 1540, &shared, no, no);
    check_parts(&shot, (uint64_t[]){0, 300, 20, 0, 0, 20});
    ck_assert_uint_eq(shot.wholes[SHOT_WAIT], 0);
    ck_assert_uint_eq(shot.wholes[SHOT_HOLD], 400); // all of it
    shot = split(1050, 1540, &shared, no, no);
    check_parts(&shot, (uint64_t[]){50, 400, 20, 0, 0, 20});
    shot = split(1510, 1540, &shared, no, no);
    check_parts(&shot, (uint64_t[]){0, 0, 10, 0, 0, 20});
    shot = split(1530, 1540, &shared, no, no);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 0, 0, 10});
}
END_TEST

START_TEST(every_instant_is_charged_once) {
    for (uint64_t due = 980; due < 1560; due++) {
        struct toll_shot shot = split(due, 1560, &shared, no, no);
        uint64_t off = due < 1000 ? 520 : due < 1520 ? 1520 - due : 0;
        ck_assert_uint_eq(
            shot.parts[SHOT_WAIT] + shot.parts[SHOT_HOLD] +
                shot.parts[SHOT_GATE],
            off);
    }
}
END_TEST

// Without a resource `queued` is whatever the last call on the place left.
START_TEST(a_call_without_a_lock_does_not_wait) {
    struct receipt alone = shared;
    alone.resource = RECEIPT_NO_RESOURCE;
    struct toll_shot shot = split(990, 1540, &alone, no, no);
    check_parts(&shot, (uint64_t[]){0, 400, 120, 0, 0, 30});
    alone.queued = 3;
    shot = split(990, 1540, &alone, no, no);
    check_parts(&shot, (uint64_t[]){0, 400, 120, 0, 0, 30});
}
END_TEST

START_TEST(a_handler_and_the_kernel) {
    const struct blame_section handler = {1000, 1200};
    const struct blame_section kernel = {900, 1300};
    struct toll_shot shot = split(1100, 1310, NULL, handler, no);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 100, 0, 110});
    ck_assert_uint_eq(shot.wholes[SHOT_HANDLER], 200);
    shot = split(1100, 1310, NULL, no, kernel);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 0, 200, 10});
    ck_assert_uint_eq(shot.wholes[SHOT_KERNEL], 400);
    shot = split(800, 1310, NULL, handler, kernel);
    check_parts(&shot, (uint64_t[]){0, 0, 0, 200, 200, 110});
}
END_TEST

START_TEST(what_two_cover_is_the_calls) {
    const struct blame_section handler = {1490, 1600};
    const struct blame_section kernel = {900, 1700};
    struct toll_shot shot = split(890, 1710, &shared, handler, kernel);
    check_parts(&shot, (uint64_t[]){90, 400, 30, 80, 200, 20});
}
END_TEST

// Counters of two CPUs may differ: a grant before the request.
START_TEST(backward_readings_are_nothing) {
    struct receipt odd = shared;
    odd.granted = 1005;
    struct toll_shot shot = split(990, 1540, &odd, no, no);
    ck_assert_uint_eq(shot.parts[SHOT_WAIT], 0);
    ck_assert_uint_eq(shot.parts[SHOT_NONE], 30);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nobody_is_to_blame,
        a_call_is_split_by_its_phases,
        what_was_over_is_not_to_blame,
        every_instant_is_charged_once,
        a_call_without_a_lock_does_not_wait,
        a_handler_and_the_kernel,
        what_two_cover_is_the_calls,
        backward_readings_are_nothing,
    };
    return SUITE_RUN("blame", tests);
}
