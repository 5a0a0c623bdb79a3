// SPDX-License-Identifier: MIT
// How a thread is scheduled: Linux's policies and priorities (sched(7)). A leaf
// header.
#pragma once

#include "kernel/base/types.h"

// The ordinary policy has priority 0; the preemptive ones have 1..99, higher
// ones first.
#define SCHED_OTHER 0u
#define SCHED_FIFO 1u // until it blocks, yields, or a higher one is ready
#define SCHED_RR 2u   // the same, but in slices among equals
#define PRIORITY_ORDINARY 0
#define PRIORITY_MIN 1
#define PRIORITY_MAX 99

// The slice of SCHED_RR in ticks; that of ordinary threads is one.
#define SCHED_RR_TICKS 10

struct schedule {
    uint32_t policy; // SCHED_*
    int32_t priority;
    bool reset_on_fork; // new threads and processes are ordinary ones
};
