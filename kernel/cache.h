// SPDX-License-Identifier: MIT
// The processor's caches, through the control callouts of the system page.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

void cache_init(struct syspage_entry *page);

// Have what all caches hold of `size` bytes of RAM from `start` on written back
// and dropped, as far as `flags` (MS_*, of callouts/call.h) ask for it.
// Memory that becomes code, and memory of devices that snoop, needs none of
// this on x86. Returns how many lines were done, 0 without a control callout.
//
// Context: thread context, interrupts on, no lock held.
size_t cache_control(paddr_t start, size_t size, int flags);
