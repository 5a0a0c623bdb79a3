// SPDX-License-Identifier: MIT
// See cpu.h.
#include "kernel/cpu.h"

#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/tolls.h"
#include "smp/lock_line.h"
#include "smp/percpu.h"

// Descriptors (Intel SDM volume 3, "Segment Descriptors" and "TSS Descriptor in
// 64-bit mode"), in the order of the selectors in layout.h.
#define GDT_KERNEL_CODE 0x00af9b000000fffful
#define GDT_KERNEL_DATA 0x00cf93000000fffful
#define GDT_USER_DATA 0x00cff3000000fffful
#define GDT_USER_CODE 0x00affb000000fffful
#define TSS_PRESENT_AVAILABLE 0x89ul

static struct percpu early_block;

static void gs_base_set(struct percpu *block) {
    wrmsr(MSR_GS_BASE, (uintptr_t)block);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
}

void cpu_init_early(void) {
    early_block.self = &early_block;
    gs_base_set(&early_block);
}

static uintptr_t cpu_base(cpu_id_t cpu) {
    return PERCPU_VADDR + cpu * PERCPU_STRIDE;
}

uintptr_t cpu_idle_stack(cpu_id_t cpu) {
    return cpu_base(cpu) + PERCPU_IDLE_STACK_OFFSET +
           PERCPU_IDLE_STACK_PAGES * PAGE_SIZE;
}

static bool map_fresh(uintptr_t address, size_t pages) {
    for (size_t i = 0; i < pages; i++) {
        paddr_t page = page_alloc();
        if (page == 0 || !paging_map(
                             paging_kernel_root, address + i * PAGE_SIZE, page,
                             PAGE_WRITE)) {
            return false;
        }
    }
    return true;
}

static uintptr_t ist_stack_page(cpu_id_t cpu, unsigned ist) {
    return cpu_base(cpu) + PERCPU_IST_OFFSET + (2 * ist - 1) * PAGE_SIZE;
}

static bool memory_map(cpu_id_t cpu) {
    bool done =
        map_fresh(cpu_base(cpu) + PAGE_SIZE, GATE_STACK_PAGES) &&
        map_fresh(cpu_base(cpu) + PERCPU_BLOCK_OFFSET, PERCPU_BLOCK_PAGES) &&
        map_fresh(
            cpu_base(cpu) + PERCPU_IDLE_STACK_OFFSET, PERCPU_IDLE_STACK_PAGES);
    for (unsigned ist = 1; done && ist <= NUM_ISTS; ist++) {
        done = map_fresh(ist_stack_page(cpu, ist), 1);
    }
    return done;
}

static void stack_pointer_set(uint32_t *low_high, uintptr_t stack) {
    low_high[0] = (uint32_t)stack;
    low_high[1] = (uint32_t)(stack >> 32);
}

static void segments_fill(struct percpu *block, cpu_id_t cpu) {
    for (unsigned ist = 1; ist <= NUM_ISTS; ist++) {
        stack_pointer_set(
            &block->tss.ist_low_high[2 * (ist - 1)],
            ist_stack_page(cpu, ist) + PAGE_SIZE);
    }
    stack_pointer_set(block->tss.rsp_low_high, cpu_idle_stack(cpu));
    block->tss.iomap_base = sizeof(block->tss); // no port is ring 3's
    block->gdt[KERNEL_CS / 8] = GDT_KERNEL_CODE;
    block->gdt[KERNEL_SS / 8] = GDT_KERNEL_DATA;
    block->gdt[USER_SS / 8] = GDT_USER_DATA;
    block->gdt[USER_CS / 8] = GDT_USER_CODE;
    uint64_t tss = (uintptr_t)&block->tss;
    block->gdt[TSS_SELECTOR / 8] =
        (sizeof(block->tss) - 1) | (tss & 0xffffff) << 16 |
        TSS_PRESENT_AVAILABLE << 40 | (tss >> 24 & 0xff) << 56;
    block->gdt[TSS_SELECTOR / 8 + 1] = tss >> 32;
}

bool cpu_create(const struct syspage_entry *syspage, cpu_id_t cpu) {
    if (!memory_map(cpu)) {
        return false;
    }
    struct percpu *block = percpu_of(cpu);
    block->self = block;
    block->gate_frame.cs = USER_CS;
    block->gate_frame.ss = USER_SS;
    block->kernel_rsp = cpu_idle_stack(cpu);
    block->callout_storage = (uintptr_t)block + PAGE_SIZE;
    block->cpu_id = cpu;
    block->apic_id = SYSPAGE_ENTRY(syspage, cpuinfo)[cpu].apic_id;
    block->lock_line = lock_line(cpu);
    block->guard_state = GUARD_AFTER; // until a call begins
    segments_fill(block, cpu);
    return tolls_create_cpu(block);
}

// The operand of LGDT.
struct __attribute__((packed)) gdt_pointer {
    uint16_t limit;
    uint64_t base;
};

static void gdt_load(struct percpu *block) {
    struct gdt_pointer pointer = {
        sizeof(block->gdt) - 1, (uintptr_t)block->gdt};
    __asm__ volatile("lgdt %0\n\t"
                     "push %1\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "mov %w2, %%ss\n\t"
                     "mov %w2, %%ds\n\t"
                     "mov %w2, %%es\n\t"
                     "mov %w3, %%fs\n\t"
                     "mov %w3, %%gs\n\t"
                     "ltr %w4"
                     :
                     : "m"(pointer), "i"(KERNEL_CS), "r"(KERNEL_SS), "r"(0),
                       "r"(TSS_SELECTOR)
                     : "rax", "memory");
}

void cpu_init_cpu(cpu_id_t cpu) {
    struct percpu *block = percpu_of(cpu);
    gdt_load(block);
    gs_base_set(block);
}
