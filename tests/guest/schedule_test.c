// SPDX-License-Identifier: MIT
// schedule_test [strict] - the preemptive classes as a program sees them.
// Prints KTAP. What is asserted is the order of events; with "strict", on a
// machine whose time is deterministic, bounds in nanoseconds as well. With
// another argument it plays a role in one of the tests.
#include <string.h>

#include "tests/guest/schedule_tests.h"

bool schedule_strict;

#define TEST(function)                                                         \
    { #function, function }

int main(int argc, char **argv) {
    static const struct ktap_test tests[] = {
        TEST(numbers_and_errors),          TEST(only_administrators_rise),
        TEST(schedules_are_inherited),     TEST(c_library_reaches_them),
        TEST(woken_runs_before_its_waker), TEST(woken_from_another_cpu),
        TEST(ordinary_threads_wait),       TEST(first_come_first_served),
        TEST(preempted_keeps_its_turn),    TEST(yield_goes_behind_equals),
        TEST(round_robin_rotates),         TEST(lowered_gives_way),
        TEST(lowest_cpu_is_chosen),        TEST(displaced_find_another_cpu),
        TEST(untaken_find_another_cpu),    TEST(loops_do_not_starve_the_kernel),
    };
    schedule_strict = argc > 1 && !strcmp(argv[1], "strict");
    if (argc > 1 && !schedule_strict) {
        return role_play(argv[1]);
    }
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
