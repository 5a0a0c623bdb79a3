// SPDX-License-Identifier: MIT
// The simple spinlock that looks before it tries: test, then test and set. Who
// waits reads its own copy of the line until it changes. Not fair either. A
// leaf header, like smp/ticket.h.
//
// Its states: 0 free, 1 held. Who waits leaves no trace in it.
#pragma once

#include <stdatomic.h>

#include "kernel/base/types.h"

// [a] atomic
struct ttas {
    _Atomic(uint32_t) held; // [a]
};

#define TTAS_INITIALIZER                                                       \
    { 0 }

// Make the lock free, whatever it was.
//
// Context: nobody holds it or waits for it.
static inline void ttas_init(struct ttas *lock) {
    atomic_store_explicit(&lock->held, 0, memory_order_relaxed);
}

// Does anyone hold the lock? Only the holder can rely on the answer after it.
//
// Ordering: none.
static inline bool ttas_locked(struct ttas *lock) {
    return atomic_load_explicit(&lock->held, memory_order_relaxed) != 0;
}

// Take the lock if it is free. Never waits.
//
// Context:  interrupts off.
// Ordering: acquire when true, pairs with the release store in ttas_unlock().
//           The look before needs none: the exchange decides.
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool ttas_trylock(struct ttas *lock) {
    if (ttas_locked(lock)) {
        return false;
    }
    return atomic_exchange_explicit(&lock->held, 1, memory_order_acquire) == 0;
}

// Wait until the lock looks free, then try.
//
// Context:  interrupts off; the calling CPU does not hold this lock. The wait
//           has no bound.
// Ordering: acquire, pairs with the release store in ttas_unlock().
static inline void ttas_lock(struct ttas *lock) {
    while (!ttas_trylock(lock)) {
        __builtin_ia32_pause();
    }
}

// Make the lock free; whoever is quickest has it next.
//
// Context:  interrupts off; the calling CPU holds the lock.
// Ordering: release, pairs with the acquire exchange in ttas_trylock().
static inline void ttas_unlock(struct ttas *lock) {
    atomic_store_explicit(&lock->held, 0, memory_order_release);
}
