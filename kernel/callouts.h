// SPDX-License-Identifier: MIT
// The kernel's way to its hardware: the callouts of the system page, counted.
// smp/ calls send_ipi, start_cpu and smp_spin on its own.
#pragma once

#include "kernel/base/types.h"

struct cacheattr_entry;
struct intrinfo_entry;
struct qtime_entry;
struct syspage_entry;

// Look the callouts up; before any other function here.
void callouts_init(struct syspage_entry *syspage);

// Show a character on a debug device (DEBUG_*). Returns false where the machine
// has none.
bool callout_display_char(unsigned channel, char c);

// A character that came in on a debug device, or -1; and whether a break did.
int callout_poll_key(unsigned channel);
bool callout_break_detect(unsigned channel);

// Have the timer strike once the nsec_inc of `shot`, a copy of qtime, is over;
// on a machine with a timer for each CPU (QTIME_PER_CPU), this CPU's. It may go
// on in periods of that length.
void callout_timer_load(struct qtime_entry *shot);

// After a timer interrupt: have the next one come. Returns whether it was the
// timer's. On the CPU that took it.
bool callout_timer_reload(void);

// Counts of the timer since the last tick.
unsigned callout_timer_value(void);

// Mask or unmask one of a group's vectors, from 0. Returns -1 for a vector that
// can't be.
int callout_mask(const struct intrinfo_entry *group, uint32_t vector);
int callout_unmask(const struct intrinfo_entry *group, uint32_t vector);

// What a vector of a group is for: INTR_CONFIG_FLAG_*.
unsigned callout_config(struct intrinfo_entry *group, uint32_t vector);

// Enable this CPU's interrupt hardware.
void callout_init_cpu(void);

// Have a cache write back and drop `num_lines` lines from an address in RAM on,
// as MS_* flags say. Returns how many it did, at least one; 0: its whole
// contents, on this CPU. The cache has a control callout.
unsigned callout_control(
    struct cacheattr_entry *cache, paddr_t address, unsigned num_lines,
    int flags);

// Reset the machine; returns where it can't be.
void callout_reboot(bool abnormal);

// Change the machine's power (POWER_*). Returns -1 where it can't be.
int callout_power(unsigned mode);

// Wait for an interrupt, without a window in which one is missed.
//
// Context: interrupts off, and off again on return.
void callout_idle(void);

// Park this CPU for good, in smp_spin: no interrupt may bring it back. Before
// callouts_init() it spins instead.
//
// Context: interrupts off.
_Noreturn void callout_park(void);
