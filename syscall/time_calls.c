// SPDX-License-Identifier: MIT
// Kernel calls about time. Clocks are read from the time-stamp counter; sleeps
// end by a timer that is loaded for their deadlines.
#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/scheduler.h"
#include "kernel/wait_queue.h"
#include "syscall/calls.h"
#include "syscall/time.h"
#include "syscall/user_memory.h"

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define TIMER_ABSTIME 1
#define NS_PER_US 1000

// --- times ------------------------------------------------------------------

long time_from_user(uint64_t from, uint64_t *ns) {
    struct timespec t;
    if (!copy_from_user(&t, from, sizeof(t))) {
        return -EFAULT;
    }
    if (t.seconds < 0 || t.nanoseconds < 0 ||
        t.nanoseconds >= (int64_t)NS_PER_SECOND) {
        return -EINVAL;
    }
    if (__builtin_mul_overflow((uint64_t)t.seconds, NS_PER_SECOND, ns) ||
        __builtin_add_overflow(*ns, (uint64_t)t.nanoseconds, ns)) {
        *ns = WAIT_FOREVER;
    }
    return 0;
}

long time_to_user(uint64_t to, uint64_t ns) {
    struct timespec t = {
        (int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
    return copy_to_user(to, &t, sizeof(t)) ? 0 : -EFAULT;
}

uint64_t time_after(uint64_t now, uint64_t ns) {
    uint64_t sum;
    return __builtin_add_overflow(now, ns, &sum) ? WAIT_FOREVER : sum;
}

uint64_t time_from_real(uint64_t ns) {
    uint64_t boot = clock_boot_ns();
    return ns == WAIT_FOREVER ? ns : ns > boot ? ns - boot : 0;
}

// --- clocks -----------------------------------------------------------------

static bool is_real(uint64_t clock) {
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

static bool is_clock(uint64_t clock) {
    return is_real(clock) || clock == CLOCK_MONOTONIC ||
           clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_MONOTONIC_COARSE ||
           clock == CLOCK_BOOTTIME;
}

static uint64_t real_now(void) {
    return clock_boot_ns() + clock_now_ns();
}

long call_clock_gettime(uint64_t clock, uint64_t to) {
    if (!is_clock(clock)) {
        return -EINVAL;
    }
    return time_to_user(to, is_real(clock) ? real_now() : clock_now_ns());
}

long call_clock_getres(uint64_t clock, uint64_t to) {
    if (!is_clock(clock)) {
        return -EINVAL;
    }
    return to != 0 ? time_to_user(to, 1) : 0;
}

long call_gettimeofday(uint64_t to, uint64_t zone) {
    (void)zone;
    uint64_t now = real_now();
    const uint64_t timeval[2] = {
        now / NS_PER_SECOND, now % NS_PER_SECOND / NS_PER_US};
    return to == 0 || copy_to_user(to, timeval, sizeof(timeval)) ? 0 : -EFAULT;
}

long call_time(uint64_t to) {
    uint64_t now = real_now() / NS_PER_SECOND;
    return to == 0 || copy_to_user(to, &now, sizeof(now)) ? (long)now : -EFAULT;
}

// --- sleep ------------------------------------------------------------------

long call_nanosleep(uint64_t request, uint64_t remain) {
    return call_clock_nanosleep(CLOCK_MONOTONIC, 0, request, remain);
}

long call_clock_nanosleep(
    uint64_t clock, uint64_t flags, uint64_t request, uint64_t remain) {
    uint64_t ns;
    if (!is_clock(clock)) {
        return -EINVAL;
    }
    long result = time_from_user(request, &ns);
    if (result != 0) {
        return result;
    }
    if ((flags & TIMER_ABSTIME) == 0) {
        ns = time_after(clock_now_ns(), ns);
    } else if (is_real(clock)) {
        ns = time_from_real(ns);
    }
    if (scheduler_sleep_until(ns)) {
        return 0;
    }
    uint64_t now = clock_now_ns();
    bool put = remain == 0 || (flags & TIMER_ABSTIME) != 0 ||
               time_to_user(remain, ns > now ? ns - now : 0) == 0;
    return put ? -EINTR : -EFAULT;
}
