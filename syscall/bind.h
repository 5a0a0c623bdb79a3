// SPDX-License-Identifier: MIT
// Thunks: what a slot needs before and after its callout (a check of types, a
// lock, measuring), prepared when it is bound. See thunks.asm.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

// What the gate calls for each slot, while tolls are off and on. Read by
// entry.asm.
extern uintptr_t gate_slots[];
extern uintptr_t gate_slots_measured[];

// Map the memory of the thunks and bind every slot.
void bind_init(struct syspage_entry *syspage);

// Bind a slot as the system page describes it now.
//
// Context: no CPU is inside the gate (start, or the machine is stopped),
//          interrupts off.
void bind_slot(uint32_t slot);
