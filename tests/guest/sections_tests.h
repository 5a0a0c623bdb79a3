// SPDX-License-Identifier: MIT
// The tests of sections_test, and what they share.
#pragma once

#include <stdint.h>

#include "tests/guest/ktap.h"
#include "usr/include/tollgate.h"

// Whether time is instructions (--icount), so that lengths are exact.
extern bool sections_exact;

// Measure while body(arg) runs, on all CPUs, and read what there was then.
// Returns false, with a note, if it can't be had or an end was missed.
bool sections_measure(
    void (*body)(void *), void *arg, struct kernel_sections *sections);

// Whether the name of an address begins with `text`, with a note if not.
bool sections_address_is(uint64_t address, const char *text);

// Have the kernel turn interrupts off for that long: of *us microseconds.
void sections_noise(void *us);

// sections_known.c: sections that are known.
bool known_section_shows(void);
bool known_lengths_differ_exactly(void);
bool each_cpu_has_its_own(void);
bool calls_have_two_each(void);
bool nested_locks_count_once(void);
bool interrupts_are_named(void);
bool folding_shows(void);
bool refused_frames_miss_nothing(void);

// sections_quiet.c: what must not show.
bool idle_is_no_section(void);
bool switches_leave_none_open(void);
bool nothing_is_missed(void);
bool turning_on_and_off_misses_nothing(void);
bool two_switch_at_once(void);
bool off_counts_nothing(void);
bool reset_forgets(void);
bool bad_questions_are_refused(void);
