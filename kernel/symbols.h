// SPDX-License-Identifier: MIT
// Addresses by name, for people: the kernel's own functions, callouts, gate
// thunks; and backtraces.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

// Find the kernel's symbol table, which GRUB loaded beside it.
void symbols_init(struct syspage_entry *syspage);

// Write "name+0x12" (or "?" where nothing is known) for a code address.
void symbol_name(uintptr_t address, char *to, size_t size);

// Print the callers of a frame, one a line, at most a few dozen; frames that
// are not in kernel memory end it.
void backtrace_print(uintptr_t rip, uintptr_t frame_pointer);
