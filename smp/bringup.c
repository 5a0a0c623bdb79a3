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

enum bringup_state { ABSENT, WAITING, ARRIVED, PARKED, LATE };

// Read by smp/trampoline.asm: an AP finds its number by its APIC ID.
uint32_t bringup_apic_ids[MAX_CPUS];
uint32_t bringup_num_cpus;
paddr_t bringup_kernel_root;
uint64_t bringup_spin; // the smp_spin callout
const uint64_t bringup_stay = SPIN_STAY;

static _Atomic int states[MAX_CPUS];
static _Atomic uint64_t go[MAX_CPUS]; // 0, SPIN_GO, SPIN_STAY
static struct bringup request;        // a copy: late CPUs read it too
static struct syspage_entry *bringup_syspage;
static struct callout_call start_cpu, smp_spin;

static bool state_change(cpu_id_t cpu, int from, int to) {
    return atomic_compare_exchange_strong_explicit(
        &states[cpu], &from, to, memory_order_acq_rel, memory_order_relaxed);
}

void bringup_ap(cpu_id_t cpu) {
    request.prepare(cpu);
    if (!state_change(cpu, WAITING, ARRIVED)) {
        (void)state_change(cpu, PARKED, LATE);
    }
    CALLOUT_CALL(
        smp_spin, smp_spin_fn, bringup_syspage, (volatile uint64_t *)&go[cpu]);
    request.ready(cpu);
}

static void wait_us(uint64_t us) {
    cycles_t start = rdtsc();
    cycles_t cycles = request.cycles_per_sec * us / 1000000;
    while (rdtsc() - start < cycles) {
        pause();
    }
}

// Whether fault injection withholds a CPU's SIPI, or delays it.
static bool is_injected(cpu_id_t cpu) {
    const struct system_private_entry *private =
        SYSPAGE_ENTRY(bringup_syspage, system_private);
    return cpu == private->fault_sipi || cpu == private->fault_late;
}

static void step_all(unsigned step, uint32_t limit) {
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        bool injected = step == STEP_SIPI && is_injected(cpu);
        bool waits =
            atomic_load_explicit(&states[cpu], memory_order_relaxed) == WAITING;
        if (waits && !injected) {
            (void)CALLOUT_CALL(
                start_cpu, start_cpu_fn, bringup_syspage, cpu,
                request.trampoline_page, step);
        }
    }
}

// Of the CPUs from first to limit-1.
static uint32_t count_state(int state, cpu_id_t first, cpu_id_t limit) {
    uint32_t count = 0;
    for (cpu_id_t cpu = first; cpu < limit; cpu++) {
        count +=
            atomic_load_explicit(&states[cpu], memory_order_acquire) == state;
    }
    return count;
}

// Wait while any of them is in this state; false when the patience is over.
static bool wait_while(int state, cpu_id_t first, cpu_id_t limit) {
    cycles_t start = rdtsc();
    cycles_t patience = request.cycles_per_sec / 1000000 * START_LIMIT_US;
    while (count_state(state, first, limit) != 0) {
        if (rdtsc() - start >= patience) {
            return false;
        }
        pause();
    }
    return true;
}

static void park_missing(uint32_t limit) {
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        if (state_change(cpu, WAITING, PARKED)) {
            atomic_store_explicit(&go[cpu], SPIN_STAY, memory_order_release);
            (void)CALLOUT_CALL(
                start_cpu, start_cpu_fn, bringup_syspage, cpu, 0, STEP_INIT);
            request.failed(cpu, bringup_apic_ids[cpu], "no answer to its SIPI");
        }
    }
}

// Fault injection: a CPU that was given up comes after all.
static void start_late(uint32_t limit) {
    cpu_id_t cpu = SYSPAGE_ENTRY(bringup_syspage, system_private)->fault_late;
    if (cpu == 0 || cpu >= limit) {
        return;
    }
    wait_us(INIT_WAIT_US);
    (void)CALLOUT_CALL(
        start_cpu, start_cpu_fn, bringup_syspage, cpu, request.trampoline_page,
        STEP_SIPI);
    bool came = wait_while(PARKED, cpu, cpu + 1);
    request.failed(
        cpu, bringup_apic_ids[cpu],
        came ? "came too late" : "did not come late either");
}

// Pairs with the smp_spin callout's load.
static uint32_t release_all(uint32_t limit) {
    uint32_t count = count_state(ARRIVED, 1, limit);
    for (cpu_id_t cpu = 1; cpu < limit; cpu++) {
        if (atomic_load_explicit(&states[cpu], memory_order_acquire) ==
            ARRIVED) {
            atomic_store_explicit(&go[cpu], SPIN_GO, memory_order_release);
        }
    }
    return count;
}

static void trampoline_place(void) {
    memset(request.trampoline, INT3, PAGE_SIZE);
    memcpy(
        request.trampoline, trampoline_start,
        (size_t)(trampoline_end - trampoline_start));
    struct trampoline_mailbox *mailbox =
        (void
             *)((char *)request.trampoline + (trampoline_mailbox - trampoline_start));
    uint32_t base = (uint32_t)request.trampoline_page;
    mailbox->cr3 = (uint32_t)request.tables;
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
    request = *how;
    smp_spin = callout_find(syspage, SYSPAGE_ENTRY(syspage, smp)->smp_spin);
    bringup_spin = smp_spin.code;
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
    (void)wait_while(WAITING, 1, limit);
    park_missing(limit);
    start_late(limit);
    return 1 + release_all(limit);
}
