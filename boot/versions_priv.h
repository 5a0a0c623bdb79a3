// SPDX-License-Identifier: MIT
// The versions of callouts that boot/versions.c lists and that have a file of
// their own. Names are QNX's where its startup library has them.
#pragma once

#include "boot/machine.h"
#include "callouts/syspage.h"

#define DEVICE_ATTR (AS_ATTR_READABLE | AS_ATTR_WRITABLE)

// boot/debug.c: the devices for console, program's output and report.
bool fits_16550(const struct machine *machine);
void add_debug_16550(const struct machine *machine);
bool fits_debugcon(const struct machine *machine);
void add_debug_debugcon(const struct machine *machine);
bool fits_vga(const struct machine *machine);
void add_debug_vga(const struct machine *machine);

// boot/apic.c: the local APIC, as patchers want it; interrupt groups; SMP.
bool fits_xapic(const struct machine *machine);
bool fits_x2apic(const struct machine *machine);
void *lapic_data(const struct machine *machine);
void init_intrinfo(const struct machine *machine);
void add_smp_xapic(const struct machine *machine);
void add_smp_x2apic(const struct machine *machine);
