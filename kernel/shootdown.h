// SPDX-License-Identifier: MIT
// TLB shoot-down. The requester never needs a lock that a CPU with interrupts
// off may hold, and every CPU that waits in the kernel answers while it waits
// (spin_lock() polls), so a shoot-down ends after the longest interrupts-off
// section; the wait has a limit, and a panic that names the CPU.
#pragma once

#include "kernel/base/types.h"
#include "smp/cpu_set.h"

// Make every CPU of the set forget [start, end) of the current user address
// space's translations, this CPU included if it is in it. Page tables must
// have been changed before; pages are freed after.
//
// Context: thread context, no lock held.
void shootdown(const struct cpu_set *cpus, uintptr_t start, uintptr_t end);

// Answer what other CPUs asked of this one. Any context, interrupts off.
void shootdown_poll(void);
