// SOURCES: usr/program/blame_table.c
// SPDX-License-Identifier: MIT
// The blame table: who shares a row, what is added up, in which order.
#include "usr/program/blame_table.h"

#include "tests/host/suite.h"

static struct toll_shot shot_of(
    enum shot_phase phase, uint64_t part, uint32_t slot, uint32_t type) {
    struct toll_shot shot = {.slot = slot, .type_id = type, .vector = 7};
    shot.parts[phase] = part;
    shot.wholes[phase] = 2 * part;
    return shot;
}

static void add(
    struct blame_table *table, enum shot_phase phase, uint64_t part,
    uint32_t slot, uint32_t type) {
    struct toll_shot shot = shot_of(phase, part, slot, type);
    blame_add(table, &shot);
}

START_TEST(one_row_for_each_culprit) {
    struct blame_table table = {0};
    add(&table, SHOT_HOLD, 10, 4, 0);
    add(&table, SHOT_HOLD, 30, 4, 0);
    add(&table, SHOT_HOLD, 20, 4, 0);
    add(&table, SHOT_HOLD, 5, 4, 47); // another type
    add(&table, SHOT_HOLD, 6, 3, 0);  // another slot
    add(&table, SHOT_WAIT, 7, 4, 0);  // another phase
    ck_assert_uint_eq(table.count, 4);
    ck_assert_uint_eq(table.rows[0].n, 3);
    ck_assert_uint_eq(table.rows[0].sum, 60);
    ck_assert_uint_eq(table.rows[0].max, 30);
    ck_assert_uint_eq(table.rows[0].whole, 60);
    ck_assert_uint_eq(table.rows[1].type_id, 47);
    ck_assert_uint_eq(table.rows[2].slot, 3);
    ck_assert_uint_eq(table.rows[3].phase, SHOT_WAIT);
}
END_TEST

START_TEST(parts_of_nothing_have_no_row) {
    struct blame_table table = {0};
    add(&table, SHOT_HOLD, 0, 4, 0);
    ck_assert_uint_eq(table.count, 0);
}
END_TEST

// What a shot says of a slot counts for its call's phases only.
START_TEST(others_are_not_told_apart_by_slot) {
    struct blame_table table = {0};
    add(&table, SHOT_NONE, 10, 4, 0);
    add(&table, SHOT_NONE, 10, 3, 47);
    add(&table, SHOT_HANDLER, 10, 4, 0);
    add(&table, SHOT_HANDLER, 10, 3, 47);
    ck_assert_uint_eq(table.count, 2);
    ck_assert_uint_eq(table.rows[0].slot, 0);
    ck_assert_uint_eq(table.rows[0].vector, 0);
    ck_assert_uint_eq(table.rows[1].vector, 7);
}
END_TEST

START_TEST(kernel_sections_by_their_ends) {
    struct blame_table table = {0};
    struct toll_shot shot = shot_of(SHOT_KERNEL, 10, 0, 0);
    shot.from = 0x1000;
    shot.to = 0x2000;
    blame_add(&table, &shot);
    blame_add(&table, &shot);
    shot.to = 0x3000;
    blame_add(&table, &shot);
    ck_assert_uint_eq(table.count, 2);
    ck_assert_uint_eq(table.rows[0].n, 2);
}
END_TEST

START_TEST(tables_add_up_and_sort) {
    struct blame_table one = {0};
    struct blame_table two = {0};
    add(&one, SHOT_HOLD, 10, 4, 0);
    add(&one, SHOT_NONE, 15, 0, 0);
    add(&two, SHOT_HOLD, 40, 4, 0);
    add(&two, SHOT_WAIT, 20, 4, 0);
    blame_merge(&one, &two);
    blame_sort(&one);
    ck_assert_uint_eq(one.count, 3);
    ck_assert_uint_eq(one.rows[0].phase, SHOT_HOLD);
    ck_assert_uint_eq(one.rows[0].n, 2);
    ck_assert_uint_eq(one.rows[0].sum, 50);
    ck_assert_uint_eq(one.rows[1].phase, SHOT_WAIT);
    ck_assert_uint_eq(one.rows[2].phase, SHOT_NONE);
}
END_TEST

START_TEST(what_does_not_fit_is_counted) {
    struct blame_table table = {0};
    for (uint32_t type = 0; type < MAX_BLAME_ROWS + 3; type++) {
        add(&table, SHOT_HOLD, 1, 4, type);
    }
    add(&table, SHOT_HOLD, 9, 4, 0); // still has its row
    ck_assert_uint_eq(table.count, MAX_BLAME_ROWS);
    ck_assert_uint_eq(table.dropped, 3);
    ck_assert_uint_eq(table.rows[0].max, 9);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        one_row_for_each_culprit,
        parts_of_nothing_have_no_row,
        others_are_not_told_apart_by_slot,
        kernel_sections_by_their_ends,
        tables_add_up_and_sort,
        what_does_not_fit_is_counted,
    };
    return SUITE_RUN("blame_table", tests);
}
