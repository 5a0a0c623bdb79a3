// SPDX-License-Identifier: MIT
// Anderson's array lock: first come, first served. Who asks takes the next
// number, as with the ticket lock, but each number is announced on a line of
// its own, so that the numbers' owners do not all watch one line. A leaf
// header, like smp/ticket.h.
//
// Its states are tuples (next, turn), where turn is the newest number that was
// announced, on line `turn & mask`:
//
//   (n, n)      free
//   (n+1, n)    held
//   (n+k, n)    held, and k-1 wait
//
//   take        (x, n) -> (x+1, n), and x is mine
//   release     (x, n) -> (x, n+1), by the holder of n alone
//
// A line holds the number itself and not a flag: nothing need be reset, numbers
// may wrap around, since the number of lines divides 2^32, and a lock that has
// fewer lines than waiters is slower and not wrong: two wait on one line, each
// for its own number, and the second is not announced before the first is done.
//
// All zeroes is a free lock with a single line.
#pragma once

#include <stdatomic.h>

#include "smp/lock_line.h"

// [a] atomic  [c] the line's CPU alone  [i] set by init, then read-only
struct anderson_node {
    ALIGNED(LOCK_LINE)
    _Atomic(uint32_t) turn; // [a] the newest number that was announced here
    uint32_t mine;          // [c] the number that this CPU holds the lock by
    uint32_t mask;          // [i] how many lines are used, minus 1: on each of
                            //     them, since `next` is on the busiest one
};

struct anderson {
    _Atomic(uint32_t) next; // [a] the number that the next caller takes
    struct anderson_node nodes[LOCK_MAX_CPUS];
};

#define ANDERSON_INITIALIZER                                                   \
    { 0 }

_Static_assert(
    (LOCK_MAX_CPUS & (LOCK_MAX_CPUS - 1)) == 0,
    "as many lines as there can be CPUs are a power of two");

// How many lines a lock for so many CPUs has: a power of two.
static inline uint32_t anderson_lines(uint32_t cpus) {
    uint32_t lines = 1;
    while (lines < cpus) {
        lines *= 2;
    }
    return lines;
}

// Make the lock free, whatever it was, for the CPUs 0..cpus-1.
//
// Context: nobody holds it or waits for it.
static inline void anderson_init(struct anderson *lock, uint32_t cpus) {
    uint32_t lines = anderson_lines(cpus);
    atomic_store_explicit(&lock->next, 0, memory_order_relaxed);
    for (uint32_t i = 0; i < lines; i++) {
        atomic_store_explicit(&lock->nodes[i].turn, 0, memory_order_relaxed);
        lock->nodes[i].mine = 0;
        lock->nodes[i].mask = lines - 1;
    }
}

// Take a number. Who takes one must wait for it and then unlock.
//
// Ordering: none; anderson_is_turn() acquires.
static inline uint32_t anderson_take(struct anderson *lock) {
    return atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
}

// The line on which a number is announced; `mask` as on any line.
static inline struct anderson_node *anderson_node(
    struct anderson *lock, uint32_t number, uint32_t mask) {
    return &lock->nodes[number & mask];
}

// Was the number `mine` announced, and none since on its line?
//
// Ordering: acquire when true, pairs with the release store in
//           anderson_unlock().
static inline bool anderson_is_turn(struct anderson_node *node, uint32_t mine) {
    return atomic_load_explicit(&node->turn, memory_order_acquire) == mine;
}

// Wait until the number that anderson_take() has returned is announced.
//
// Ordering: acquire, by anderson_is_turn().
static inline void anderson_wait(
    struct anderson *lock, cpu_id_t cpu, uint32_t mine) {
    struct anderson_node *node =
        anderson_node(lock, mine, lock->nodes[cpu].mask);
    while (!anderson_is_turn(node, mine)) {
        __builtin_ia32_pause();
    }
    lock->nodes[cpu].mine = mine;
}

// Take a number and wait for it to be announced.
//
// Context:  interrupts off, on this CPU, which does not hold this lock.
// Ordering: acquire, by anderson_wait().
static inline void anderson_lock(struct anderson *lock, cpu_id_t cpu) {
    anderson_wait(lock, cpu, anderson_take(lock));
}

// Take the lock if it is free. Never waits and never stands in the queue.
//
// Context:  interrupts off, on this CPU.
// Ordering: acquire when true, by anderson_is_turn(): the next number to be
//           taken was announced already. That nobody took it since is what the
//           exchange says; a wrap-around between the two would need 2^32 grants
//           meanwhile.
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool anderson_trylock(
    struct anderson *lock, cpu_id_t cpu) {
    uint32_t mine = atomic_load_explicit(&lock->next, memory_order_relaxed);
    uint32_t next = mine;
    struct anderson_node *node =
        anderson_node(lock, mine, lock->nodes[cpu].mask);
    if (!anderson_is_turn(node, mine) ||
        !atomic_compare_exchange_strong_explicit(
            &lock->next, &next, mine + 1, memory_order_relaxed,
            memory_order_relaxed)) {
        return false;
    }
    lock->nodes[cpu].mine = mine;
    return true;
}

// Announce the next number, whether or not anyone has it.
//
// Context:  interrupts off, on the CPU that holds the lock.
// Ordering: release, pairs with the acquire load in anderson_is_turn().
static inline void anderson_unlock(struct anderson *lock, cpu_id_t cpu) {
    const struct anderson_node *own = &lock->nodes[cpu];
    uint32_t next = own->mine + 1;
    atomic_store_explicit(
        &anderson_node(lock, next, own->mask)->turn, next,
        memory_order_release);
}

// Does anyone hold the lock? False says that it was free at one moment of the
// call; only the holder can rely on the answer after it.
//
// Ordering: acquire, so that `next` is read again after the line: a number that
//           was announced and not taken is a free lock.
static inline bool anderson_locked(struct anderson *lock) {
    uint32_t next = atomic_load_explicit(&lock->next, memory_order_acquire);
    struct anderson_node *node = anderson_node(lock, next, lock->nodes[0].mask);
    return !anderson_is_turn(node, next) ||
           atomic_load_explicit(&lock->next, memory_order_relaxed) != next;
}
