// SPDX-License-Identifier: MIT
// See bringup.h. INIT, 10 ms, SIPI, 200 us, SIPI: Intel SDM volume 3,
// "MP Initialization Protocol Algorithm for MP Systems".
#include "smp/bringup.h"

#include "callouts/call.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "smp/ipi.h"
#include "smp/percpu.h"
#include "smp/trampoline.h"

#define STEP_INIT 0
#define STEP_SIPI 1
#define INIT_WAIT_US 10000
#define SIPI_WAIT_US 200
#define START_LIMIT_US 10000000
#define INT3 0xcc

enum bringup_state { ABSENT, WAITING, UP, PARKED };

// Read by smp/trampoline.asm: an AP finds its number by its APIC ID.
uint32_t bringup_apic_ids[MAX_CPUS];
uint32_t bringup_num_cpus;
paddr_t bringup_kernel_root;

static _Atomic int states[MAX_CPUS];
static const struct bringup *request;
static struct syspage_entry *bringup_syspage;
static struct callout_call start_cpu;

static bool state_change(cpu_id_t cpu, int from, int to) {
    return atomic_compare_exchange_strong_explicit(
        &states[cpu], &from, to, memory_order_acq_rel, memory_order_relaxed);
}

void bringup_ap(cpu_id_t cpu) {
    if (!state_change(cpu, WAITING, UP)) {
        return; // parked by the trampoline's HLT loop
    }
    request->ready(cpu);
}

static void wait_us(uint64_t us) {
    cycles_t start = rdtsc();
    cycles_t cycles = request->cycles_per_sec * us / 1000000;
    while (rdtsc() - start < cycles) {
        pause();
    }
}

static void step_all(unsigned step, uint32_t limit) {
    uint32_t skip = SYSPAGE_ENTRY(bringup_syspage, system_private)->fault_sipi;
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        bool injected = step == STEP_SIPI && skip != 0 && cpu == skip;
        bool waits =
            atomic_load_explicit(&states[cpu], memory_order_relaxed) == WAITING;
        if (waits && !injected) {
            (void)CALLOUT_CALL(
                start_cpu, start_cpu_fn, bringup_syspage, cpu,
                request->trampoline_page, step);
        }
    }
}

static uint32_t count_state(int state, uint32_t limit) {
    uint32_t count = 0;
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        count +=
            atomic_load_explicit(&states[cpu], memory_order_acquire) == state;
    }
    return count;
}

static void wait_all(uint32_t limit) {
    cycles_t start = rdtsc();
    cycles_t patience = request->cycles_per_sec / 1000000 * START_LIMIT_US;
    while (count_state(WAITING, limit) != 0 && rdtsc() - start < patience) {
        pause();
    }
}

static void park_missing(uint32_t limit) {
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        if (state_change(cpu, WAITING, PARKED)) {
            (void)CALLOUT_CALL(
                start_cpu, start_cpu_fn, bringup_syspage, cpu, 0, STEP_INIT);
            request->failed(
                cpu, bringup_apic_ids[cpu], "no answer to its SIPI");
        }
    }
}

static void trampoline_place(void) {
    memset(request->trampoline, INT3, PAGE_SIZE);
    memcpy(
        request->trampoline, trampoline_start,
        (size_t)(trampoline_end - trampoline_start));
    struct trampoline_mailbox *mailbox =
        (void
             *)((char *)request->trampoline + (trampoline_mailbox - trampoline_start));
    uint32_t base = (uint32_t)request->trampoline_page;
    mailbox->cr3 = (uint32_t)request->tables;
    mailbox->efer = (uint32_t)rdmsr(MSR_EFER);
    mailbox->gdt_limit = (uint16_t)(trampoline_gdt_end - trampoline_gdt - 1);
    mailbox->gdt_base = base + (uint32_t)(trampoline_gdt - trampoline_start);
    mailbox->long_mode_cs = TRAMPOLINE_CODE64;
    mailbox->long_mode = base + (uint32_t)(trampoline_long - trampoline_start);
    mailbox->entry = (uintptr_t)bringup_entry;
}

uint32_t bringup_start(
    struct syspage_entry *syspage, const struct bringup *how, uint32_t limit) {
    bringup_syspage = syspage;
    start_cpu = callout_find(syspage, SYSPAGE_ENTRY(syspage, smp)->start_cpu);
    request = how;
    bringup_kernel_root = how->kernel_root;
    bringup_num_cpus = limit;
    const struct cpuinfo_entry *cpus = SYSPAGE_ENTRY(syspage, cpuinfo);
    for (cpu_id_t cpu = 0; cpu < limit; cpu++) {
        bringup_apic_ids[cpu] = cpus[cpu].apic_id;
        (void)state_change(cpu, ABSENT, WAITING);
    }
    trampoline_place();
    step_all(STEP_INIT, limit);
    wait_us(INIT_WAIT_US);
    step_all(STEP_SIPI, limit);
    wait_us(SIPI_WAIT_US);
    step_all(STEP_SIPI, limit);
    wait_all(limit);
    park_missing(limit);
    return 1 + count_state(UP, limit);
}
