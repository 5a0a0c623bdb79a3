// SPDX-License-Identifier: MIT
// What boot/start.asm and startup's C share: the boot page tables and the
// hand-over. Assembly gets the numbers through tools/offsets.c.
#pragma once

#include "kernel/base/types.h"

// What GRUB leaves in eax (Multiboot2 specification, "I386 machine state").
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289

// Bits of a page table entry (Intel SDM volume 3, "4-Level Paging").
#define BOOT_PTE_PRESENT 0x1
#define BOOT_PTE_WRITE 0x2
#define BOOT_PTE_LARGE 0x80

// The boot tables map this much of physical memory at its own address, and
// again at DIRECT_MAP_VADDR.
#define BOOT_MAPPED (4ul << 30)

// What the interrupt entry code keeps on the stack for each level of a cascade.
#define WEAVE_LEVEL_SIZE 16u

// The table that covers SYSPAGE_VADDR; empty until startup has built the page.
#define BOOT_SYSPAGE_PAGES 512
extern uint64_t boot_syspage_table[BOOT_SYSPAGE_PAGES];

// Where the boot stack ends, for system_private.
extern char boot_stack_top[];

// Where the linker script places things; their addresses are physical.
extern char startup_start[], startup_end[];
extern char kernel_image_paddr[], kernel_image_end_paddr[];

// startup_main - the startup program, from 32-bit entry to hand-over.
_Noreturn void startup_main(uint32_t magic, uint32_t info);

// Jump to the kernel with the system page's kernel address, on the boot stack
// as the direct map shows it.
_Noreturn void kernel_enter(uintptr_t syspage);

// Load the handlers that name an exception in startup. boot/fault.asm.
void fault_init(void);

// What those handlers call with the exception and what it left: never returns.
struct fault_frame {
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
_Noreturn void fault_report(const struct fault_frame *frame);

// Call a function with six arguments. Returns false if it faulted, and *fault
// is what it left.
MUST_CHECK bool fault_try(
    uintptr_t function, const uint64_t arguments[6], struct fault_frame *fault);
