// SPDX-License-Identifier: MIT
// The queue lock of Mellor-Crummey and Scott: first come, first served. Who
// asks puts its line at the queue's tail, has the one before point at it, and
// waits on its own line for that one to hand over. A leaf header, like
// smp/ticket.h.
//
// The tail:
//
//   0           free
//   h           held or handed over; the CPU of line h was the last to ask
//
// A line is a tuple (next, granted):
//
//   (0, 0)      waits, or holds and found the lock free; nobody is behind yet
//   (n, 0)      the same, and the CPU of line n is behind
//   (x, 1)      holds: the one before has handed over
//
//   ask         tail p -> h, then the line of p (0, g) -> (h, g), unless p is 0
//   release     tail h -> 0, if I am the last; or the line of next (x, 0) ->
//               (x, 1). Who has replaced h in the tail and not yet said so is
//               waited for: a few instructions of a CPU with interrupts off.
//
// All zeroes is a free lock.
#pragma once

#include <stdatomic.h>

#include "smp/lock_line.h"

// [a] atomic  [r] under the lock; the verbs do not use it
struct mcs_node {
    ALIGNED(LOCK_LINE)
    _Atomic(uint32_t) next;    // [a] line of who is behind, 0 none
    _Atomic(uint32_t) granted; // [a] whether the one before has handed over
    uint32_t number;           // [r] in the order of the queue: who hands over
                               //     can tell the next one its own, plus 1
};

struct mcs {
    _Atomic(uint32_t) tail; // [a] line of the last to ask, 0: free
    struct mcs_node nodes[LOCK_MAX_CPUS];
};

#define MCS_INITIALIZER                                                        \
    { 0 }

static inline struct mcs_node *mcs_node(struct mcs *lock, uint32_t line) {
    return &lock->nodes[line / LOCK_LINE - 1];
}

// Make the lock free, whatever it was, for the CPUs 0..cpus-1.
//
// Context: nobody holds it or waits for it.
static inline void mcs_init(struct mcs *lock, uint32_t cpus) {
    atomic_store_explicit(&lock->tail, 0, memory_order_relaxed);
    for (uint32_t i = 0; i < cpus; i++) {
        struct mcs_node *node = &lock->nodes[i];
        atomic_store_explicit(&node->next, 0, memory_order_relaxed);
        atomic_store_explicit(&node->granted, 0, memory_order_relaxed);
        node->number = 0;
    }
}

// This CPU's line, as it is before it stands in the queue.
static inline struct mcs_node *mcs_node_begin(struct mcs *lock, cpu_id_t cpu) {
    struct mcs_node *node = &lock->nodes[cpu];
    atomic_store_explicit(&node->next, 0, memory_order_relaxed);
    atomic_store_explicit(&node->granted, 0, memory_order_relaxed);
    return node;
}

// Stand in the queue. Who does must wait with mcs_wait() and then unlock.
//
// Ordering: acquire when 0, pairs with the release of the tail in mcs_unlock().
//           The exchange also releases the fresh line to who comes next, whose
//           exchange acquires it; the store of `next` does so to who hands
//           over, which acquires by loading it.
// Returns:  the line of the one before; 0: the lock is held.
static inline uint32_t mcs_take(struct mcs *lock, cpu_id_t cpu) {
    mcs_node_begin(lock, cpu);
    uint32_t before = atomic_exchange_explicit(
        &lock->tail, lock_line(cpu), memory_order_acq_rel);
    if (before != 0) {
        atomic_store_explicit(
            &mcs_node(lock, before)->next, lock_line(cpu),
            memory_order_release);
    }
    return before;
}

// Wait for the one before, as mcs_take() has said, to hand over.
//
// Ordering: acquire, pairs with the release store in mcs_unlock().
static inline void mcs_wait(struct mcs *lock, cpu_id_t cpu, uint32_t before) {
    struct mcs_node *node = &lock->nodes[cpu];
    while (before != 0 &&
           !atomic_load_explicit(&node->granted, memory_order_acquire)) {
        __builtin_ia32_pause();
    }
}

// Stand in the queue and wait for the lock.
//
// Context:  interrupts off, on this CPU, which does not hold this lock.
// Ordering: acquire, by mcs_take() or mcs_wait().
static inline void mcs_lock(struct mcs *lock, cpu_id_t cpu) {
    mcs_wait(lock, cpu, mcs_take(lock, cpu));
}

// Take the lock if it is free. Never waits and never stands in the queue.
//
// Context:  interrupts off, on this CPU.
// Ordering: acquire when true, and the line is released, as in mcs_take(). A
//           tail of 0 that was another 0 meanwhile is as free as before.
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool mcs_trylock(struct mcs *lock, cpu_id_t cpu) {
    uint32_t free = 0;
    mcs_node_begin(lock, cpu);
    return atomic_compare_exchange_strong_explicit(
        &lock->tail, &free, lock_line(cpu), memory_order_acq_rel,
        memory_order_relaxed);
}

// Hand over to who is behind, or make the lock free.
//
// Context:  interrupts off, on the CPU that holds the lock.
// Ordering: release, pairs with the acquires in mcs_take(), mcs_wait() and
//           mcs_trylock(). The acquire of `next` makes sure that the line there
//           was fresh before `granted` is set in it.
static inline void mcs_unlock(struct mcs *lock, cpu_id_t cpu) {
    struct mcs_node *node = &lock->nodes[cpu];
    uint32_t next = atomic_load_explicit(&node->next, memory_order_acquire);
    if (next == 0) {
        uint32_t mine = lock_line(cpu);
        if (atomic_compare_exchange_strong_explicit(
                &lock->tail, &mine, 0, memory_order_release,
                memory_order_relaxed)) {
            return;
        }
        while ((next = atomic_load_explicit(
                    &node->next, memory_order_acquire)) == 0) {
            __builtin_ia32_pause();
        }
    }
    atomic_store_explicit(
        &mcs_node(lock, next)->granted, 1, memory_order_release);
}

// Does anyone hold the lock? Only the holder can rely on the answer after it.
//
// Ordering: none.
static inline bool mcs_locked(struct mcs *lock) {
    return atomic_load_explicit(&lock->tail, memory_order_relaxed) != 0;
}
