// SPDX-License-Identifier: MIT
// The ticket lock with proportional back-off: who has k others ahead looks
// again after a while that grows with k, instead of reading the line at once
// that the holder is to write. First come, first served; its states are those
// of smp/ticket.h. A leaf header.
#pragma once

#include "smp/ticket.h"

struct ticket_pb {
    struct ticket ticket;
};

#define TICKET_PB_INITIALIZER                                                  \
    { TICKET_INITIALIZER }

// Make the lock free, whatever it was.
//
// Context: nobody holds it or waits for it.
static inline void ticket_pb_init(struct ticket_pb *lock) {
    ticket_init(&lock->ticket);
}

// How many are to be served before the ticket `mine`, the holder included. 0:
// it is my turn.
//
// Ordering: acquire when 0, pairs with the release store in ticket_unlock().
static inline uint32_t ticket_pb_ahead(struct ticket_pb *lock, uint32_t mine) {
    return mine -
           atomic_load_explicit(&lock->ticket.serving, memory_order_acquire);
}

// Wait until the ticket `mine` is served. The next in line looks as often as
// with the ticket lock.
//
// Ordering: acquire, by ticket_pb_ahead().
static inline void ticket_pb_wait(struct ticket_pb *lock, uint32_t mine) {
    uint32_t ahead;
    while ((ahead = ticket_pb_ahead(lock, mine)) != 0) {
        for (uint32_t i = 0; i < ahead * TICKET_PAUSES; i++) {
            __builtin_ia32_pause();
        }
    }
}

// Take a ticket and wait for it to be served.
//
// Context:  interrupts off; the calling CPU does not hold this lock.
// Ordering: acquire, by ticket_pb_wait().
static inline void ticket_pb_lock(struct ticket_pb *lock) {
    ticket_pb_wait(lock, ticket_take(&lock->ticket));
}

// Take the lock if it is free. Never waits and never stands in the queue.
//
// Context:  interrupts off.
// Ordering: acquire when true, as ticket_trylock().
// Returns:  whether the caller holds it now.
MUST_CHECK static inline bool ticket_pb_trylock(struct ticket_pb *lock) {
    return ticket_trylock(&lock->ticket);
}

// Serve the next ticket.
//
// Context:  interrupts off; the calling CPU holds the lock.
// Ordering: release, as ticket_unlock(); pairs with ticket_pb_ahead() too.
static inline void ticket_pb_unlock(struct ticket_pb *lock) {
    ticket_unlock(&lock->ticket);
}

// Does anyone hold the lock? As ticket_locked().
static inline bool ticket_pb_locked(struct ticket_pb *lock) {
    return ticket_locked(&lock->ticket);
}
