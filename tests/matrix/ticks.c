// SPDX-License-Identifier: MIT
// ticks NS - measure the tick and the timer's events in between: two threads of
// one CPU take turns, a tick each, while a third one, before which both give
// way, sleeps and sees how late it wakes; clock_gettime() reads the time-stamp
// counter, which the timer has no part in. A slow timer delays the tick only by
// what was left of it after the last sleep, but each sleep by its whole error.
// Ends with 0 if the tick is NS nanoseconds long, within 1 in 500, and the
// sleeps end late by at most 1 in 20 of their time, on average.
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TURNS 10
#define NS_PER_SEC 1000000000
#define SLEEP_NS 3300000 // no part of a tick
#define TOLERANCE 500
#define LATE_TOLERANCE 20

// The sleeps and how late they ended. All threads are on one CPU, and main
// reads this while the sleeper, which it gives way to, sleeps.
static volatile int64_t sleeps, late_ns, latest_ns;

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static void *spin(void *unused) {
    for (volatile uint64_t turns = 0;; turns++) {
    }
    return unused;
}

static void *sleep_often(void *unused) {
    const struct timespec time = {.tv_nsec = SLEEP_NS};
    for (;;) {
        int64_t due = now_ns() + SLEEP_NS;
        nanosleep(&time, NULL);
        int64_t late = now_ns() - due;
        late_ns += late;
        latest_ns = late > latest_ns ? late : latest_ns;
        sleeps++;
    }
    return unused;
}

static void start(void *(*body)(void *), int policy, int priority) {
    const struct sched_param param = {.sched_priority = priority};
    pthread_t thread;
    pthread_create(&thread, NULL, body, NULL);
    pthread_setschedparam(thread, policy, &param);
}

// Wait until the other thread has had its turn; when this one has the CPU
// again.
static int64_t turn_wait(int64_t wanted) {
    int64_t last = now_ns();
    for (;;) {
        int64_t now = now_ns();
        if (now - last > wanted / 2) {
            return now;
        }
        last = now;
    }
}

int main(int argc, char **argv) {
    int64_t wanted = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;
    cpu_set_t first;
    if (wanted <= 0) {
        fprintf(stderr, "usage: ticks NS\n");
        return 2;
    }
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    sched_setaffinity(0, sizeof(first), &first);
    start(spin, SCHED_OTHER, 0);
    start(sleep_often, SCHED_FIFO, 1);
    int64_t begin = turn_wait(wanted);
    int64_t end = begin;
    for (int i = 0; i < TURNS; i++) {
        end = turn_wait(wanted);
    }
    int64_t tick = (end - begin) / (2 * TURNS);
    int64_t late = late_ns / (sleeps > 0 ? sleeps : 1);
    printf("a tick is %" PRId64 " ns, wanted %" PRId64 "\n", tick, wanted);
    printf(
        "%" PRId64 " sleeps of %d ns end %" PRId64 " ns late, %" PRId64
        " at most\n",
        sleeps, SLEEP_NS, late, latest_ns);
    return sleeps == 0 || llabs(tick - wanted) > wanted / TOLERANCE ||
           late > SLEEP_NS / LATE_TOLERANCE;
}
