// SPDX-License-Identifier: MIT
// What the locks of the C library are made of; and the two samples of
// docs/adding-a-kernel-call.md.
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/process_tests.h"
#include "usr/include/tollgate.h"

// futex(2)'s operations; the C library has no header for them.
#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_PRIVATE_FLAG 128

#define STACK_OF_A_THREAD 16384 // in the kernel
#define SPAN_NS 30000000l
#define NS_PER_SECOND 1000000000l
#define WAITERS 4
#define SOON_US 20000
#define PATIENCE 200

static _Atomic uint32_t word;
static _Atomic uint32_t other_word;
static _Atomic int woken;

static long futex(
    _Atomic uint32_t *address, int operation, uint32_t value, uintptr_t span,
    _Atomic uint32_t *second, uint32_t third) {
    return syscall(SYS_futex, address, operation, value, span, second, third);
}

static long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

bool futex_compares_and_times_out(void) {
    const struct timespec span = {0, SPAN_NS};
    const struct timespec wrong = {0, NS_PER_SECOND};
    word = 1;
    CHECK(futex(&word, FUTEX_WAIT, 2, 0, NULL, 0) < 0 && errno == EAGAIN);
    long start = now();
    CHECK(futex(&word, FUTEX_WAIT, 1, (uintptr_t)&span, NULL, 0) < 0);
    CHECK_EQUAL(errno, ETIMEDOUT);
    CHECK(now() - start >= SPAN_NS);
    CHECK(
        futex(&word, FUTEX_WAIT, 1, (uintptr_t)&wrong, NULL, 0) < 0 &&
        errno == EINVAL);
    CHECK(futex(NULL, FUTEX_WAIT, 0, 0, NULL, 0) < 0 && errno == EFAULT);
    CHECK(futex((void *)2, FUTEX_WAKE, 1, 0, NULL, 0) < 0 && errno == EINVAL);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    return true;
}

static void *wait_once(void *unused) {
    futex(&word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 7, 0, NULL, 0);
    atomic_fetch_add(&woken, 1);
    return unused;
}

// Move until all have come.
static bool move_all(void) {
    long moved = 0;
    for (int i = 0; moved < WAITERS; i++) {
        CHECK(i < PATIENCE);
        moved += futex(&word, FUTEX_CMP_REQUEUE, 0, WAITERS, &other_word, 7);
        usleep(SOON_US);
    }
    CHECK_EQUAL(moved, WAITERS);
    return true;
}

bool futex_moves_waiters(void) {
    pthread_t threads[WAITERS];
    word = 7;
    woken = 0;
    for (int i = 0; i < WAITERS; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, wait_once, NULL), 0);
    }
    CHECK(move_all());
    CHECK(futex(&word, FUTEX_CMP_REQUEUE, 0, 1, &other_word, 8) < 0);
    CHECK_EQUAL(errno, EAGAIN);
    CHECK_EQUAL(futex(&word, FUTEX_WAKE, WAITERS, 0, NULL, 0), 0);
    CHECK_EQUAL(woken, 0);
    CHECK_EQUAL(futex(&other_word, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EQUAL(futex(&other_word, FUTEX_WAKE, WAITERS, 0, NULL, 0), 3);
    for (int i = 0; i < WAITERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQUAL(woken, WAITERS);
    return true;
}

#define __NR_foo TOLLGATE_FOO
#define __NR_pk TOLLGATE_PK
static _syscall0(long, foo) static _syscall0(long, pk)

    bool samples_answer(void) {
    CHECK_EQUAL(foo(), STACK_OF_A_THREAD);
    CHECK_EQUAL(pk(), 0);
    return true;
}
