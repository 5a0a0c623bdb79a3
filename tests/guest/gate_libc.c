// SPDX-License-Identifier: MIT
// What the C library builds on the kernel's ordinary calls.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/gate_tests.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define THREADS 8
#define TURNS 200
#define INCREMENTS 2000
#define BLOCKS 64
#define LARGE (8ul << 20)
#define SSE_TURNS 1000
#define SLEEP_NS 20000000l
#define NS_PER_SECOND 1000000000l
#define READINGS 1000

bool memory_can_be_had_and_returned(void) {
    unsigned char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = (size_t)1 << i % 16;
        blocks[i] = malloc(size);
        CHECK(blocks[i]);
        memset(blocks[i], (int)i, size);
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = (size_t)1 << i % 16;
        CHECK_EQUAL(blocks[i][0], i);
        CHECK_EQUAL(blocks[i][size - 1], i);
        free(blocks[i]);
    }
    unsigned char *large = calloc(1, LARGE);
    CHECK(large);
    for (size_t i = 0; i < LARGE; i += 4096) {
        CHECK_EQUAL(large[i], 0); // no other process's memory
        large[i] = 1;
    }
    free(large);
    CHECK(!malloc(SIZE_MAX / 2));
    return true;
}

bool text_is_formatted(void) {
    char text[128];
    snprintf(
        text, sizeof(text), "%d %s %08x %.3f %c %lu", -5, "abc", 0xbeef,
        3.14159, 'x', UINT64_MAX);
    CHECK(!strcmp(text, "-5 abc 0000beef 3.142 x 18446744073709551615"));
    CHECK_EQUAL(getauxval(AT_PAGESZ), 4096);
    CHECK(getauxval(AT_RANDOM));
    CHECK(getauxval(AT_EXECFN));
    CHECK(getpid() > 0);
    return true;
}

// --- threads ----------------------------------------------------------------

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long counter;
static long turn;

// Run `body` on THREADS threads, with their numbers as arguments. Returns
// whether all returned NULL.
static bool run_threads(void *(*body)(void *)) {
    pthread_t threads[THREADS];
    bool ok = true;
    for (intptr_t i = 0; i < THREADS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, body, (void *)i), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(threads[i], &result), 0);
        ok = ok && !result;
    }
    return ok;
}

static void *increment(void *unused) {
    for (int i = 0; i < INCREMENTS; i++) {
        pthread_mutex_lock(&mutex);
        volatile long *value = &counter;
        *value = *value + 1;
        pthread_mutex_unlock(&mutex);
    }
    (void)unused;
    return NULL;
}

bool threads_exclude_each_other(void) {
    counter = 0;
    CHECK(run_threads(increment));
    CHECK_EQUAL(counter, THREADS * INCREMENTS);
    return true;
}

static void *wait_for_turns(void *number) {
    for (int i = 0; i < TURNS; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % THREADS != (intptr_t)number) {
            pthread_cond_wait(&changed, &mutex);
        }
        turn++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

bool threads_take_turns(void) {
    turn = 0;
    CHECK(run_threads(wait_for_turns));
    CHECK_EQUAL(turn, THREADS * TURNS);
    return true;
}

static _Thread_local long own = 7;

static void *use_own(void *number) {
    long expected = 7;
    for (int i = 0; i < TURNS; i++) {
        if (own != expected) {
            return number ? number : (void *)THREADS;
        }
        own = expected = (intptr_t)number * TURNS + i;
        sched_yield();
    }
    return NULL;
}

bool threads_have_their_own_variables(void) {
    CHECK(run_threads(use_own));
    CHECK_EQUAL(own, 7);
    return true;
}

// --- CPUs -------------------------------------------------------------------

bool affinity_is_kept(void) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    for (uint32_t i = 0; i < cpus.count; i++) {
        cpu_set_t set;
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
        CHECK_EQUAL(CPU_COUNT(&set), 1);
        CHECK(CPU_ISSET(cpus.cpus[i], &set));
        int on = sched_getcpu();
        CHECK(on == (int)cpus.cpus[i] || (on < 0 && errno == ENOSYS));
    }
    CHECK(!cpus_pin(CPU_LIST_MAX - 1)); // no such CPU in any of our machines
    CHECK(cpus_allow(&cpus));
    return true;
}

// Give the CPU away with a value in an SSE register, and say what is in it
// after.
static uint64_t yield_with_sse(uint64_t value) {
    long number = SYS_sched_yield;
    __asm__ volatile("movq %1, %%xmm7\n\t"
                     "syscall\n\t"
                     "movq %%xmm7, %1"
                     : "+a"(number), "+r"(value)
                     :
                     : "rcx", "r11", "xmm7", "memory");
    return value;
}

// Each thread has values of its own in it.
static void *keep_sse(void *number) {
    for (int i = 0; i < SSE_TURNS; i++) {
        uint64_t value = (uint64_t)(intptr_t)number << 32 | (uint64_t)i;
        if (yield_with_sse(value) != value) {
            return (void *)1;
        }
    }
    return NULL;
}

bool floating_point_survives_switches(void) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    CHECK(
        cpus_pin(cpus.cpus[0])); // all threads inherit it: they must take turns
    CHECK(run_threads(keep_sse));
    return cpus_allow(&cpus);
}

// --- time -------------------------------------------------------------------

static long now(clockid_t clock) {
    struct timespec time = {0};
    clock_gettime(clock, &time);
    return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

bool time_goes_forward(void) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    long previous = now(CLOCK_MONOTONIC);
    for (int i = 0; i < READINGS; i++) {
        long time = now(CLOCK_MONOTONIC);
        CHECK(time >= previous);
        previous = time;
    }
    CHECK(now(CLOCK_REALTIME) > 0);
    struct timespec time;
    CHECK(clock_gettime(999, &time) < 0);
    return true;
}

bool sleep_is_long_enough(void) {
    const struct timespec request = {.tv_nsec = SLEEP_NS};
    const struct timespec bad = {.tv_nsec = NS_PER_SECOND};
    long start = now(CLOCK_MONOTONIC);
    CHECK_EQUAL(nanosleep(&request, NULL), 0);
    CHECK(now(CLOCK_MONOTONIC) - start >= SLEEP_NS);
    CHECK(nanosleep(&bad, NULL) < 0 && errno == EINVAL);
    return true;
}
