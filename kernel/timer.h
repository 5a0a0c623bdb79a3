// SPDX-License-Identifier: MIT
// The tick, and the one-shot events that end sleeps in between, out of the one
// timer that each CPU has, or the machine: it is loaded anew for whichever
// comes next. What is due is told by the clock (clock.h), never by the timer's
// count, so nothing comes too early.
//
// All times are those of clock_now_ns().
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

#define TICK_NS 10000000ul // 100 a second

// Once, before the first CPU starts its timer.
void timer_init(struct syspage_entry *syspage);

// Start this CPU's timer, or the machine's on the boot CPU; others do nothing.
// Also to start it again after its interrupt was masked.
void timer_start_cpu(void);

// The CPU that takes the interrupts for events of `cpu`: itself, or the boot
// CPU if the machine has one timer.
cpu_id_t timer_of(cpu_id_t cpu);

// The next event that the timer of a CPU is wanted for, WAIT_FOREVER if none.
// When it is due, scheduler_wake_sleepers() is called there; what is next is to
// be set then.
//
// Context: interrupts off; on that CPU, unless the machine has one timer or the
//          event becomes later.
void timer_set_event(cpu_id_t timer, uint64_t at);

// From the timer's interrupt, interrupts off.
void timer_interrupt(void);
