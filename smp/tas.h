// SPDX-License-Identifier: MIT
// The simple spinlock: test and set. Not fair: nothing keeps one CPU from
// losing every race. A leaf header, like smp/ticket.h.
//
// Its states: 0 free, 1 held. Who waits leaves no trace in it.
#pragma once

#include <stdatomic.h>

#include "kernel/base/types.h"

// [a] atomic
struct tas {
    _Atomic(uint32_t) held; // [a]
};

#define TAS_INITIALIZER                                                        \
    { 0 }

// Make the lock free, whatever it was.
//
// Context: nobody holds it or waits for it.
static inline void tas_init(struct tas *lock) {
    atomic_store_explicit(&lock->held, 0, memory_order_relaxed);
}

// Take the lock if it is free. Never waits.
//
// Context:  interrupts off.
// Ordering: acquire, pairs with the release store in tas_unlock().
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool tas_trylock(struct tas *lock) {
    return atomic_exchange_explicit(&lock->held, 1, memory_order_acquire) == 0;
}

// Try until it works. Every attempt writes the lock's cache line.
//
// Context:  interrupts off; the calling CPU does not hold this lock. The wait
//           has no bound.
// Ordering: acquire, pairs with the release store in tas_unlock().
static inline void tas_lock(struct tas *lock) {
    while (!tas_trylock(lock)) {
        __builtin_ia32_pause();
    }
}

// Make the lock free; whoever is quickest has it next.
//
// Context:  interrupts off; the calling CPU holds the lock.
// Ordering: release, pairs with the acquire exchange in tas_trylock().
static inline void tas_unlock(struct tas *lock) {
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}

// Does anyone hold the lock? Only the holder can rely on the answer after it.
//
// Ordering: none.
static inline bool tas_locked(struct tas *lock) {
    return atomic_load_explicit(&lock->held, memory_order_relaxed) != 0;
}
