// SPDX-License-Identifier: MIT
// The kernel's own interrupts-off sections, while tolls are full: gives each
// CPU its meter (smp/irqs_off.h), or takes it, and hands what they count to the
// area of tolls, where programs read it.
//
// All of it: thread context, no kernel lock held.
#pragma once

#include "kernel/base/types.h"

// Measure, or don't, from now on. Returns false if there is no memory for it.
MUST_CHECK bool kernel_sections_set(bool on);

// Hand over what was counted up to now.
void kernel_sections_fold(void);

// Forget all that was counted.
void kernel_sections_reset(void);
