// SPDX-License-Identifier: MIT
// Time, from the time-stamp counter as startup calibrated it. The counters of
// all CPUs are taken to run together.
#pragma once

#include "kernel/base/types.h"

#define NS_PER_SECOND 1000000000ul

struct syspage_entry;

void clock_init(const struct syspage_entry *syspage);

// Nanoseconds since boot_cc; never 0, never runs back on one CPU.
uint64_t clock_now_ns(void);

// The same at another reading of the time-stamp counter.
uint64_t clock_ns_at(cycles_t tsc);

// Nanoseconds since 1970 at clock_now_ns() == 0.
uint64_t clock_boot_ns(void);

// How many cycles of the time-stamp counter a span takes.
cycles_t clock_cycles(uint64_t ns);
