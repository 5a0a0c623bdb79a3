// SPDX-License-Identifier: MIT
// KTAP (Linux's Documentation/dev-tools/ktap.rst) for test programs in the
// guest: a table of functions, each of which holds or does not.
//
//     static bool sum_is_right(void) {
//         CHECK(SysCustom(3, 4) == 7);
//         return true;
//     }
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ktap_test {
    const char *name;
    bool (*run)(void);
};

// Run all tests. Returns: the program's exit status, 0 when none failed.
int ktap_run(const struct ktap_test *tests, size_t count);

// In a test: this machine has not what the test needs. Return ktap_skip(...).
bool ktap_skip(const char *reason);

// In a test: print a line that explains what follows.
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

// In a test: give up, with a line that says why, unless `condition` holds.
#define CHECK(condition)                                                       \
    do {                                                                       \
        if (!(condition)) {                                                    \
            ktap_note("%s:%d: not so: %s", __FILE__, __LINE__, #condition);    \
            return false;                                                      \
        }                                                                      \
    } while (0)

// The same for two integers that should be equal, which it prints.
#define CHECK_EQUAL(left, right)                                               \
    do {                                                                       \
        long left_ = (long)(left);                                             \
        long right_ = (long)(right);                                           \
        if (left_ != right_) {                                                 \
            ktap_note(                                                         \
                "%s:%d: %s is %ld (0x%lx), not %ld", __FILE__, __LINE__,       \
                #left, left_, (unsigned long)left_, right_);                   \
            return false;                                                      \
        }                                                                      \
    } while (0)
