// SOURCES: usr/program/options.c
// FLAGS: -D_GNU_SOURCE
// SPDX-License-Identifier: MIT
// What the programs take as numbers, seconds, CPU lists and masks, and that
// everything else is refused.
#include "usr/program/options.h"

#include "tests/host/suite.h"

static void check_u64(const char *text, uint64_t wanted) {
    uint64_t value = ~wanted;
    ck_assert_msg(parse_u64(text, &value), "%s", text);
    ck_assert_uint_eq(value, wanted);
}

START_TEST(numbers) {
    check_u64("0", 0);
    check_u64("47", 47);
    check_u64("0x2f", 47);
    check_u64("0X2F", 47);
    check_u64("057", 47);
    check_u64("18446744073709551615", UINT64_MAX);
    check_u64("0xffffffffffffffff", UINT64_MAX);
}
END_TEST

START_TEST(no_numbers) {
    static const char *const bad[] = {
        "",
        " 1",
        "1 ",
        "+1",
        "-1",
        "0x",
        "08",
        "1a",
        "x",
        "18446744073709551616",
        "0x10000000000000000"};
    uint64_t value;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(!parse_u64(bad[i], &value), "'%s'", bad[i]);
    }
}
END_TEST

START_TEST(narrow_numbers) {
    uint32_t value;
    ck_assert(parse_u32("4294967295", &value) && value == UINT32_MAX);
    ck_assert(!parse_u32("4294967296", &value));
}
END_TEST

START_TEST(signed_numbers) {
    long value;
    ck_assert(parse_long("-1", &value) && value == -1);
    ck_assert(parse_long("9223372036854775807", &value) && value == INT64_MAX);
    ck_assert(parse_long("-9223372036854775808", &value) && value == INT64_MIN);
    ck_assert(!parse_long("9223372036854775808", &value));
    ck_assert(!parse_long("-9223372036854775809", &value));
    ck_assert(!parse_long("--1", &value));
    ck_assert(!parse_long("-", &value));
}
END_TEST

START_TEST(seconds) {
    uint64_t ms;
    ck_assert(parse_seconds("3", &ms) && ms == 3000);
    ck_assert(parse_seconds("0.5", &ms) && ms == 500);
    ck_assert(parse_seconds("1.234", &ms) && ms == 1234);
    ck_assert(parse_seconds("08.25", &ms) && ms == 8250);
    ck_assert(parse_seconds("2.", &ms) && ms == 2000);
    ck_assert(!parse_seconds("1.2345", &ms));
    ck_assert(!parse_seconds("1.2x", &ms));
    ck_assert(!parse_seconds("1.a", &ms));
    ck_assert(!parse_seconds(".5", &ms));
    ck_assert(!parse_seconds("", &ms));
    ck_assert(!parse_seconds("-1", &ms));
    ck_assert(!parse_seconds("99999999999999999999", &ms));
    ck_assert(!parse_seconds("18446744073709551615", &ms));
}
END_TEST

static void check_list(
    const struct cpu_list *list, const uint32_t *wanted, size_t count) {
    ck_assert_uint_eq(list->count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(list->cpus[i], wanted[i]);
    }
}
#define CHECK_LIST(list, ...)                                                  \
    do {                                                                       \
        const uint32_t wanted[] = {__VA_ARGS__};                               \
        check_list(list, wanted, ARRAY_SIZE(wanted));                          \
    } while (0)

START_TEST(cpu_lists) {
    struct cpu_list list;
    ck_assert(parse_cpu_list("0", &list));
    CHECK_LIST(&list, 0);
    ck_assert(parse_cpu_list("5,1-3,2,0", &list));
    CHECK_LIST(&list, 0, 1, 2, 3, 5);
    ck_assert(parse_cpu_list("255", &list));
    CHECK_LIST(&list, 255);
    ck_assert(parse_cpu_list("0-255", &list));
    ck_assert_uint_eq(list.count, CPU_LIST_MAX);
}
END_TEST

START_TEST(no_cpu_lists) {
    static const char *const bad[] = {"",    ",",     "1,",   "1-", "-1", "3-1",
                                      "256", "0-256", "1,,2", "a",  "1 "};
    struct cpu_list list;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_msg(!parse_cpu_list(bad[i], &list), "'%s'", bad[i]);
    }
}
END_TEST

START_TEST(cpu_masks) {
    struct cpu_list list;
    ck_assert(parse_cpu_mask("f", &list));
    CHECK_LIST(&list, 0, 1, 2, 3);
    ck_assert(parse_cpu_mask("0x100000000000000a1", &list));
    CHECK_LIST(&list, 0, 5, 7, 64);
    ck_assert(!parse_cpu_mask("", &list));
    ck_assert(!parse_cpu_mask("0", &list));
    ck_assert(!parse_cpu_mask("0x", &list));
    ck_assert(!parse_cpu_mask("g", &list));
    ck_assert(!parse_cpu_mask(
        "10000000000000000000000000000000000000000000000000000000000000000",
        &list));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {numbers,        no_numbers, narrow_numbers,
                                  signed_numbers, seconds,    cpu_lists,
                                  no_cpu_lists,   cpu_masks};
    return SUITE_RUN("arguments", tests);
}
