// SPDX-License-Identifier: MIT
// What the storage of a resource holds: on a line of its own what the measured
// entry counts, and its lock, whatever its kind, with the lines that a queue
// lock has for each CPU. A leaf header.
//
// All bytes zero is a free lock of any kind and counts that begin.
#pragma once

#include "callouts/syspage.h"
#include "smp/anderson.h"
#include "smp/clh.h"
#include "smp/mcs.h"
#include "smp/tas.h"
#include "smp/ticket.h"
#include "smp/ticket_pb.h"
#include "smp/ttas.h"

// [a] atomic  [r] the resource's lock
struct resource_lock {
    _Atomic(uint32_t) arrivals; // [a] calls that asked, measured ones; the
                                //     ticket locks and anderson count them
                                //     themselves
    uint32_t entries;           // [r] calls that are through, measured ones;
                                //     the ticket locks count them themselves
    uint64_t last_release;      // [r] time-stamp counter before the release
    ALIGNED(LOCK_LINE) union {
        struct ticket ticket;
        struct tas tas;
        struct ttas ttas;
        struct ticket_pb ticket_pb;
        struct mcs mcs;
        struct clh clh;
        struct anderson anderson;
    };
};

_Static_assert(
    sizeof(struct mcs_node) == LOCK_LINE &&
        sizeof(struct clh_node) == LOCK_LINE &&
        sizeof(struct anderson_node) == LOCK_LINE,
    "the name of a line is its distance from line 0");
_Static_assert(
    offsetof(struct mcs, nodes) == LOCK_LINE &&
        offsetof(struct clh, nodes) == LOCK_LINE &&
        offsetof(struct anderson, nodes) == LOCK_LINE,
    "the lines begin behind the line of the lock's words");

// How many bytes of it are used with so many CPUs, whatever the kind: CLH has
// one line more than CPUs, anderson a power of two. 16 resources take 4 KiB
// with 1 CPU, 7 KiB with 4 and 259 KiB with 255.
static inline uint32_t resource_lock_size(uint32_t cpus) {
    return (uint32_t)offsetof(struct resource_lock, clh.nodes) + LOCK_LINE +
           anderson_lines(cpus) * LOCK_LINE;
}

// Make it a free lock of this kind, whatever it was, and begin to count.
//
// Context: nobody holds it, waits for it or is about to.
static inline void resource_lock_init(
    struct resource_lock *lock, enum lock_kind kind, uint32_t cpus) {
    atomic_store_explicit(&lock->arrivals, 0, memory_order_relaxed);
    lock->entries = 0;
    lock->last_release = 0;
    switch (kind) {
    case LOCK_TICKET:
        ticket_init(&lock->ticket);
        break;
    case LOCK_TAS:
        tas_init(&lock->tas);
        break;
    case LOCK_TTAS:
        ttas_init(&lock->ttas);
        break;
    case LOCK_TICKET_PB:
        ticket_pb_init(&lock->ticket_pb);
        break;
    case LOCK_MCS:
        mcs_init(&lock->mcs, cpus);
        break;
    case LOCK_CLH:
        clh_init(&lock->clh, cpus);
        break;
    case LOCK_ANDERSON:
        anderson_init(&lock->anderson, cpus);
        break;
    case NUM_LOCK_KINDS:
        break;
    }
}
