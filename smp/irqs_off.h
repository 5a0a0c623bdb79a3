// SPDX-License-Identifier: MIT
// The kernel's interrupts-off sections, measured: where each begins and ends,
// and how long it takes. Custom calls are none of them: those have receipts.
//
//   CLI, SYSCALL,   began                              ended      STI,
//   interrupt         |                                  |        IRET
//       |-- constant -|------------- measured -----------|-constant-|
//
// Both constants are in docs/formats.md. A section belongs to its CPU: it
// goes on through a switch of threads and ends in the other one. What is nested
// in it counts once.
//
// A CPU has a meter while it is measured (kernel/kernel_sections.h). Begin and
// end only write down two places and two readings of the clock; a section is
// counted when the next one begins, after the first reading of that, so that
// what measuring takes lies within the figures and not beside them.
//
// That no place is forgotten is checked at run time: a section that begins
// while one is open has missed the end of that one, and an end without a
// beginning has missed that.
#pragma once

#include "kernel/base/types.h"
#include "smp/percpu.h"
#include "syscall/toll_area.h"

// [c] this CPU only, interrupts off
struct irqs_off_meter {
    struct toll_section_account *counts; // [c] where to count
    cycles_t entered;         // [c] by woven code: the last interrupt
    bool open;                // [c] `now` has begun
    bool fresh;               // [c] `last` is not counted yet
    struct toll_section now;  // [c]
    struct toll_section last; // [c] the one that ended last
};

// --- measuring --------------------------------------------------------------

// Whether this CPU is measured. What follows does nothing if it isn't.
//
// Context: interrupts off.
static inline bool irqs_off_measured(void) {
    return this_cpu()->irqs_off != NULL;
}

// A section begins: interrupts were on until just now.
//
// Context: interrupts off.
void irqs_off_begin_at(
    uintptr_t from, enum toll_section_kind kind, uint32_t number);

// The same from the caller's place; for assembly (smp/irqs_off.inc) too.
void irqs_off_begin(enum toll_section_kind kind);

// A section begins unless one is open: for who does not know whether interrupts
// were on.
void irqs_off_go_on(enum toll_section_kind kind);

// An interrupt strikes. The woven entry has read the clock.
void irqs_off_begin_interrupt(uintptr_t from, uint32_t vector);

// The section ends at the caller's place: interrupts are turned on at once.
//
// Context: interrupts off.
void irqs_off_end(void);

// The section that ended last on this CPU; all zero if none has yet, NULL if
// it is not measured. In an interrupt's handler: what was before it, so that
// one that came late can look for what kept it.
//
// Context: interrupts off; valid until they are on.
const struct toll_section *irqs_off_last(void);

// --- counting ---------------------------------------------------------------
// Words change as kernel/base/seqlock.h wants it; begin and end are the
// caller's.

void irqs_off_count(
    struct toll_section_account *counts, const struct toll_section *section);

// Count in `to` all that `from` has counted.
void irqs_off_merge(
    struct toll_section_account *to, const struct toll_section_account *from);
