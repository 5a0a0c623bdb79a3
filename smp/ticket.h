// SPDX-License-Identifier: MIT
// The ticket lock: first come, first served. Who asks takes the next number
// and waits until it is the one that is served. A leaf header: the kernel, the
// host tests, the thread sanitizer and the model checker compile this source.
//
// Its states are tuples (next, serving):
//
//   (n, n)      free
//   (n+1, n)    held
//   (n+k, n)    held, and k-1 wait; k is at most the number of CPUs
//
//   take        (x, n) -> (x+1, n), and x is mine
//   release     (x, n) -> (x, n+1), by the holder of n alone
//
// Both counters wrap around, so a free lock need not be zero; a zeroed lock is
// free.
#pragma once

#include <stdatomic.h>

#include "kernel/base/types.h"

// [a] atomic
struct ticket {
    _Atomic(uint32_t) next;    // [a] the number that the next caller takes
    _Atomic(uint32_t) serving; // [a] the holder's number; it alone writes it
};

#define TICKET_INITIALIZER                                                     \
    { 0, 0 }

// Two waiters can share a number only if so many wait that the counter wraps.
_Static_assert(MAX_CPUS <= UINT32_MAX, "a ticket for each CPU there can be");

// Make the lock free, whatever it was.
//
// Context: nobody holds it or waits for it.
static inline void ticket_init(struct ticket *lock) {
    atomic_store_explicit(&lock->next, 0, memory_order_relaxed);
    atomic_store_explicit(&lock->serving, 0, memory_order_relaxed);
}

// Take a ticket. Who takes one must wait for it and then unlock.
//
// Ordering: none; ticket_is_served() acquires.
// Returns:  the number that is mine.
static inline uint32_t ticket_take(struct ticket *lock) {
    return atomic_fetch_add_explicit(&lock->next, 1, memory_order_relaxed);
}

// Is it the turn of the ticket `mine`? For callers that have something to do
// while they wait.
//
// Ordering: acquire when true, pairs with the release store in
//           ticket_unlock().
static inline bool ticket_is_served(struct ticket *lock, uint32_t mine) {
    return atomic_load_explicit(&lock->serving, memory_order_acquire) == mine;
}

// Pauses between two looks. Each look fetches the line that the holder is about
// to write, and it has to fetch it back: of 1 to 8, 4 gave two CPUs the most
// grants a second (tools/bench-locks).
#define TICKET_PAUSES 4u

// Wait for the ticket `mine` to be served.
//
// Ordering: acquire, by ticket_is_served().
static inline void ticket_wait(struct ticket *lock, uint32_t mine) {
    while (!ticket_is_served(lock, mine)) {
        for (uint32_t i = 0; i < TICKET_PAUSES; i++) {
            __builtin_ia32_pause();
        }
    }
}

// Take a ticket and wait for it to be served.
//
// Context:  interrupts off; the calling CPU does not hold this lock.
// Ordering: acquire, by ticket_wait().
static inline void ticket_lock(struct ticket *lock) {
    ticket_wait(lock, ticket_take(lock));
}

// Take the lock if it is free. Never waits and never stands in the queue.
//
// Context:  interrupts off.
// Ordering: acquire when true: by the load of `serving`. That nobody took its
//           number since is what the exchange of `next` says; a wrap-around
//           between the two would need 2^32 grants meanwhile.
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool ticket_trylock(struct ticket *lock) {
    uint32_t mine = atomic_load_explicit(&lock->serving, memory_order_acquire);
    uint32_t next = mine;
    return atomic_compare_exchange_strong_explicit(
        &lock->next, &next, mine + 1, memory_order_relaxed,
        memory_order_relaxed);
}

// Serve the next ticket.
//
// Context:  interrupts off; the calling CPU holds the lock.
// Ordering: release, pairs with the acquire load in ticket_is_served() and in
//           ticket_trylock(). The load needs none: only the holder writes.
static inline void ticket_unlock(struct ticket *lock) {
    uint32_t mine = atomic_load_explicit(&lock->serving, memory_order_relaxed);
    atomic_store_explicit(&lock->serving, mine + 1, memory_order_release);
}

// How many hold the lock or wait for it? Of one moment of the call or more, if
// some came or went meanwhile.
//
// Ordering: the acquire keeps the loads in this order: `next` never runs back,
//           so when it equals a `serving` read before, both were equal then.
static inline uint32_t ticket_depth(struct ticket *lock) {
    uint32_t serving =
        atomic_load_explicit(&lock->serving, memory_order_acquire);
    return atomic_load_explicit(&lock->next, memory_order_relaxed) - serving;
}

// Does anyone hold the lock? False says that it was free at one moment of the
// call; only the holder can rely on the answer after it.
//
// Ordering: as ticket_depth() has it.
static inline bool ticket_locked(struct ticket *lock) {
    return ticket_depth(lock) != 0;
}
