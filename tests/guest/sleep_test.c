// SPDX-License-Identifier: MIT
// sleep_test [NS] - sleeps and waits with deadlines: none ends too early, all
// in order. With NS, on a machine whose time is deterministic, none ends more
// than NS nanoseconds too late. Prints KTAP.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/ktap.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define NS_PER_SECOND 1000000000l
#define NS_PER_US 1000l
#define NS_PER_MS 1000000l
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define PRIORITY 50
#define ROUNDS 10
#define LOADED_ROUNDS 2
#define SLEEPERS 6
#define APART_US 300
#define LEAD_MS 20
#define LEAD_MAX_MS 6000
#define OTHER_TYPE 47

static long late_max_ns; // 0: any is well
static struct cpu_list cpus;

static long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static struct timespec time_of(long ns) {
    return (struct timespec){ns / NS_PER_SECOND, ns % NS_PER_SECOND};
}

static int sleep_until(long at) {
    const struct timespec time = time_of(at);
    return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static bool become(int policy, int priority) {
    const struct sched_param param = {.sched_priority = priority};
    return pthread_setschedparam(pthread_self(), policy, &param) == 0;
}

// What ended `late` nanoseconds after its deadline.
static bool in_time(long late) {
    CHECK(late >= 0);
    if (late_max_ns != 0 && late > late_max_ns) {
        ktap_note("%ld ns late", late);
        return false;
    }
    return true;
}

static const long spans[] = {
    1,
    1000,
    20 * NS_PER_US,
    333333,
    NS_PER_MS,
    3300 * NS_PER_US,
    9999 * NS_PER_US,
    10 * NS_PER_MS,
    12345678};

static bool sleep_all(void) {
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        long at = now_ns() + spans[i];
        CHECK_EQUAL(sleep_until(at), 0);
        CHECK(in_time(now_ns() - at));
        const struct timespec span = time_of(spans[i]);
        at = now_ns() + spans[i];
        CHECK_EQUAL(nanosleep(&span, NULL), 0);
        CHECK(in_time(now_ns() - at));
    }
    return true;
}

static bool sleeps_end_in_time(void) {
    CHECK(cpus_online(&cpus));
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK(sleep_all());
    }
    CHECK(cpus_allow(&cpus));
    return true;
}

static _Atomic bool stop;

static void *spin(void *unused) {
    while (!stop) {
    }
    return unused;
}

// The thread's CPU is busy with an ordinary one.
static bool load_gives_way(void) {
    pthread_t load;
    uint32_t cpu = cpus.cpus[cpus.count - 1];
    CHECK(cpus_pin(cpu));
    stop = false;
    CHECK_EQUAL(pthread_create(&load, NULL, spin, NULL), 0);
    CHECK(become(SCHED_FIFO, PRIORITY));
    for (int i = 0; i < LOADED_ROUNDS; i++) {
        CHECK(sleep_all());
    }
    stop = true;
    CHECK(become(SCHED_OTHER, 0));
    CHECK_EQUAL(pthread_join(load, NULL), 0);
    CHECK(cpus_allow(&cpus));
    return true;
}

static bool past_deadlines_are_over(void) {
    CHECK_EQUAL(sleep_until(1), 0);
    long before = now_ns();
    CHECK_EQUAL(sleep_until(before - before / 2), 0);
    CHECK_EQUAL(sleep_until(before), 0);
    const struct timespec none = {0, 0};
    CHECK_EQUAL(nanosleep(&none, NULL), 0);
    CHECK(in_time(now_ns() - before));
    const struct timespec wrong = {0, NS_PER_SECOND};
    CHECK(nanosleep(&wrong, NULL) < 0 && errno == EINVAL);
    return true;
}

static long deadlines[SLEEPERS];
static _Atomic int ends;
static _Atomic int order[SLEEPERS];
static _Atomic bool too_early;

static void *sleeper(void *argument) {
    long index = (long)argument;
    sleep_until(deadlines[index]);
    if (now_ns() < deadlines[index]) {
        too_early = true;
    }
    order[atomic_fetch_add(&ends, 1)] = (int)index;
    return NULL;
}

// Have them all sleep, on one CPU, by one timer, whatever order they fall
// asleep in; the first deadline is `lead` from now.
static bool sleep_in_order(long lead) {
    static const int turns[SLEEPERS] = {3, 0, 5, 1, 4, 2};
    pthread_t threads[SLEEPERS];
    ends = 0;
    long base = now_ns() + lead;
    for (long i = 0; i < SLEEPERS; i++) {
        deadlines[i] = base + i * APART_US * NS_PER_US;
    }
    for (int i = 0; i < SLEEPERS; i++) {
        long index = turns[i];
        CHECK_EQUAL(
            pthread_create(&threads[i], NULL, sleeper, (void *)index), 0);
    }
    for (int i = 0; i < SLEEPERS; i++) {
        CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    }
    CHECK(!too_early);
    return true;
}

static bool were_in_order(void) {
    for (int i = 0; i < SLEEPERS; i++) {
        if (order[i] != i) {
            ktap_note("sleeper %d woke at place %d", order[i], i);
            return false;
        }
    }
    return true;
}

// A host that stops the machine while they fall asleep has them find their
// deadlines over: then once more, with more time.
static bool sleepers_wake_in_order(void) {
    CHECK(cpus_pin(cpus.cpus[cpus.count - 1]));
    CHECK(become(SCHED_FIFO, PRIORITY));
    bool ordered = false;
    for (long lead = LEAD_MS; !ordered && lead <= LEAD_MAX_MS; lead *= 4) {
        CHECK(sleep_in_order(lead * NS_PER_MS));
        ordered = were_in_order();
    }
    CHECK(become(SCHED_OTHER, 0));
    CHECK(cpus_allow(&cpus));
    CHECK(ordered);
    return true;
}

static _Atomic uint32_t word;

static void *wait_and_be_woken(void *unused) {
    const struct timespec span = time_of(2 * NS_PER_MS);
    syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span, NULL, 0);
    return unused;
}

// A wait that ends before its deadline leaves the timer to the next one.
static bool cancelled_deadlines_disturb_nobody(void) {
    pthread_t waiter;
    for (int i = 0; i < ROUNDS; i++) {
        word = 0;
        CHECK_EQUAL(pthread_create(&waiter, NULL, wait_and_be_woken, NULL), 0);
        long at = now_ns() + 500 * NS_PER_US;
        CHECK_EQUAL(sleep_until(at), 0);
        syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
        at = now_ns() + 4 * NS_PER_MS;
        CHECK_EQUAL(sleep_until(at), 0);
        CHECK(in_time(now_ns() - at));
        CHECK_EQUAL(pthread_join(waiter, NULL), 0);
    }
    return true;
}

static bool futex_timeouts_are_exact(void) {
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        const struct timespec span = time_of(spans[i]);
        word = 0;
        long at = now_ns() + spans[i];
        long result = syscall(SYS_futex, &word, FUTEX_WAIT, 0, &span, NULL, 0);
        CHECK(result == -1 && errno == ETIMEDOUT);
        CHECK(in_time(now_ns() - at));
    }
    return true;
}

// --- shots ------------------------------------------------------------------

#define SHOT_AWAY_US 300

static uint64_t cycles_of(uint64_t us) {
    return tollgate_hz() / 1000000 * us;
}

// What became of shots on this CPU adds up, and none was taken too early.
static bool shots_here_add_up(void) {
    for (int i = 0; i < ROUNDS; i++) {
        struct toll_shot shot;
        unsigned cpu;
        uint64_t due = tollgate_cycles() + cycles_of(SHOT_AWAY_US);
        syscall(SYS_getcpu, &cpu, NULL, NULL);
        CHECK_EQUAL(tollgate_shot(due, &shot), 0);
        CHECK(tollgate_cycles() >= due);
        if (shot.taken == 0) {
            continue; // the host had us wait too long
        }
        uint64_t sum = 0;
        for (int phase = 0; phase < NUM_SHOT_PHASES; phase++) {
            sum += shot.parts[phase];
        }
        CHECK_EQUAL(shot.due, due);
        CHECK(shot.taken >= due);
        CHECK_EQUAL(sum, shot.taken - due);
        CHECK_EQUAL(shot.cpu, cpu);
        CHECK(late_max_ns == 0 || shot.taken - due < (uint64_t)late_max_ns);
    }
    return true;
}

static bool shots_add_up(void) {
    for (uint32_t i = 0; i < cpus.count; i++) {
        struct toll_shot shot;
        CHECK(cpus_pin(cpus.cpus[i]));
        if (tollgate_shot(1, &shot) < 0) {
            CHECK_EQUAL(errno, ENODEV); // the machine's only timer is CPU 0's
            CHECK(cpus.cpus[i] != 0);
        } else {
            CHECK_EQUAL(shot.taken, 0); // that was over already
            CHECK(shots_here_add_up());
        }
    }
    CHECK(cpus_allow(&cpus));
    return true;
}

// Type 47 from here on: the last test.
static bool shots_are_for_administrators(void) {
    struct toll_shot shot;
    CHECK(cpus_pin(cpus.cpus[0]));
    CHECK(syscall(TOLLGATE_SHOT, 1, 8, sizeof(shot)) < 0 && errno == EFAULT);
    CHECK_EQUAL(tollgate_set_type(OTHER_TYPE), 0);
    CHECK(tollgate_shot(1, &shot) < 0 && errno == EPERM);
    return true;
}

#define TEST(function)                                                         \
                                                                               \
    { #function, function }

int main(int argc, char **argv) {
    static const struct ktap_test tests[] = {
        TEST(sleeps_end_in_time),
        TEST(load_gives_way),
        TEST(past_deadlines_are_over),
        TEST(sleepers_wake_in_order),
        TEST(cancelled_deadlines_disturb_nobody),
        TEST(futex_timeouts_are_exact),
        TEST(shots_add_up),
        TEST(shots_are_for_administrators),
    };
    late_max_ns = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
