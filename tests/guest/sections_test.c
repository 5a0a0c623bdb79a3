// SPDX-License-Identifier: MIT
// sections_test [exact [NAME]] - the kernel's own sections with interrupts off,
// as measured with full tolls. "exact": it runs under --icount, where cycles
// are instructions; otherwise only what doesn't depend on time is looked at.
// NAME: that test alone.
#include <stdio.h>
#include <string.h>

#include "tests/guest/sections_tests.h"

#define NAME_SIZE 96

bool sections_exact;

bool sections_measure(
    void (*body)(void *), void *arg, struct kernel_sections *sections) {
    int before = tollgate_set_toll(TOLL_FULL);
    CHECK(before >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    body(arg);
    CHECK_EQUAL(tollgate_kernel_sections(TOLL_ALL_CPUS, sections), 0);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_FULL);
    CHECK_EQUAL(sections->missed, 0);
    CHECK(sections->cycles.count != 0 && sections->num_worst != 0);
    CHECK_EQUAL(sections->worst[0].cycles, sections->cycles.max);
    return true;
}

bool sections_address_is(uint64_t address, const char *text) {
    char name[NAME_SIZE];
    CHECK(tollgate_symbol(address, name, sizeof(name)) > 0);
    if (strncmp(name, text, strlen(text)) != 0) {
        ktap_note("%s, not %s", name, text);
        return false;
    }
    return true;
}

void sections_noise(void *us) {
    tollgate_noise_floor(*(const uint32_t *)us);
}

#define TEST(name)                                                             \
    { #name, name }

int main(int argc, char **argv) {
    static const struct ktap_test tests[] = {
        TEST(known_section_shows),     TEST(known_lengths_differ_exactly),
        TEST(each_cpu_has_its_own),    TEST(calls_have_two_each),
        TEST(nested_locks_count_once), TEST(interrupts_are_named),
        TEST(folding_shows),           TEST(refused_frames_miss_nothing),
        TEST(idle_is_no_section),      TEST(switches_leave_none_open),
        TEST(nothing_is_missed),       TEST(turning_on_and_off_misses_nothing),
        TEST(two_switch_at_once),      TEST(off_counts_nothing),
        TEST(reset_forgets),           TEST(bad_questions_are_refused),
    };
    const size_t count = sizeof(tests) / sizeof(tests[0]);
    sections_exact = argc > 1 && strcmp(argv[1], "exact") == 0;
    for (size_t i = 0; argc > 2 && i < count; i++) {
        if (strcmp(tests[i].name, argv[2]) == 0) {
            return ktap_run(&tests[i], 1);
        }
    }
    return ktap_run(tests, count);
}
