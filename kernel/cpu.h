// SPDX-License-Identifier: MIT
// Each CPU's block (smp/percpu.h): its memory, its segments, its state.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

// Give this CPU a block in the image, so that early code may panic. Boot CPU,
// first of all.
void cpu_init_early(void);

// Map and fill the block, gate stack, interrupt stacks and idle stack of a CPU.
// False when there is no memory for them.
MUST_CHECK bool cpu_create(const struct syspage_entry *syspage, cpu_id_t cpu);

// Make this CPU use its block: GS base, GDT, TSS, and nothing of user's in the
// segment registers. Interrupts off.
void cpu_init_cpu(cpu_id_t cpu);

// Top of a CPU's idle stack.
uintptr_t cpu_idle_stack(cpu_id_t cpu);
