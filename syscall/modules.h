// SPDX-License-Identifier: MIT
// Callout modules at run time: a slot's callout is replaced, or taken away,
// while programs call it. docs/modules.md, "At run time".
//
// How nobody is ever inside code that is gone: all that can fail is done first,
// beside the slot as it is. Then stop_machine() has every CPU stand still
// outside of every callout, since those run with interrupts off, and the slot
// is switched: from then on no CPU can get to the old code. Only then is that
// unmapped, on all CPUs, and freed.
#pragma once

#include "kernel/base/types.h"
#include "syscall/abi.h"

struct syspage_entry;

// Boot CPU, once the slots are bound.
void modules_init(struct syspage_entry *syspage);

// Check a module file and bind it in the slot that its header names, in place
// of what is bound there. Whatever the result, `reason` is a line without its
// end, "" on success.
//
// Context: thread context, interrupts on, no lock held. Waits for others that
//          bind.
// Returns: 0, -EINVAL no module or one that may not be bound, -ENOSPC no room
//          for its resource or its per-CPU storage, -ENOMEM.
MUST_CHECK int module_bind(
    const void *file, size_t size, char reason[TOLLGATE_REASON_SIZE]);

// Empty a slot. Same context.
//
// Returns: 0, -EINVAL no such slot, -ENOENT it is empty.
MUST_CHECK int module_unbind(uint32_t slot);
