// SPDX-License-Identifier: MIT
// The versions of callouts that boot/versions.c lists and that have a file of
// their own. Names are QNX's where its startup library has them.
#pragma once

#include "boot/machine.h"
#include "callouts/callout.h"
#include "callouts/syspage.h"

#define DEVICE_ATTR (AS_ATTR_READABLE | AS_ATTR_WRITABLE)

// boot/debug.c: the devices for console, program's output and report.
bool fits_16550(const struct machine *machine);
void add_debug_16550(const struct machine *machine);
bool fits_debugcon(const struct machine *machine);
void add_debug_debugcon(const struct machine *machine);
bool fits_vga(const struct machine *machine);
void add_debug_vga(const struct machine *machine);

// boot/groups_test.c: interrupt groups for the option `selftest`.
void add_test_groups(const struct machine *machine);

// boot/apic.c: the local APIC, as patchers want it; interrupt groups; SMP.
bool fits_lapic(const struct machine *machine);
bool fits_apic(const struct machine *machine);
bool fits_apic_x2apic(const struct machine *machine);
bool fits_xapic(const struct machine *machine);
bool fits_x2apic(const struct machine *machine);
bool has_ioapics(const struct machine *machine);
void *lapic_data(const struct machine *machine);
void init_intrinfo(const struct machine *machine);
void add_lapic_alone(const struct machine *machine);
void add_smp_xapic(const struct machine *machine);
void add_smp_x2apic(const struct machine *machine);
void add_smp_up(const struct machine *machine);

// The parts of that which others build on: the local APIC's group and its end
// of interrupt; the I/O APICs' inputs, all masked; LINT0 for the 8259s.
void add_lapic_group(const struct machine *machine);
const struct callout_rtn *lapic_eoi(const struct machine *machine);
void init_ioapics(const struct machine *machine);
void lapic_take_8259(void);

// boot/pic.c: the 8259 pair.
bool fits_8259(const struct machine *machine);
void add_8259(const struct machine *machine);

// boot/msi.c: messages of the HPET's comparators, if it sends any.
void add_msi_group(const struct machine *machine);

// boot/timers.c
bool fits_timer_lapic(const struct machine *machine);
void add_timer_lapic(const struct machine *machine);
bool fits_timer_tsc_deadline(const struct machine *machine);
void add_timer_tsc_deadline(const struct machine *machine);
bool fits_timer_pit(const struct machine *machine);
void add_timer_pit(const struct machine *machine);
bool fits_timer_hpet(const struct machine *machine);
void add_timer_hpet(const struct machine *machine);
bool fits_timer_hpet_msi(const struct machine *machine);
void add_timer_hpet_msi(const struct machine *machine);

// boot/ends.c: reset, power, idle.
bool fits_reset_acpi(const struct machine *machine);
void add_reset_acpi(const struct machine *machine);
bool fits_reset_cf9(const struct machine *machine);
void add_reset_cf9(const struct machine *machine);
bool fits_reset_8042(const struct machine *machine);
void add_reset_8042(const struct machine *machine);
void add_reset_triple(const struct machine *machine);
bool fits_power_acpi(const struct machine *machine);
void add_power_acpi(const struct machine *machine);
void add_power_ports(const struct machine *machine);
bool fits_idle_mwait(const struct machine *machine);
void add_idle_mwait(const struct machine *machine);
void add_idle_hlt(const struct machine *machine);

// boot/caches.c
bool fits_cache_wbinvd(const struct machine *machine);
bool fits_cache_clflush(const struct machine *machine);
bool fits_cache_clflushopt(const struct machine *machine);
void add_cache_clflushopt(const struct machine *machine);
void add_cache_clflush(const struct machine *machine);
void add_cache_wbinvd(const struct machine *machine);

// boot/slot0.c: custom.
void add_custom_sum(const struct machine *machine);
void add_custom_qnx(const struct machine *machine);
void add_custom_args6(const struct machine *machine);
