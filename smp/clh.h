// SPDX-License-Identifier: MIT
// The queue lock of Craig, Landin and Hagersten: first come, first served. Who
// asks puts its line at the queue's tail and waits on the line that it finds
// there: no one needs to know who is behind. A leaf header, like smp/ticket.h.
//
// Every use of a line has a number, one more than that of the use before:
//
//   line        done = u: its use u is over, use u+1 is next or goes on
//   tail        (u, h): the last to ask did so by use u of line h
//
//   (u, h) and done of h is u        free
//   (u, h) and done of h is not u    held
//
//   ask         tail (v, p) -> (u, h), where h is mine and its done is u-1;
//   wait
//               until done of p is v
//   release     done of h: u-1 -> u
//
// In the books a line has a flag, and who releases leaves its line to the next
// one and goes on with the one that it has waited on. Numbers make that
// needless: who waits for use v of my line does see it over, since use v+1 is
// over only after I have had the lock again, and I stand behind. They also
// close a trap of trylock: it could see that the tail's line is free, be
// overtaken by somebody who takes the lock and by somebody else whose line is
// at the tail again, find the tail as it was and exchange it, and stand behind
// a holder without a way back. A use of a line never comes again, short of 2^32
// others of that line meanwhile, and one that is over stays so: an unchanged
// tail whose use was over is a free lock.
//
// All zeroes is a free lock.
#pragma once

#include <stdatomic.h>

#include "smp/lock_line.h"

#define CLH_USE_SHIFT 32 // in the tail; the line is below

// [a] atomic  [r] under the lock; the verbs do not use it
struct clh_node {
    ALIGNED(LOCK_LINE)
    _Atomic(uint32_t) done; // [a] the use that was over last
    uint32_t number;        // [r] in the order of the queue: how many have come
                            //     up to and with this use
};

struct clh {
    _Atomic(uint64_t) tail;                   // [a] (use, line)
    struct clh_node nodes[1 + LOCK_MAX_CPUS]; // 0 is that of the first tail
};

#define CLH_INITIALIZER                                                        \
    { 0 }

static inline struct clh_node *clh_node(struct clh *lock, uint32_t line) {
    return &lock->nodes[line / LOCK_LINE];
}

// Make the lock free, whatever it was, for the CPUs 0..cpus-1.
//
// Context: nobody holds it or waits for it.
static inline void clh_init(struct clh *lock, uint32_t cpus) {
    atomic_store_explicit(&lock->tail, 0, memory_order_relaxed);
    for (uint32_t i = 0; i <= cpus; i++) {
        struct clh_node *node = &lock->nodes[i];
        atomic_store_explicit(&node->done, 0, memory_order_relaxed);
        node->number = 0;
    }
}

// What the tail is to be when this CPU asks: the next use of its line.
//
// Ordering: none: only this CPU writes its line.
static inline uint64_t clh_ask(struct clh *lock, cpu_id_t cpu) {
    uint32_t line = lock_line(cpu);
    uint32_t use = 1 + atomic_load_explicit(
                           &clh_node(lock, line)->done, memory_order_relaxed);
    return (uint64_t)use << CLH_USE_SHIFT | line;
}

// Is the use that a tail names over?
//
// Ordering: acquire when true, pairs with the release store in clh_unlock().
static inline bool clh_is_over(struct clh *lock, uint64_t tail) {
    return atomic_load_explicit(
               &clh_node(lock, (uint32_t)tail)->done, memory_order_acquire) ==
           (uint32_t)(tail >> CLH_USE_SHIFT);
}

// Stand in the queue. Who does must wait with clh_wait() and then unlock.
//
// Ordering: none: what is handed on is only a name, and an old `done` of that
//           line differs from it; clh_is_over() acquires.
// Returns:  the tail as the one before has left it.
static inline uint64_t clh_take(struct clh *lock, cpu_id_t cpu) {
    return atomic_exchange_explicit(
        &lock->tail, clh_ask(lock, cpu), memory_order_relaxed);
}

// Wait until the use that clh_take() has returned is over.
//
// Ordering: acquire, by clh_is_over().
static inline void clh_wait(struct clh *lock, uint64_t before) {
    while (!clh_is_over(lock, before)) {
        __builtin_ia32_pause();
    }
}

// Stand in the queue and wait for the lock.
//
// Context:  interrupts off, on this CPU, which does not hold this lock.
// Ordering: acquire, by clh_wait().
static inline void clh_lock(struct clh *lock, cpu_id_t cpu) {
    clh_wait(lock, clh_take(lock, cpu));
}

// Take the lock if it is free. Never waits and never stands in the queue.
//
// Context:  interrupts off, on this CPU.
// Ordering: acquire when true, by clh_is_over(); that nobody has come since is
//           what the exchange says.
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool clh_trylock(struct clh *lock, cpu_id_t cpu) {
    uint64_t before = atomic_load_explicit(&lock->tail, memory_order_relaxed);
    return clh_is_over(lock, before) &&
           atomic_compare_exchange_strong_explicit(
               &lock->tail, &before, clh_ask(lock, cpu), memory_order_relaxed,
               memory_order_relaxed);
}

// Hand over to who waits on my line, whoever that is.
//
// Context:  interrupts off, on the CPU that holds the lock.
// Ordering: release, pairs with the acquire load in clh_is_over(). The load
//           needs none: only this CPU writes its line.
static inline void clh_unlock(struct clh *lock, cpu_id_t cpu) {
    struct clh_node *node = clh_node(lock, lock_line(cpu));
    uint32_t done = atomic_load_explicit(&node->done, memory_order_relaxed);
    atomic_store_explicit(&node->done, done + 1, memory_order_release);
}

// Does anyone hold the lock? False says that it was free at one moment of the
// call; only the holder can rely on the answer after it.
//
// Ordering: acquire, so that the tail is read again after the line: a use that
//           is over while it still is the tail's is a free lock.
static inline bool clh_locked(struct clh *lock) {
    uint64_t tail = atomic_load_explicit(&lock->tail, memory_order_acquire);
    return !clh_is_over(lock, tail) ||
           atomic_load_explicit(&lock->tail, memory_order_relaxed) != tail;
}
