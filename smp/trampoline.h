// SPDX-License-Identifier: MIT
// The code that a starting CPU executes first, and the block of parameters
// that it carries. See trampoline.asm.
#pragma once

#include "kernel/base/types.h"

#define TRAMPOLINE_CODE64 8 // selector of its only segment

// Filled in by the boot CPU before the first SIPI; read-only after.
struct trampoline_mailbox {
    uint64_t entry; // bringup_entry, in the kernel's half
    uint32_t cr3;   // page tables that map this page and the kernel
    uint32_t efer;  // the boot CPU's
    uint16_t reserved[3];
    uint16_t gdt_limit; // with gdt_base, the operand of LGDT
    uint32_t gdt_base;  // physical address of the trampoline's GDT
    uint32_t long_mode; // with long_mode_cs, the operand of the far jump:
                        // physical address of trampoline_long
    uint32_t long_mode_cs;
    uint32_t reserved2;
};

extern char trampoline_start[], trampoline_end[];
extern char trampoline_mailbox[], trampoline_long[];
extern char trampoline_gdt[], trampoline_gdt_end[];
extern char bringup_entry[];

// Called by bringup_entry on the idle stack of this CPU. Does not return.
void bringup_ap(cpu_id_t cpu);
