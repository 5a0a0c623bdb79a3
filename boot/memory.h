// SPDX-License-Identifier: MIT
// Physical memory as startup sees it: what is usable, what lies where, and the
// place for the system page.
#pragma once

#include "boot/machine.h"

// Find the modules, the kernel's symbols and everything else that must not be
// overwritten. Modules of no known kind are named and left out.
void memory_init(const struct machine *machine);

// Page-aligned room, as for the system page: usable, from 1 MiB to 4 GiB, clear
// of all that memory_init() found. Fails the boot if there is none.
paddr_t memory_find(size_t size);

// Describe it all in asinfo: "ram", "lowmem", "startup", "kernel", "symbols",
// "strings", "module", "acpi". QNX's init_raminfo and init_asinfo.
void init_raminfo(const struct machine *machine);
void init_asinfo(void);
