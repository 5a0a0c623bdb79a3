// SOURCES: kernel/base/format.c
// SPDX-License-Identifier: MIT
// format() against what printf() is known to print, and at its limits.
#include "kernel/base/format.h"

#include <limits.h>
#include <string.h>

#include "tests/host/suite.h"

#define CHECK(wanted, ...)                                                     \
    do {                                                                       \
        char text[128];                                                        \
        size_t length = format(text, sizeof(text), __VA_ARGS__);               \
        ck_assert_str_eq(text, wanted);                                        \
        ck_assert_uint_eq(length, strlen(wanted));                             \
    } while (0)

START_TEST(plain_text) {
    CHECK("", "%s", "");
    CHECK("no conversion", "no conversion");
    CHECK("100%", "100%%");
}
END_TEST

START_TEST(decimal) {
    CHECK("0 -1 42", "%d %d %d", 0, -1, 42);
    CHECK("-2147483648", "%d", INT_MIN);
    CHECK("-9223372036854775808", "%ld", LONG_MIN);
    CHECK("4294967295", "%u", UINT_MAX);
    CHECK("18446744073709551615", "%lu", ULONG_MAX);
    CHECK("18446744073709551615", "%zu", SIZE_MAX);
}
END_TEST

START_TEST(hexadecimal) {
    CHECK("0 deadbeef", "%x %x", 0u, 0xdeadbeefu);
    CHECK("ffffffffffffffff", "%lx", ULONG_MAX);
    CHECK("0x1000", "%p", (void *)0x1000);
    CHECK("0x0", "%p", NULL);
}
END_TEST

START_TEST(width) {
    CHECK("   42|42   |00042", "%5d|%-5d|%05d", 42, 42, 42);
    CHECK("-0042|  -42", "%05d|%5d", -42, -42);
    const char *volatile both = "%-05d|"; // the compiler warns of a constant
    CHECK("42   |", both, 42);
    CHECK("000000000000002a", "%016lx", 42ul);
    CHECK("123456", "%3d", 123456);
}
END_TEST

START_TEST(strings) {
    CHECK("a string", "%s %s", "a", "string");
    CHECK("  abc|abc  |", "%5s|%-5s|", "abc", "abc");
    CHECK("ab|abc", "%.2s|%.9s", "abc", "abc");
    CHECK("abc|", "%.*s|%.0s", 3, "abcdef", "abcdef");
    CHECK("   ab", "%5.2s", "abc");
    CHECK("|abc", "%.*s|%.*s", 0, "abc", -1, "abc");
    const char *volatile nothing = NULL;
    CHECK("(null)", "%s", nothing);
    CHECK("x|    y", "%c|%5c", 'x', 'y');
}
END_TEST

START_TEST(precision_bounds_the_read) {
    char *unterminated = malloc(3);
    memcpy(unterminated, "abc", 3);
    CHECK("abc", "%.3s", unterminated);
    CHECK("ab", "%.*s", 2, unterminated);
    free(unterminated);
}
END_TEST

START_TEST(what_it_does_not_know_stays) {
    char text[32];
    const char *volatile unknown = "%q %d %";
    // The text is not a constant: the compiler would refuse it.
    size_t length = format(text, sizeof(text), unknown, 7);
    ck_assert_str_eq(text, "%q 7 %");
    ck_assert_uint_eq(length, 6);
}
END_TEST

START_TEST(cut_at_the_end) {
    char text[4] = "zzz";
    ck_assert_uint_eq(format(text, sizeof(text), "abcdef"), 6);
    ck_assert_str_eq(text, "abc");
    ck_assert_uint_eq(format(text, 1, "abcdef"), 6);
    ck_assert_str_eq(text, "");
    text[0] = 'z';
    ck_assert_uint_eq(format(text, 0, "abcdef"), 6);
    ck_assert_int_eq(text[0], 'z');
    ck_assert_uint_eq(format(text, sizeof(text), "abc"), 3);
    ck_assert_str_eq(text, "abc");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        plain_text,
        decimal,
        hexadecimal,
        width,
        strings,
        precision_bounds_the_read,
        what_it_does_not_know_stays,
        cut_at_the_end,
    };
    return SUITE_RUN("format", tests);
}
