// SPDX-License-Identifier: MIT
// The composition root: one call a line, in the order in which the machine
// comes to life. This file alone may look into every folder.
#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/cache.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/cpu.h"
#include "kernel/initrd.h"
#include "kernel/interrupt.h"
#include "kernel/kernel_sections.h"
#include "kernel/machine.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/scheduler.h"
#include "kernel/selftest.h"
#include "kernel/symbols.h"
#include "kernel/timer.h"
#include "kernel/tolls.h"
#include "kernel/traps.h"
#include "kernel/tty.h"
#include "kernel/wait.h"
#include "smp/bringup.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"
#include "syscall/abi.h"
#include "syscall/gate.h"

#define INT3 0xcc
#define LOW_MEMORY 0x100000ul

void kernel_main(struct syspage_entry *syspage);
_Noreturn void stack_switch(
    uintptr_t top, void (*go_on)(void *), void *argument);

static struct syspage_entry *machine;

// --- each CPU ---------------------------------------------------------------

static void timer_init_cpu(void) {
    const struct qtime_entry *qtime = SYSPAGE_ENTRY(machine, qtime);
    if (timer_of(this_cpu()->cpu_id) != this_cpu()->cpu_id) {
        return;
    }
    // Unmasked first: a shot that is due while masked is lost, and all that
    // would come after it (82093AA, "I/O Redirection Table Registers",
    // interrupt mask).
    bool irq = irq_save();
    uint32_t vector = interrupt_of_entry(qtime->intr);
    bool unmasked = (qtime->flags & QTIME_PER_CPU) != 0
                        ? interrupt_unmask_here(vector)
                        : interrupt_unmask(vector);
    if (!unmasked) {
        panic("the timer's interrupt %u can't be unmasked", vector);
    }
    timer_start_cpu();
    irq_restore(irq);
}

static void cpu_go(void) {
    timer_init_cpu();
    cpu_set_add(&cpus_up, this_cpu()->cpu_id);
    atomic_fetch_add_explicit(&num_cpus_up, 1, memory_order_release);
    irq_on();
}

static void ap_prepare(cpu_id_t cpu) {
    paging_init_cpu();
    cpu_init_cpu(cpu);
    traps_init_cpu();
}

static void ap_main(cpu_id_t cpu) {
    (void)cpu;
    gate_init_cpu();
    callout_init_cpu();
    scheduler_init_cpu();
    cpu_go();
    scheduler_idle();
}

// --- the other CPUs ---------------------------------------------------------

static void cpu_failed(cpu_id_t cpu, uint32_t apic_id, const char *why) {
    kprintf("tollgate: CPU %u (APIC ID %u): %s; left out\n", cpu, apic_id, why);
}

static uint32_t cpus_wanted(void) {
    if (SYSPAGE_ENTRY(machine, smp)->start_cpu == 0) {
        return 1;
    }
    uint32_t max = SYSPAGE_ENTRY(machine, system_private)->max_cpus;
    return max != 0 && max < machine->num_cpu ? max : machine->num_cpu;
}

static uint32_t blocks_create(void) {
    uint32_t wanted = cpus_wanted();
    for (cpu_id_t cpu = 1; cpu < wanted; cpu++) {
        if (!cpu_create(machine, cpu) || !scheduler_create_idle(cpu)) {
            kprintf(
                "tollgate: no memory for CPU %u and those after it; left "
                "out\n",
                cpu);
            return cpu;
        }
    }
    return wanted;
}

static void cpus_wait(uint32_t count) {
    cycles_t start = rdtsc();
    while (atomic_load_explicit(&num_cpus_up, memory_order_acquire) < count) {
        pause();
        if (wait_is_over(start)) {
            panic(
                "%u of %u CPUs came up and then got lost",
                count -
                    atomic_load_explicit(&num_cpus_up, memory_order_relaxed),
                count);
        }
    }
}

static void cpus_start(void) {
    if (cpus_wanted() <= 1) {
        return;
    }
    // Before anything else can take what there is of it.
    paddr_t page = pages_alloc(1, LOW_MEMORY);
    paddr_t tables = paging_create_low();
    if (page == 0 || tables == 0 ||
        !paging_map(tables, page, page, PAGE_EXEC)) {
        kprintf("tollgate: no memory below 1 MiB: one CPU\n");
        return;
    }
    uint32_t limit = blocks_create();
    struct bringup how = {
        .trampoline = direct(page),
        .trampoline_page = page,
        .tables = tables,
        .kernel_root = paging_kernel_root,
        .cycles_per_sec = SYSPAGE_ENTRY(machine, qtime)->cycles_per_sec,
        .prepare = ap_prepare,
        .ready = ap_main,
        .failed = cpu_failed,
    };
    cpus_wait(bringup_start(machine, &how, limit));
    (void)paging_unmap(tables, page);
    paging_destroy(tables);
    page_free(page);
}

// --- startup's end ----------------------------------------------------------

// Nothing of startup runs any more: whoever strays there traps.
static void startup_free(void) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(machine, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(machine, asinfo); i++) {
        if (strcmp(SYSPAGE_STRING(machine, as[i].name), "startup") == 0) {
            memset(direct(as[i].start), INT3, as[i].end + 1 - as[i].start);
            pages_release(as[i].start, as[i].end + 1);
        }
    }
}

// --- the boot CPU -----------------------------------------------------------

static void greet(void) {
    kprintf(
        "tollgate: %u of %u CPUs up, %zu MiB of %zu MiB free\n",
        atomic_load_explicit(&num_cpus_up, memory_order_relaxed),
        machine->num_cpu, pages_free_count() * PAGE_SIZE >> 20,
        pages_total_count() * PAGE_SIZE >> 20);
}

static void sections_start(void) {
    bool full = SYSPAGE_ENTRY(machine, system_private)->toll == TOLL_FULL;
    if (!kernel_sections_set(full)) {
        kprintf("tollgate: no memory to measure the kernel's own sections\n");
    }
}

// On the boot CPU's own stack, which becomes its idle thread's.
static void boot_main(void *argument) {
    (void)argument;
    startup_free();
    interrupt_init(machine);
    traps_init_interrupts();
    callout_init_cpu();
    gate_init(machine);
    gate_init_cpu();
    clock_init(machine);
    timer_init(machine);
    tolls_init(machine);
    cache_init(machine);
    initrd_init(machine);
    tty_init(machine);
    scheduler_init();
    scheduler_init_cpu();
    cpu_go();
    cpus_start();
    sections_start();
    greet();
    selftest_run(machine);
    process_start_first(machine);
    scheduler_idle();
}

void kernel_main(struct syspage_entry *syspage) {
    machine = syspage;
    struct qtime_entry *qtime = SYSPAGE_ENTRY(syspage, qtime);
    wait_limit_cycles = qtime->cycles_per_sec * WAIT_LIMIT_SECONDS;
    qtime->nsec_inc = TICK_NS;
    cpu_init_early();
    callouts_init(syspage);
    machine_init(syspage);
    symbols_init(syspage);
    pages_init(syspage);      // what startup's tables reach
    paging_init(syspage);     // the kernel's own tables
    pages_init_high(syspage); // the rest
    ipi_init(syspage);
    traps_init(syspage);
    if (!cpu_create(syspage, 0) || !scheduler_create_idle(0)) {
        panic("no memory for the boot CPU");
    }
    cpu_init_cpu(0);
    traps_init_cpu();
    stack_switch(cpu_idle_stack(0), boot_main, NULL);
}
