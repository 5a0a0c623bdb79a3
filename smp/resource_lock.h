// SPDX-License-Identifier: MIT
// What the storage of a resource holds: its lock, whatever its kind, and on a
// line of its own what the measured entry counts. A leaf header.
//
// All bytes zero is a free lock of any kind and counts that begin.
#pragma once

#include "callouts/syspage.h"
#include "smp/tas.h"
#include "smp/ticket.h"
#include "smp/ttas.h"

#define LOCK_LINE 64 // bytes of a cache line

// [a] atomic  [r] the resource's lock
struct resource_lock {
    union {
        struct ticket ticket;
        struct tas tas;
        struct ttas ttas;
    };
    ALIGNED(LOCK_LINE)
    _Atomic(uint64_t) arrivals; // [a] calls that asked, measured ones; a ticket
                                //     lock counts them itself
    uint64_t entries;           // [r] calls that were let in, likewise
    uint64_t last_release;      // [r] time-stamp counter before the release
};

_Static_assert(
    sizeof(struct resource_lock) == RESOURCE_LOCK_SIZE,
    "startup reserves as much for each resource");
