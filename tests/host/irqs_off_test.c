// SOURCES: smp/irqs_off.c kernel/base/histogram.c
// SPDX-License-Identifier: MIT
// The meter of interrupts-off sections, on a CPU whose block gs leads to as in
// the kernel; and the list of the worst.
#include "smp/irqs_off.h"

#include <asm/prctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/host/suite.h"

static struct percpu cpu;
static struct irqs_off_meter meter;
static struct toll_section_account counts;
static struct toll_section_account other;

static void setup(void) {
    memset(&meter, 0, sizeof(meter));
    memset(&counts, 0, sizeof(counts));
    memset(&other, 0, sizeof(other));
    meter.counts = &counts;
    cpu.self = &cpu;
    cpu.irqs_off = &meter;
    ck_assert_int_eq(syscall(SYS_arch_prctl, ARCH_SET_GS, &cpu), 0);
}

static void section(uintptr_t from) {
    irqs_off_begin_at(from, TOLL_SECTION_PLAIN, 0);
    irqs_off_end();
}

// --- measuring --------------------------------------------------------------

START_TEST(nobody_measures) {
    setup();
    cpu.irqs_off = NULL;
    section(1);
    irqs_off_go_on(TOLL_SECTION_EXIT);
    irqs_off_begin_interrupt(1, 2);
    irqs_off_end();
    ck_assert(!irqs_off_measured());
    ck_assert_ptr_null(irqs_off_last());
    ck_assert_uint_eq(counts.cycles.count, 0);
}
END_TEST

START_TEST(counted_when_the_next_begins) {
    setup();
    section(10);
    ck_assert_uint_eq(counts.cycles.count, 0);
    irqs_off_begin_at(20, TOLL_SECTION_LOCK, 0);
    ck_assert_uint_eq(counts.cycles.count, 1);
    ck_assert_uint_eq(counts.worst[0].from, 10);
    ck_assert_uint_ne(counts.worst[0].to, 0);
    irqs_off_end();
    section(30);
    ck_assert_uint_eq(counts.cycles.count, 2);
    ck_assert_uint_eq(counts.missed, 0);
}
END_TEST

START_TEST(last_is_the_one_that_ended_last) {
    setup();
    ck_assert_uint_eq(irqs_off_last()->ended, 0);
    irqs_off_begin_at(10, TOLL_SECTION_EXCEPTION, 14);
    ck_assert_uint_eq(irqs_off_last()->ended, 0);
    irqs_off_end();
    irqs_off_begin_at(20, TOLL_SECTION_PLAIN, 0);
    ck_assert_uint_eq(irqs_off_last()->from, 10);
    ck_assert_uint_ne(irqs_off_last()->to, 0);
    ck_assert_uint_eq(irqs_off_last()->kind, TOLL_SECTION_EXCEPTION);
    ck_assert_uint_eq(irqs_off_last()->number, 14);
    ck_assert_uint_ge(irqs_off_last()->ended, irqs_off_last()->began);
}
END_TEST

START_TEST(nested_counts_once) {
    setup();
    irqs_off_begin_at(10, TOLL_SECTION_LOCK, 0);
    irqs_off_go_on(TOLL_SECTION_EXIT);
    irqs_off_end();
    section(20);
    ck_assert_uint_eq(counts.cycles.count, 1);
    ck_assert_uint_eq(counts.worst[0].from, 10);
    ck_assert_uint_eq(counts.worst[0].kind, TOLL_SECTION_LOCK);
    ck_assert_uint_eq(counts.missed, 0);
}
END_TEST

START_TEST(goes_on_from_here) {
    setup();
    irqs_off_go_on(TOLL_SECTION_EXIT);
    ck_assert(meter.open);
    ck_assert_uint_eq(meter.now.kind, TOLL_SECTION_EXIT);
    irqs_off_end();
    ck_assert_uint_ge(irqs_off_last()->to, irqs_off_last()->from);
}
END_TEST

START_TEST(missed_end_is_seen) {
    setup();
    irqs_off_begin_at(10, TOLL_SECTION_PLAIN, 0);
    section(20);
    section(30);
    ck_assert_uint_eq(counts.missed, 1);
    ck_assert_uint_eq(counts.cycles.count, 1); // what was left open is not
    ck_assert_uint_eq(counts.worst[0].from, 20);
}
END_TEST

START_TEST(missed_beginning_is_seen) {
    setup();
    irqs_off_end();
    ck_assert_uint_eq(counts.missed, 1);
    section(20);
    irqs_off_end();
    ck_assert_uint_eq(counts.missed, 2);
    section(40);
    ck_assert_uint_eq(counts.cycles.count, 1);
}
END_TEST

START_TEST(interrupt_begins_where_it_struck) {
    setup();
    meter.entered = 12345;
    irqs_off_begin_interrupt(10, 7);
    ck_assert_uint_eq(meter.now.began, 12345);
    ck_assert_uint_eq(meter.now.kind, TOLL_SECTION_INTERRUPT);
    irqs_off_begin_interrupt(10, 8); // another one of the same entry
    ck_assert_uint_eq(meter.now.number, 7);
    irqs_off_end();
    ck_assert_uint_eq(counts.missed, 0);
}
END_TEST

// --- counting ---------------------------------------------------------------

static void count(
    struct toll_section_account *to, uint64_t length, uintptr_t from,
    uintptr_t end) {
    const struct toll_section one = {
        .began = 1000, .ended = 1000 + length, .from = from, .to = end};
    irqs_off_count(to, &one);
}

static uint64_t length_at(uint32_t place) {
    return counts.worst[place].ended - counts.worst[place].began;
}

START_TEST(longest_first) {
    setup();
    for (uint64_t i = 0; i < 3 * TOLL_WORST_SECTIONS; i++) {
        count(&counts, i * 7 % (3 * TOLL_WORST_SECTIONS), i, i);
    }
    ck_assert_uint_eq(counts.num_worst, TOLL_WORST_SECTIONS);
    for (uint32_t i = 0; i < TOLL_WORST_SECTIONS; i++) {
        ck_assert_uint_eq(length_at(i), 3 * TOLL_WORST_SECTIONS - 1 - i);
    }
}
END_TEST

START_TEST(each_pair_of_ends_once) {
    setup();
    count(&counts, 50, 1, 2);
    count(&counts, 40, 1, 3); // another end
    count(&counts, 30, 1, 2); // shorter than it was
    count(&counts, 60, 1, 3); // longer than it was
    ck_assert_uint_eq(counts.num_worst, 2);
    ck_assert_uint_eq(length_at(0), 60);
    ck_assert_uint_eq(counts.worst[0].to, 3);
    ck_assert_uint_eq(length_at(1), 50);
    ck_assert_uint_eq(counts.cycles.count, 4);
}
END_TEST

START_TEST(full_list_moves_a_pair_up) {
    setup();
    for (uint64_t i = 0; i < TOLL_WORST_SECTIONS; i++) {
        count(&counts, 100 - i, i, i);
    }
    count(&counts, 200, 3, 3);
    ck_assert_uint_eq(counts.num_worst, TOLL_WORST_SECTIONS);
    ck_assert_uint_eq(length_at(0), 200);
    ck_assert_uint_eq(counts.worst[0].from, 3);
    ck_assert_uint_eq(length_at(1), 100);
    ck_assert_uint_eq(length_at(4), 96);
    ck_assert_uint_eq(
        length_at(TOLL_WORST_SECTIONS - 1), 100 - (TOLL_WORST_SECTIONS - 1));
}
END_TEST

START_TEST(merging_adds_up) {
    setup();
    count(&counts, 10, 1, 2);
    count(&other, 20, 3, 4);
    count(&other, 5, 1, 2);
    counts.missed = 1;
    other.missed = 2;
    irqs_off_merge(&counts, &other);
    ck_assert_uint_eq(counts.cycles.count, 3);
    ck_assert_uint_eq(counts.cycles.sum, 35);
    ck_assert_uint_eq(counts.num_worst, 2);
    ck_assert_uint_eq(length_at(0), 20);
    ck_assert_uint_eq(length_at(1), 10);
    ck_assert_uint_eq(counts.missed, 3);
}
END_TEST

int main(void) {
    const TTest *tests[] = {
        nobody_measures,
        counted_when_the_next_begins,
        last_is_the_one_that_ended_last,
        nested_counts_once,
        goes_on_from_here,
        missed_end_is_seen,
        missed_beginning_is_seen,
        interrupt_begins_where_it_struck,
        longest_first,
        each_pair_of_ends_once,
        full_list_moves_a_pair_up,
        merging_adds_up,
    };
    return SUITE_RUN("irqs_off", tests);
}
