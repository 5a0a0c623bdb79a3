// SOURCES: kernel/path.c
// SPDX-License-Identifier: MIT
// Paths made absolute: every kind of part, and what does not fit.
#include "kernel/path.h"

#include "tests/host/suite.h"

#define SIZE 16

static char out[SIZE];

static const char *absolute(const char *directory, const char *path) {
    return path_absolute(out, sizeof(out), directory, path) ? out : "too long";
}

START_TEST(absolute_paths_stay) {
    ck_assert_str_eq(absolute("/bin", "/"), "/");
    ck_assert_str_eq(absolute("/bin", "/a"), "/a");
    ck_assert_str_eq(absolute("/bin", "/a/b.c/..d"), "/a/b.c/..d");
}
END_TEST

START_TEST(relative_paths_start_at_the_directory) {
    ck_assert_str_eq(absolute("/", "a"), "/a");
    ck_assert_str_eq(absolute("/bin", "a/b"), "/bin/a/b");
    ck_assert_str_eq(absolute("/bin", "."), "/bin");
    ck_assert_str_eq(absolute("/a/b", ".."), "/a");
}
END_TEST

START_TEST(dots_and_slashes_go) {
    ck_assert_str_eq(absolute("/", "//a///b/"), "/a/b");
    ck_assert_str_eq(absolute("/", "./a/./b/."), "/a/b");
    ck_assert_str_eq(absolute("/", "/a/../b/../../.."), "/");
    ck_assert_str_eq(absolute("/a", "../../../b"), "/b");
}
END_TEST

START_TEST(what_does_not_fit_is_refused) {
    ck_assert_str_eq(absolute("/", "/234567890123"), "/234567890123");
    ck_assert_str_eq(absolute("/", "/23456789012345"), "/23456789012345");
    ck_assert_str_eq(absolute("/", "/234567890123456"), "too long");
    ck_assert_str_eq(absolute("/2345678", "01234567"), "too long");
    // The longest part goes again, but there was no room for it.
    ck_assert_str_eq(absolute("/", "/234567890123456/.."), "too long");
    ck_assert(!path_absolute(out, 1, "/", "/"));
}
END_TEST

int main(void) {
    const TTest *tests[] = {
        absolute_paths_stay,
        relative_paths_start_at_the_directory,
        dots_and_slashes_go,
        what_does_not_fit_is_refused,
    };
    return SUITE_RUN("path", tests);
}
