// SPDX-License-Identifier: MIT
// Interrupts off and on, for the kernel's C code: the one way, so that every
// section with interrupts off is seen (smp/irqs_off.h). All of it is in line:
// the CLI and the STI are the caller's, for whoever looks for them from
// outside. Entries and exits in assembly have smp/irqs_off.inc.
//
// The sites of CLI and STI are listed in the section .irq_sites of the linked
// image, and tests/irqsoff looks for others.
#pragma once

#include "kernel/base/layout.h"
#include "kernel/base/types.h"
#include "kernel/base/x86.h"
#include "smp/irqs_off.h"

#define IRQ_INLINE static inline __attribute__((always_inline))
#define IRQ_SITE(instruction)                                                  \
    __asm__ volatile("1: " instruction "\n\t"                                  \
                     ".pushsection .irq_sites, \"\", @progbits\n\t"            \
                     ".quad 1b\n\t"                                            \
                     ".popsection"                                             \
                     :                                                         \
                     :                                                         \
                     : "memory")

IRQ_INLINE bool irq_is_on(void) {
    return (read_rflags() & RFLAGS_IF) != 0;
}

// Turn interrupts off and say whether they were on. `kind` is what the section
// that begins then is.
IRQ_INLINE bool irq_save_as(enum toll_section_kind kind) {
    bool on = irq_is_on();
    if (on) {
        IRQ_SITE("cli");
        if (irqs_off_measured()) {
            irqs_off_begin(kind);
        }
        // Something is left to do: the call above returns to here, and not to
        // the caller's caller.
        __asm__ volatile("" : : : "memory");
    }
    return on;
}

IRQ_INLINE bool irq_save(void) {
    return irq_save_as(TOLL_SECTION_PLAIN);
}

// As they were before irq_save().
//
// Context: interrupts off.
IRQ_INLINE void irq_restore(bool on) {
    if (on) {
        if (irqs_off_measured()) {
            irqs_off_end();
        }
        IRQ_SITE("sti");
    }
}

// The same for who need not know how they were.
IRQ_INLINE void irq_off(void) {
    (void)irq_save();
}

IRQ_INLINE void irq_on(void) {
    irq_restore(!irq_is_on());
}
