// SPDX-License-Identifier: MIT
// The per-CPU block. Each CPU's gs base points at its own while it is in the
// kernel (SWAPGS at every entry from ring 3).
//
// Virtual picture of one CPU's slot, PERCPU_STRIDE apart:
//
//   base            guard page
//   +  1 page       gate stack, GATE_STACK_PAGES; its top is the block itself
//   +  3 pages      struct percpu, and from its next page on this CPU's slice
//                   of callout storage
//   +  8 pages      guard, NMI stack
//   + 10 pages      guard, #DF stack
//   + 12 pages      guard, #MC stack
//   + 14 pages      guard, #DB stack
//   + 16 pages      guard, then the stack of the idle thread
//
// The gate stack grows down from the block: the first member is the frame of
// the custom call, so the gate's stack pointer is the block's own address.
#pragma once

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/regs.h"
#include "kernel/base/types.h"

#define PERCPU_STRIDE 0x20000ul
#define GATE_STACK_PAGES 2
#define PERCPU_BLOCK_OFFSET ((1 + GATE_STACK_PAGES) * PAGE_SIZE)
#define PERCPU_BLOCK_PAGES 5
#define PERCPU_IST_OFFSET (8 * PAGE_SIZE)
#define PERCPU_IDLE_STACK_OFFSET (17 * PAGE_SIZE)
#define PERCPU_IDLE_STACK_PAGES 4
#define NUM_ISTS 4
#define IST_NMI 1
#define IST_DOUBLE_FAULT 2
#define IST_MACHINE_CHECK 3
#define IST_DEBUG 4

struct thread;
struct irqs_off_meter;

// 64-bit TSS (Intel SDM volume 3, "TSS Descriptor in 64-bit mode").
struct tss {
    uint32_t reserved0;
    uint32_t rsp_low_high[6]; // rsp0..rsp2
    uint32_t reserved1[2];
    uint32_t ist_low_high[14]; // ist1..ist7
    uint32_t reserved2[2];
    uint16_t reserved3;
    uint16_t iomap_base;
};

// How far a callout that guards itself has come. A call takes the lock once.
enum guard_state { GUARD_BEFORE = 0, GUARD_HELD = 1, GUARD_AFTER = 2 };

// [c] this CPU only  [i] set at start, then read-only  [a] atomic
struct percpu {
    struct regs gate_frame;   // [c] the caller's registers in a custom call; cs
                              //     and ss are preset
    struct percpu *self;      // [i]
    uint64_t kernel_rsp;      // [c] top of the current thread's kernel stack
    uint64_t callout_storage; // [i] this CPU's slice of callout storage
    struct thread *current;   // [c] the thread that runs
    struct thread *idle;      // [i]
    uint32_t cpu_id;          // [i]
    uint32_t apic_id;         // [i]
    uint32_t type_id;         // [c] of the current process
    uint32_t lock_line;       // [i] the name of its line in each queue lock
    // Of a callout that guards only part of its work (syscall/guard.asm):
    uint64_t lock_take;       // [i] what RESOURCE_LOCK calls; gate_init_cpu()
    uint64_t lock_release;    // [i] what RESOURCE_UNLOCK calls
    uint64_t guard_thunk;     // [c] takes the lock, has the guarded part run,
                              //     releases it
    uint64_t guard_resume;    // [c] where that thunk goes on
    uint64_t guard_r15;       // [c] the callout's registers meanwhile
    uint64_t guard_rsi;       // [c]
    uint64_t guard_rdx;       // [c]
    uint32_t guard_state;     // [c] enum guard_state
    uint64_t ticks;           // [c] that its timer has told of
    uint64_t nmis;            // [c] NMIs, which nothing here uses yet
    uint64_t receipts_base;   // [i] this CPU's receipts
    uint64_t receipts_fold;   // [i] from here on they must be folded
    uint64_t receipt;         // [c] where the next one goes
    uint32_t receipts_folded; // [c] how many are accounted for
    uint64_t refusals[CALLOUT_SLOTS]; // [c] -EPERM by type, by slot
    uint64_t gdt[8];                  // [i]
    struct tss tss;                   // [c]
    struct irqs_off_meter *irqs_off;  // [c] NULL: nobody measures
    // Other CPUs write it: on a line that the gate does not touch.
    ALIGNED(64) uint32_t need_resched; // [a] looked at on the way to ring 3
};

_Static_assert(
    PERCPU_STORAGE_MAX == (PERCPU_BLOCK_PAGES - 1) * PAGE_SIZE,
    "the slice fills the block's other pages");
_Static_assert(sizeof(struct tss) == 104, "the TSS is 104 bytes in the manual");

// This CPU's block. Interrupts off, or the caller can not migrate.
static inline struct percpu *this_cpu(void) {
    struct percpu *self;
    __asm__ volatile("mov %%gs:%c1, %0"
                     : "=r"(self)
                     : "i"(offsetof(struct percpu, self)));
    return self;
}

// The block of any CPU. Its memory is mapped only if that CPU is up.
static inline struct percpu *percpu_of(cpu_id_t cpu) {
    return (struct percpu
                *)(PERCPU_VADDR + cpu * PERCPU_STRIDE + PERCPU_BLOCK_OFFSET);
}
