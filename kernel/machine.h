// SPDX-License-Identifier: MIT
// The machine's two ends, through the power and reboot callouts.
#pragma once

#include <stdbool.h>

#include "kernel/base/types.h"

struct syspage_entry;

// Before the others here.
void machine_init(const struct syspage_entry *syspage);

// Turn the machine off; where it can't be, reset it; where not even that, stop
// this CPU for good. `abnormal`: after a failure.
_Noreturn void machine_power_off(bool abnormal);

// Reset the machine at a program's wish; where it can't be, stop this CPU for
// good.
_Noreturn void machine_reset(void);

// Stop this CPU for good, interrupts off.
_Noreturn void machine_halt(void);
