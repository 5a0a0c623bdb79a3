// SPDX-License-Identifier: MIT
// See futex.h. Waiters lie on their threads' stacks, in lists by hash; first
// come, first woken.
#include "kernel/futex.h"

#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/scheduler.h"
#include "kernel/space.h"
#include "kernel/thread.h"
#include "kernel/wait_queue.h"

#define BUCKETS 256
#define HASH_MULTIPLIER 0x9e3779b97f4a7c15ul // 2^64 / golden ratio
#define HASH_SHIFT 56                        // leaves log2(BUCKETS) bits

_Static_assert(BUCKETS == 1ul << (64 - HASH_SHIFT), "the hash is an index");

// [futex_lock] all of it
struct futex_waiter {
    struct thread *thread;
    struct space *space;
    uintptr_t address;
    uint32_t bits;
    bool woken; // and no longer in its list
    struct futex_waiter *next;
};

static struct spinlock futex_lock = SPINLOCK_INITIALIZER("futex");
static struct futex_waiter *buckets[BUCKETS]; // [futex_lock]

static struct futex_waiter **bucket_of(
    const struct space *space, uintptr_t address) {
    uint64_t key = (uintptr_t)space ^ address;
    return &buckets[key * HASH_MULTIPLIER >> HASH_SHIFT];
}

static void waiter_append(struct futex_waiter *waiter) {
    struct futex_waiter **link = bucket_of(waiter->space, waiter->address);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    waiter->next = NULL;
    *link = waiter;
}

static void waiter_remove(struct futex_waiter *waiter) {
    struct futex_waiter **link = bucket_of(waiter->space, waiter->address);
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

// The first waiter for the word at or after *link, which moves to its link.
static struct futex_waiter *waiter_find(
    struct futex_waiter ***link, const struct space *space, uintptr_t address,
    uint32_t bits) {
    struct futex_waiter **at = *link;
    while (*at != NULL && ((*at)->space != space || (*at)->address != address ||
                           ((*at)->bits & bits) == 0)) {
        at = &(*at)->next;
    }
    *link = at;
    return *at;
}

// What ended a wait whose waiter is still in its list.
static long wait_result(uint64_t deadline) {
    if (thread_is_interrupted(thread_current())) {
        return -EINTR;
    }
    return clock_now_ns() >= deadline ? -ETIMEDOUT : 0;
}

// The lock is held. Spurious wake-ups do not get out of here.
static long wait_locked(struct futex_waiter *waiter, uint64_t deadline) {
    waiter_append(waiter);
    for (;;) {
        thread_block(&futex_lock, deadline, THREAD_ANY);
        spin_lock_irq_off(&futex_lock);
        if (waiter->woken) {
            return 0;
        }
        long result = wait_result(deadline);
        if (result != 0) {
            waiter_remove(waiter);
            return result;
        }
    }
}

static long word_check(
    struct space *space, uintptr_t address, uint32_t expected) {
    uint32_t value;
    if (!space_read_word(space, address, &value)) {
        return -EFAULT;
    }
    return value == expected ? 0 : -EAGAIN;
}

long futex_wait(
    struct space *space, uintptr_t address, uint32_t expected, uint32_t bits,
    uint64_t deadline) {
    struct futex_waiter waiter = {
        .thread = thread_current(),
        .space = space,
        .address = address,
        .bits = bits,
    };
    bool irq = spin_lock(&futex_lock);
    long result = word_check(space, address, expected);
    if (result == 0) {
        result = wait_locked(&waiter, deadline);
    }
    spin_unlock(&futex_lock, irq);
    return result;
}

static uint32_t wake_locked(
    struct space *space, uintptr_t address, uint32_t count, uint32_t bits) {
    struct futex_waiter **link = bucket_of(space, address);
    struct futex_waiter *waiter;
    uint32_t woken = 0;
    while (woken < count &&
           (waiter = waiter_find(&link, space, address, bits)) != NULL) {
        *link = waiter->next;
        waiter->woken = true;
        thread_wake(waiter->thread);
        woken++;
    }
    return woken;
}

long futex_wake(
    struct space *space, uintptr_t address, uint32_t count, uint32_t bits) {
    bool irq = spin_lock(&futex_lock);
    uint32_t woken = wake_locked(space, address, count, bits);
    spin_unlock(&futex_lock, irq);
    return woken;
}

static uint32_t move_locked(
    struct space *space, uintptr_t from, uintptr_t to, uint32_t count) {
    struct futex_waiter **link = bucket_of(space, from);
    struct futex_waiter *waiter;
    uint32_t moved = 0;
    while (from != to && moved < count &&
           (waiter = waiter_find(&link, space, from, FUTEX_ALL_BITS)) != NULL) {
        *link = waiter->next;
        waiter->address = to;
        waiter_append(waiter);
        moved++;
    }
    return moved;
}

long futex_requeue(
    struct space *space, uintptr_t address, uint32_t wake, uint32_t move,
    uintptr_t to, const uint32_t *expected) {
    bool irq = spin_lock(&futex_lock);
    long result = expected != NULL ? word_check(space, address, *expected) : 0;
    if (result == 0) {
        uint32_t woken = wake_locked(space, address, wake, FUTEX_ALL_BITS);
        uint32_t moved = move_locked(space, address, to, move);
        result = expected != NULL ? woken + moved : woken;
    }
    spin_unlock(&futex_lock, irq);
    return result;
}
