// SPDX-License-Identifier: MIT
// See traps.h: what an exception or interrupt means, and who deals with it.
#include "kernel/traps.h"

#include "callouts/syspage.h"
#include "kernel/attempt.h"
#include "kernel/base/layout.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/image.h"
#include "kernel/interrupt.h"
#include "kernel/machine.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/rendezvous.h"
#include "kernel/scheduler.h"
#include "kernel/shootdown.h"
#include "kernel/shot.h"
#include "kernel/space.h"
#include "kernel/symbols.h"
#include "kernel/timer.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"

#define IDT_PRESENT_INTERRUPT 0x8e00ul

// Page-fault error code (Intel SDM volume 3, "Page-Fault Exceptions").
#define FAULT_USER 0x4

// An entry of the IDT (Intel SDM volume 3, "64-Bit Mode IDT").
struct gate {
    uint64_t low;
    uint64_t high;
};

// An instruction that may fault on a user address, and where to go on.
struct extable_entry {
    uintptr_t at;
    uintptr_t fixup;
};

extern const uintptr_t trap_stubs[NUM_EXCEPTIONS];
extern const struct extable_entry extable_start[], extable_end[];
extern char trap_exit[];
uint8_t trap_has_smap; // read by traps.asm

// Called by traps.asm and by the woven interrupt entries.
void trap_handle(struct regs *regs, unsigned vector, uint32_t error);
void interrupt_handle(struct regs *regs, uint32_t vector, uint32_t group);

static struct gate idt[NUM_VECTORS];
static struct syspage_entry *traps_syspage;
static uint32_t timer_vector; // system vector number of the timer
static uint32_t ipi_vector;   // system vector number of the IPIs

static const char *const names[NUM_EXCEPTIONS] = {
    [0] = "#DE divide error",
    [VECTOR_DEBUG] = "#DB debug",
    [VECTOR_NMI] = "NMI",
    [3] = "#BP breakpoint",
    [4] = "#OF overflow",
    [5] = "#BR bound range",
    [6] = "#UD invalid opcode",
    [7] = "#NM no device",
    [VECTOR_DOUBLE_FAULT] = "#DF double fault",
    [10] = "#TS invalid TSS",
    [11] = "#NP segment not present",
    [12] = "#SS stack fault",
    [VECTOR_GENERAL_PROTECTION] = "#GP general protection",
    [VECTOR_PAGE_FAULT] = "#PF page fault",
    [16] = "#MF x87 error",
    [17] = "#AC alignment check",
    [VECTOR_MACHINE_CHECK] = "#MC machine check",
    [19] = "#XM SIMD error",
};

const char *trap_name(unsigned vector) {
    return vector < NUM_EXCEPTIONS && names[vector] != NULL ? names[vector]
                                                            : "exception";
}

// --- exceptions -------------------------------------------------------------

static const struct extable_entry *extable_find(uintptr_t rip) {
    for (const struct extable_entry *e = extable_start; e < extable_end; e++) {
        if (e->at == rip) {
            return e;
        }
    }
    return NULL;
}

static bool fixup_apply(struct regs *regs) {
    const struct extable_entry *entry = extable_find(regs->rip);
    if (entry != NULL) {
        regs->rip = entry->fixup;
    }
    return entry != NULL;
}

// Whose accesses to user memory may fault: ring 3's own, and those of the
// kernel's instructions that are meant for it. Any other one, such as one that
// SMAP forbids, would only fault again.
static bool fault_is_expected(const struct regs *regs, uint32_t error) {
    return regs_from_user(regs) ? (error & FAULT_USER) != 0
                                : extable_find(regs->rip) != NULL;
}

// A page fault on a user address that the current space may resolve. Whoever
// runs with interrupts off (the gate, an interrupt) may not take one.
static bool fault_resolve(
    const struct regs *regs, uintptr_t address, uint32_t error) {
    const struct thread *thread = this_cpu()->current;
    if ((regs->rflags & RFLAGS_IF) == 0 || address >= USER_END ||
        thread == NULL || thread->space == NULL ||
        !fault_is_expected(regs, error)) {
        return false;
    }
    irq_on();
    bool resolved = space_fault(thread->space, address, error);
    irq_off();
    return resolved;
}

static _Noreturn void kernel_fault(
    const struct regs *regs, unsigned vector, uint32_t error) {
    char where[96];
    symbol_name(regs->rip, where, sizeof(where));
    if (vector == VECTOR_PAGE_FAULT) {
        panic_with_regs(
            regs, "%s at %s, address %lx, error %x", trap_name(vector), where,
            read_cr2(), error);
    }
    panic_with_regs(
        regs, "%s at %s, error %x", trap_name(vector), where, error);
}

// A single step of ring 3's over SYSCALL, which some deliver at the gate's
// first instruction (Bochs 2.7) although SFMASK has cleared TF by then. The
// gate goes on, and the next step is in ring 3 again.
static bool is_step_into_gate(const struct regs *regs, unsigned vector) {
    return vector == VECTOR_DEBUG && regs->rip == rdmsr(MSR_LSTAR);
}

void trap_handle(struct regs *regs, unsigned vector, uint32_t error) {
    if ((regs->rflags & RFLAGS_IF) != 0) {
        irqs_off_begin_at(trap_stubs[vector], TOLL_SECTION_EXCEPTION, vector);
    }
    uintptr_t address = vector == VECTOR_PAGE_FAULT ? read_cr2() : 0;
    if (vector == VECTOR_NMI) {
        this_cpu()->nmis++;
        return;
    }
    if (is_step_into_gate(regs, vector)) {
        return;
    }
    if (vector == VECTOR_PAGE_FAULT && fault_resolve(regs, address, error)) {
        return;
    }
    if (regs_from_user(regs)) {
        if (vector == VECTOR_MACHINE_CHECK) {
            kernel_fault(regs, vector, error);
        }
        irq_on();
        process_fault(regs, vector, error, address);
        return;
    }
    if (attempt_end(regs, vector)) {
        return;
    }
    bool may_fix =
        vector == VECTOR_PAGE_FAULT || vector == VECTOR_GENERAL_PROTECTION;
    if (may_fix && fixup_apply(regs)) {
        return;
    }
    kernel_fault(regs, vector, error);
}

// --- interrupts -------------------------------------------------------------

static void ipi_handle(void) {
    uint32_t commands = ipi_take();
    if (commands & IPI_STOP) {
        machine_halt();
    }
    if (commands & IPI_SHOOTDOWN) {
        shootdown_poll();
    }
    if (commands & IPI_RENDEZVOUS) {
        rendezvous_answer();
    }
    if (commands & IPI_TICK) {
        scheduler_tick();
    }
    if (commands & IPI_RESCHEDULE) {
        scheduler_kicked();
    }
}

static void interrupt_serve(
    struct regs *regs, uint32_t vector, uint32_t group) {
    if (vector == timer_vector && vector != INTR_SPURIOUS) {
        if (callout_timer_reload()) { // no other device on the same input
            timer_interrupt();
        }
    } else if (vector == ipi_vector && vector != INTR_SPURIOUS) {
        ipi_handle();
    } else {
        interrupt_dispatch(regs, vector, group);
    }
}

void interrupt_handle(struct regs *regs, uint32_t vector, uint32_t group) {
    shot_handler_begins(regs);
    if ((regs->rflags & RFLAGS_IF) != 0) {
        irqs_off_begin_interrupt(
            (uintptr_t)__builtin_return_address(0), vector);
    }
    interrupt_serve(regs, vector, group);
    shot_handler_ends(vector);
}

// --- tables -----------------------------------------------------------------

static void gate_set(unsigned vector, uintptr_t entry, unsigned ist) {
    idt[vector].low = (entry & 0xffff) | (uint64_t)KERNEL_CS << 16 |
                      (uint64_t)ist << 32 | IDT_PRESENT_INTERRUPT << 32 |
                      (entry >> 16 & 0xffff) << 48;
    idt[vector].high = entry >> 32;
}

static unsigned vector_ist(unsigned vector) {
    switch (vector) {
    case VECTOR_DEBUG:
        return IST_DEBUG;
    case VECTOR_NMI:
        return IST_NMI;
    case VECTOR_DOUBLE_FAULT:
        return IST_DOUBLE_FAULT;
    case VECTOR_MACHINE_CHECK:
        return IST_MACHINE_CHECK;
    default:
        return 0;
    }
}

void traps_init(struct syspage_entry *syspage) {
    traps_syspage = syspage;
    struct system_private_entry *private =
        SYSPAGE_ENTRY(syspage, system_private);
    private->intr_dispatch = (uintptr_t)interrupt_handle;
    private->intr_exit = (uintptr_t)trap_exit;
    const uint64_t *stubs =
        (const uint64_t *)((uintptr_t)syspage + private->vector_stubs);
    for (unsigned v = NUM_EXCEPTIONS; v < NUM_VECTORS; v++) {
        if (stubs[v] != 0) {
            gate_set(v, stubs[v], 0);
        }
    }
    for (unsigned v = 0; v < NUM_EXCEPTIONS; v++) {
        gate_set(v, trap_stubs[v], vector_ist(v));
    }
    // Breakpoints and INTO are ring 3's to raise.
    idt[3].low |= 3ul << 45;
    idt[4].low |= 3ul << 45;
    trap_has_smap =
        (SYSPAGE_ENTRY(syspage, cpuinfo)->flags & CPU_FLAG_SMAP) != 0;
}

void traps_init_interrupts(void) {
    const struct qtime_entry *qtime = SYSPAGE_ENTRY(traps_syspage, qtime);
    timer_vector = interrupt_of_entry(qtime->intr);
    ipi_vector =
        interrupt_of_entry(SYSPAGE_ENTRY(traps_syspage, smp)->ipi_vector);
}

// The operand of LIDT.
struct __attribute__((packed)) idt_pointer {
    uint16_t limit;
    uint64_t base;
};

void traps_init_cpu(void) {
    struct idt_pointer pointer = {sizeof(idt) - 1, (uintptr_t)idt};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}
