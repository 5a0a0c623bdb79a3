// SPDX-License-Identifier: MIT
// The gate from the kernel's side: which entry SYSCALL takes, and what each
// slot is bound to.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

// Bind every slot of the system page. Boot CPU, before the others are started.
void gate_init(struct syspage_entry *syspage);

// Program SYSCALL's registers on this CPU.
void gate_init_cpu(void);

// Choose the entry on all CPUs: TOLL_OFF, or TOLL_ON or TOLL_FULL, of
// syscall/abi.h. Returns the choice before.
//
// Context: thread context, interrupts on.
int gate_set_toll(int toll);

// Give a resource another kind of lock. No CPU is inside the gate while it is
// changed. False when there is no such resource or kind.
//
// Context: thread context, interrupts on.
MUST_CHECK bool gate_set_lock(uint32_t resource, uint32_t kind);

// Fence a slot off, so that its calls are refused with -ENOTRECOVERABLE, or let
// it be called again. No CPU is inside the gate while it is changed. Returns
// the state before, or -EINVAL for a slot that is empty or does not exist.
//
// Context: thread context, interrupts on.
MUST_CHECK int gate_set_fence(uint32_t slot, bool fenced);
