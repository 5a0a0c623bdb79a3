// SPDX-License-Identifier: MIT
// Interrupts by the system's numbers: those of the system page's groups. The
// one place that calls the groups' mask, unmask and config callouts, a group's
// one at a time.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"

struct syspage_entry;

// Called with interrupts off, between the interrupt and its end.
typedef void interrupt_handler(struct regs *regs, uint32_t vector);

// All vectors are masked once, as startup leaves them.
void interrupt_init(struct syspage_entry *syspage);

// The number of the interrupt that an IDT entry is for, INTR_SPURIOUS if none
// or if only its group's id knows.
uint32_t interrupt_of_entry(uint32_t entry);

// Have a handler called; NULL takes it away. False where there is no such
// vector.
bool interrupt_attach(uint32_t vector, interrupt_handler *handler);

// Mask, or take one mask back; the last one that is taken back unmasks. False,
// with a line that says why, where there is no such vector, or it may not be
// attached, or it is not masked, or the controller says no.
//
// Context: any; but interrupts are on, and no lock is held, for groups that
//          mask or unmask on every CPU (INTR_FLAG_SMP_BROADCAST_*).
bool interrupt_mask(uint32_t vector);
bool interrupt_unmask(uint32_t vector);

// Unmask what each CPU has for itself, on this one.
bool interrupt_unmask_here(uint32_t vector);

// Hand a vector to its handler, and count what is none. Called by the woven
// entry code, by way of interrupt_handle() in traps.c.
void interrupt_dispatch(struct regs *regs, uint32_t vector, uint32_t group);

// How many interrupts of a group were spurious; how often its ID_LOOP found no
// end.
uint64_t interrupt_spurious(uint32_t group);
uint64_t interrupt_stuck(uint32_t group);
