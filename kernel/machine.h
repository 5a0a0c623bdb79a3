// SPDX-License-Identifier: MIT
// The machine's two ends, through the power and reboot callouts.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

void machine_init(struct syspage_entry *syspage);

// Turn the machine off; where it can't be, reset it; where not even that, stop
// this CPU for good.
_Noreturn void machine_power_off(void);

// Stop this CPU for good, interrupts off.
_Noreturn void machine_halt(void);
