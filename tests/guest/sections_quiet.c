// SPDX-License-Identifier: MIT
// Sections that there must not be: an idle CPU's wait, a thread that sleeps,
// ends that nobody reported.
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/sections_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"

// No section of an idle kernel, or of one that switches threads, is longer, in
// instructions; with more CPUs, those of the others are part of it. The longest
// is a page fault of the test's own, with 5,000; a tick's period is 10,000,000.
#define QUIET_MAX 10000
#define QUIET_MAX_OF_MANY 1000000
#define SLEEP_MS 2000
#define SHORT_MS 100
#define MS_PER_SECOND 1000
#define NS_PER_MS 1000000
#define NOISE_US 1000u
#define ROUNDS 20
#define LIVES 5
#define TOO_FAR 0xfffffff0u
#define SHORT_NAME 8
#define NAME_SIZE 96 // of any address

static const char time_only[] = "only --icount repeats exactly";

static void sleep_ms(long ms) {
    struct timespec time = {ms / MS_PER_SECOND, ms % MS_PER_SECOND * NS_PER_MS};
    nanosleep(&time, NULL);
}

static bool many(void) {
    struct cpu_list cpus;
    return cpus_online(&cpus) && cpus.count > 1;
}

static bool is_quiet(const struct kernel_sections *sections) {
    const struct kernel_section *longest = &sections->worst[0];
    ktap_note(
        "n %lu, longest %lu, %s", sections->cycles.count, longest->cycles,
        tollgate_section_kind(longest->kind));
    CHECK(longest->cycles <= (many() ? QUIET_MAX_OF_MANY : QUIET_MAX));
    return true;
}

static void idle(void *unused) {
    (void)unused;
    sleep_ms(SLEEP_MS);
}

bool idle_is_no_section(void) {
    struct kernel_sections sections;
    CHECK(sections_measure(idle, NULL, &sections));
    // Each CPU ticks on, and is idle after each tick.
    CHECK(!sections_exact || sections.cycles.count >= 2 * SLEEP_MS / 10);
    return sections_exact ? is_quiet(&sections) : ktap_skip(time_only);
}

// --- threads that take turns ------------------------------------------------

static void *count_for_a_while(void *unused) {
    (void)unused;
    uint64_t start = tollgate_cycles();
    while (tollgate_cycles() - start <
           tollgate_hz() / MS_PER_SECOND * SHORT_MS) {
        sched_yield();
    }
    return NULL;
}

static void *sleep_often(void *unused) {
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        sleep_ms(SHORT_MS / ROUNDS);
    }
    return NULL;
}

// Everybody is there before and after what is measured.
static _Atomic int waiting;
static _Atomic int go;

static void *wait_and_count(void *unused) {
    atomic_fetch_add(&waiting, 1);
    while (!atomic_load(&go)) {
        sched_yield();
    }
    return count_for_a_while(unused);
}

static void take_turns(void *unused) {
    atomic_store(&go, 1);
    sleep_often(unused);
}

bool switches_leave_none_open(void) {
    struct kernel_sections sections;
    struct cpu_list cpus;
    pthread_t other;
    CHECK(cpus_online(&cpus));
    CHECK(cpus_pin(cpus.cpus[0])); // the other one as well
    CHECK_EQUAL(pthread_create(&other, NULL, wait_and_count, NULL), 0);
    while (!atomic_load(&waiting)) {
        sched_yield();
    }
    bool measured = sections_measure(take_turns, NULL, &sections);
    CHECK_EQUAL(pthread_join(other, NULL), 0);
    CHECK(cpus_allow(&cpus));
    CHECK(measured);
    // With more CPUs time is the busy ones' too.
    return sections_exact && !many() ? is_quiet(&sections) : true;
}

// --- everything that a kernel does ------------------------------------------

static int fault(void *address) {
    return *(volatile char *)address;
}

static int divide(void *zero) {
    return 1 / *(volatile int *)zero;
}

static void *return_at_once(void *unused) {
    return unused;
}

static void live_and_die(void *unused) {
    (void)unused;
    for (int i = 0; i < LIVES; i++) {
        int zero = 0;
        pthread_t thread;
        if (pthread_create(&thread, NULL, return_at_once, NULL) == 0) {
            pthread_join(thread, NULL);
        }
        child_run(0, fault, NULL);
        child_run(0, fault, (void *)UINT64_MAX);
        child_run(0, divide, &zero);
        uint32_t us = 1;
        sections_noise(&us);
        syscall(SYS_getpid, 0);
        syscall(-1);
    }
}

// sections_measure() looks.
bool nothing_is_missed(void) {
    struct kernel_sections sections;
    return sections_measure(live_and_die, NULL, &sections);
}

static _Atomic int enough;

static void *call_and_sleep(void *unused) {
    while (!atomic_load(&enough)) {
        syscall(SYS_getpid);
        sched_yield();
        __builtin_ia32_pause(); // or, under --icount, other CPUs never run
    }
    return unused;
}

bool turning_on_and_off_misses_nothing(void) {
    struct kernel_sections sections;
    struct cpu_list cpus;
    pthread_t threads[2];
    CHECK(cpus_online(&cpus));
    int before = tollgate_set_toll(TOLL_OFF);
    CHECK(before >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, call_and_sleep, NULL), 0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(tollgate_set_toll(TOLL_FULL), TOLL_OFF);
        sleep_ms(1);
        CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_FULL);
        sched_yield();
    }
    atomic_store(&enough, 1);
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    CHECK_EQUAL(tollgate_kernel_sections(TOLL_ALL_CPUS, &sections), 0);
    CHECK(sections.cycles.count >= ROUNDS);
    CHECK_EQUAL(sections.missed, 0);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_OFF);
    return true;
}

bool off_counts_nothing(void) {
    struct kernel_sections sections;
    uint32_t us = NOISE_US;
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    sections_noise(&us);
    CHECK_EQUAL(tollgate_kernel_sections(TOLL_ALL_CPUS, &sections), 0);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    CHECK_EQUAL(sections.cycles.count, 0);
    CHECK_EQUAL(sections.num_worst, 0);
    return true;
}

bool reset_forgets(void) {
    struct kernel_sections sections;
    uint32_t us = NOISE_US;
    int before = tollgate_set_toll(TOLL_OFF);
    CHECK(before >= 0);
    CHECK(sections_measure(sections_noise, &us, &sections));
    CHECK_EQUAL(
        tollgate_toll_reset(), 0); // measured no more, and yet forgotten
    CHECK_EQUAL(tollgate_kernel_sections(TOLL_ALL_CPUS, &sections), 0);
    CHECK_EQUAL(sections.cycles.count, 0);
    CHECK_EQUAL(sections.cycles.max, 0);
    CHECK_EQUAL(sections.num_worst, 0);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_OFF);
    return true;
}

bool bad_questions_are_refused(void) {
    struct kernel_sections sections;
    char name[SHORT_NAME];
    CHECK_EQUAL(tollgate_kernel_sections(TOO_FAR, &sections), -1);
    CHECK_EQUAL(errno, EINVAL);
    CHECK_EQUAL(tollgate_symbol(0, name, sizeof(name)), 1);
    CHECK(strcmp(name, "?") == 0);
    CHECK_EQUAL(tollgate_symbol(0, (char *)UINT64_MAX, 2), -1);
    CHECK_EQUAL(errno, EFAULT);
    uint32_t us = NOISE_US;
    CHECK(sections_measure(sections_noise, &us, &sections));
    char whole[NAME_SIZE];
    uint64_t from = sections.worst[0].from;
    CHECK(tollgate_symbol(from, whole, sizeof(whole)) > SHORT_NAME);
    CHECK(tollgate_symbol(from, name, sizeof(name)) > SHORT_NAME);
    CHECK_EQUAL(strlen(name), SHORT_NAME - 1);
    CHECK(strncmp(name, whole, SHORT_NAME - 1) == 0);
    CHECK(tollgate_section_kind(NUM_TOLL_SECTION_KINDS) == NULL);
    return true;
}
