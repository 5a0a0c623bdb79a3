// SPDX-License-Identifier: MIT
// Traps and interrupts. Every one of them, and every ordinary kernel call,
// leaves the interrupted registers in one struct regs at the top of a kernel
// stack and goes back to ring 3 through trap_return.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"

struct syspage_entry;

// "#PF page fault", for messages.
const char *trap_name(unsigned vector);

// init: fill the IDT with the exceptions and with the system page's woven
// interrupt entries; boot CPU. init_cpu: load it, on each CPU.
void traps_init(struct syspage_entry *syspage);
void traps_init_cpu(void);

// Know the timer's and the IPIs' interrupt: before interrupts are turned on.
void traps_init_interrupts(void);

// Leave to ring 3 with these registers, by IRET. The frame lies at the top of
// the current thread's kernel stack. Interrupts off.
_Noreturn void trap_return(struct regs *regs);

static inline bool regs_from_user(const struct regs *regs) {
    return (regs->cs & 3) == 3;
}

// On every way back to ring 3, interrupts off: what must happen first (a
// pending kill, a due reschedule). May turn interrupts on meanwhile.
void before_user(struct regs *regs);
