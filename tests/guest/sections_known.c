// SPDX-License-Identifier: MIT
// Sections of the kernel's whose length, ends or number are known.
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/sections_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"

#define NOISE_US 1000u
#define MORE_NOISE_US 3000u
#define US_PER_SECOND 1000000u
// What a noise floor takes beyond its length: to get in and out, one more turn
// of its loop, and what the meter itself does. In instructions.
#define NOISE_SLACK 500
#define LOOP_SLACK 32
#define CALLS 1000
#define PAGE 4096ul
#define PAGES 64
// What else may happen meanwhile: some ticks, and the calls around it.
#define OTHERS 64
#define BUSY_US 50000u
#define PATIENCE 20 // times BUSY_US, until a tick must have struck
#define SLOT_SUM 0
#define FOLD_CALLS 1000
#define WORD_RSP 18

static const char time_only[] = "only --icount repeats exactly";

static uint64_t cycles_of(uint32_t us) {
    return tollgate_hz() * us / US_PER_SECOND;
}

// NULL if there is none.
static const struct kernel_section *find_kind(
    const struct kernel_sections *sections, enum toll_section_kind kind) {
    for (uint32_t i = 0; i < sections->num_worst; i++) {
        if (sections->worst[i].kind == kind) {
            return &sections->worst[i];
        }
    }
    return NULL;
}

static bool is_noise(const struct kernel_section *section) {
    return sections_address_is(section->from, "call_noise_floor+0x") &&
           sections_address_is(section->to, "call_noise_floor+0x");
}

// The noise is the longest section, or one that the host has stopped is longer.
bool known_section_shows(void) {
    struct kernel_sections sections;
    uint32_t us = NOISE_US;
    CHECK(sections_measure(sections_noise, &us, &sections));
    uint32_t at = 0;
    while (at < sections.num_worst && !is_noise(&sections.worst[at])) {
        CHECK(!sections_exact);
        CHECK(sections.worst[at].cycles >= cycles_of(us));
        at++;
    }
    if (at == TOLL_WORST_SECTIONS) {
        return ktap_skip("the host stopped all that are kept");
    }
    const struct kernel_section *noise = &sections.worst[at];
    CHECK(at < sections.num_worst);
    CHECK(noise->from < noise->to);
    CHECK_EQUAL(noise->kind, TOLL_SECTION_PLAIN);
    CHECK(noise->cycles >= cycles_of(us));
    CHECK(!sections_exact || noise->cycles <= cycles_of(us) + NOISE_SLACK);
    return true;
}

bool known_lengths_differ_exactly(void) {
    struct kernel_sections sections;
    uint32_t us = NOISE_US;
    uint32_t more_us = MORE_NOISE_US;
    if (!sections_exact) {
        return ktap_skip(time_only);
    }
    CHECK(sections_measure(sections_noise, &us, &sections));
    uint64_t cycles = sections.worst[0].cycles;
    CHECK(sections_measure(sections_noise, &more_us, &sections));
    uint64_t more = sections.worst[0].cycles - cycles;
    uint64_t wanted = cycles_of(more_us) - cycles_of(us);
    ktap_note("%lu more, wanted %lu", more, wanted);
    CHECK(more + LOOP_SLACK >= wanted && more <= wanted + LOOP_SLACK);
    return true;
}

bool each_cpu_has_its_own(void) {
    struct kernel_sections sections;
    struct cpu_list cpus;
    uint32_t us = NOISE_US;
    CHECK(cpus_online(&cpus));
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK(sections_measure(sections_noise, &us, &sections));
        CHECK_EQUAL(tollgate_kernel_sections(cpus.cpus[i], &sections), 0);
        CHECK_EQUAL(sections.worst[0].cpu, cpus.cpus[i]);
        CHECK(sections.worst[0].cycles >= cycles_of(us));
    }
    for (uint32_t i = 0; i + 1 < cpus.count; i++) { // the last has made noise
        CHECK_EQUAL(tollgate_kernel_sections(cpus.cpus[i], &sections), 0);
        CHECK(!sections_exact || sections.cycles.max < cycles_of(us));
    }
    CHECK(cpus_allow(&cpus));
    return true;
}

static void call_often(void *unused) {
    (void)unused;
    for (int i = 0; i < CALLS; i++) {
        syscall(SYS_getpid);
    }
}

// From SYSCALL until interrupts are on, and on the way out.
bool calls_have_two_each(void) {
    struct kernel_sections sections;
    CHECK(sections_measure(call_often, NULL, &sections));
    CHECK(sections.cycles.count >= 2 * CALLS);
    CHECK(!sections_exact || sections.cycles.count <= 2 * CALLS + OTHERS);
    return true;
}

static void touch(void *pages) {
    for (size_t i = 0; i < PAGES; i++) {
        ((volatile char *)pages)[i * PAGE] = 1;
    }
}

// A page fault's sections: until interrupts are on; under the lock of the
// space, and in it those of pages; on the way out.
bool nested_locks_count_once(void) {
    struct kernel_sections sections;
    void *pages = mmap(
        NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
        -1, 0);
    CHECK(pages != MAP_FAILED);
    CHECK(sections_measure(touch, pages, &sections));
    CHECK(sections.cycles.count >= 3 * PAGES);
    CHECK(!sections_exact || sections.cycles.count <= 3 * PAGES + OTHERS);
    CHECK(munmap(pages, PAGES * PAGE) == 0);
    return true;
}

static void be_busy(void *us) {
    uint64_t start = tollgate_cycles();
    while (tollgate_cycles() - start < cycles_of(*(const uint32_t *)us)) {
        __builtin_ia32_pause();
    }
}

bool interrupts_are_named(void) {
    struct kernel_sections sections;
    uint32_t us = BUSY_US;
    const struct kernel_section *tick = NULL;
    for (int i = 0; tick == NULL && i < PATIENCE; i++) { // the host may take it
        CHECK(i == 0 || !sections_exact);
        CHECK(sections_measure(be_busy, &us, &sections));
        tick = find_kind(&sections, TOLL_SECTION_INTERRUPT);
    }
    CHECK(tick != NULL);
    CHECK(sections_address_is(tick->from, "callout entry+0x"));
    CHECK(sections_address_is(tick->to, "trap_exit"));
    return true;
}

static void call_custom(void *unused) {
    (void)unused;
    for (int i = 0; i < FOLD_CALLS; i++) {
        tollgate_custom(SLOT_SUM, 1, 2, 0, 0, 0, 0);
    }
}

// Custom calls have receipts; what is left of them here is when those are
// counted.
bool folding_shows(void) {
    struct kernel_sections sections;
    CHECK(sections_measure(call_custom, NULL, &sections));
    CHECK(!sections_exact || sections.cycles.count < FOLD_CALLS);
    const struct kernel_section *fold = find_kind(&sections, TOLL_SECTION_FOLD);
    CHECK(fold != NULL);
    CHECK(sections_address_is(fold->from, "fold+0x"));
    CHECK(sections_address_is(fold->to, "fold+0x"));
    return true;
}

static int leave_bad_frame(void *slot) {
    tollgate_custom(*(const uint32_t *)slot, WORD_RSP, UINT64_MAX, 0, 0, 0, 0);
    return 0;
}

static void be_refused(void *slot) {
    child_run(0, leave_bad_frame, slot);
}

bool refused_frames_miss_nothing(void) {
    struct kernel_sections sections;
    uint32_t index = 0;
    const struct custom_slot *slot;
    do {
        slot = tollgate_slot(index++);
    } while (index < CALLOUT_SLOTS &&
             (!slot || strcmp(slot->name, "test_poke") != 0));
    if (index == CALLOUT_SLOTS) {
        return ktap_skip("test_poke is bound under `selftest` only");
    }
    index--;
    CHECK(sections_measure(be_refused, &index, &sections));
    return true;
}
