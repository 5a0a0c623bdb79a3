// SPDX-License-Identifier: MIT
// The lines of a queue lock: behind its own words it has a cache line for each
// CPU, on which that CPU waits, so that a hand-over disturbs one CPU alone. The
// lock names a line by its distance from line 0, in bytes, which assembly adds
// to an address as it is. A leaf header, like smp/ticket.h.
#pragma once

#include "kernel/base/types.h"

#define LOCK_LINE_SHIFT 6
#define LOCK_LINE (1u << LOCK_LINE_SHIFT) // bytes of a cache line

// CPUs that a lock in C has lines for. Who knows that there are fewer reserves
// less memory (smp/resource_lock.h); who explores schedules, too.
#ifndef LOCK_MAX_CPUS
#define LOCK_MAX_CPUS MAX_CPUS
#endif

// The name of a CPU's line. Never 0: that is nobody's.
static inline uint32_t lock_line(cpu_id_t cpu) {
    return (cpu + 1) * LOCK_LINE;
}
