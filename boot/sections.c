// SPDX-License-Identifier: MIT
// See sections.h.
#include "boot/sections.h"

#include "boot/boot.h"
#include "boot/console.h"
#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define MACHINE_NAME "x86pc"
#define HZ_PER_MHZ 1000000
#define NSEC_PER_SEC 1000000000u
#define TICKS_PER_SEC 1000 // until the kernel chooses

// Where CPUID describes the caches, in one format: leaf 4 (Intel SDM volume 2,
// "Deterministic Cache Parameters Leaf"), or AMD's own (APM volume 3).
#define CPUID_CACHES 4
#define CPUID_EXT_MAX 0x80000000u
#define CPUID_EXT_FEATURES 0x80000001u
#define CPUID_EXT_FEATURES_TOPOLOGY (1u << 22) // of ecx
#define CPUID_EXT_CACHES 0x8000001du
#define CACHES_MAX 8
#define CACHE_TYPE_NONE 0
#define CACHE_TYPE_DATA 1
#define CACHE_TYPE_INSTR 2

void init_system_private(const struct machine *machine) {
    struct system_private_entry *private = section_add(
        &lsp.system_private, sizeof(*private) + NUM_VECTORS * sizeof(uint64_t));
    const struct options *options = &machine->options;
    private->stack_top = (uintptr_t)boot_stack_top;
    private->toll = options->toll;
    private->program_type = options->type;
    private->max_cpus = options->cpus;
    private->program_stdin = options->program_stdin;
    private->tty_rows = options->tty_rows;
    private->tty_columns = options->tty_columns;
    private->selftest = options->selftest_break ? SELFTEST_BREAK
                        : options->selftest     ? SELFTEST_ON
                                                : 0;
    if (options->fault_late != OPTIONS_NO_CPU) {
        private->fault_late = options->fault_late;
    }
    if (options->fault_sipi != OPTIONS_NO_CPU) {
        private->fault_sipi = options->fault_sipi;
    }
}

void init_cpuinfo(const struct machine *machine) {
    uint32_t name = add_string(machine->cpu_name);
    for (uint32_t i = 0; i < machine->num_cpus; i++) {
        struct cpuinfo_entry *entry = section_add(&lsp.cpuinfo, sizeof(*entry));
        entry->cpu = machine->cpu_signature;
        entry->apic_id = machine->apic_ids[i];
        entry->speed = (uint32_t)(machine->tsc_hz / HZ_PER_MHZ);
        entry->flags = machine->cpu_flags;
        entry->name = name;
    }
}

static void cacheattr_add(struct cpuid r) {
    struct cacheattr_entry *entry = section_add(&lsp.cacheattr, sizeof(*entry));
    uint32_t type = r.eax & 0x1f;
    uint32_t partitions = (r.ebx >> 12 & 0x3ff) + 1;
    entry->level = r.eax >> 5 & 0x7;
    entry->line_size = (r.ebx & 0xfff) + 1;
    entry->ways = (r.ebx >> 22) + 1;
    entry->num_lines = entry->ways * partitions * (r.ecx + 1);
    entry->flags = type == CACHE_TYPE_DATA    ? CACHE_FLAG_DATA
                   : type == CACHE_TYPE_INSTR ? CACHE_FLAG_INSTR
                                              : CACHE_FLAG_UNIFIED;
}

// A cache's next level: the first later entry of a higher level that holds what
// it holds.
static uint32_t cacheattr_next(
    const struct cacheattr_entry *caches, uint32_t count, uint32_t i) {
    for (uint32_t next = i + 1; next < count; next++) {
        if (caches[next].level > caches[i].level &&
            (caches[next].flags & caches[i].flags) != 0) {
            return next;
        }
    }
    return CACHE_LIST_END;
}

// The leaf that this processor has, or 0.
static uint32_t caches_leaf(void) {
    if (cpuid(CPUID_EXT_MAX, 0).eax >= CPUID_EXT_CACHES &&
        (cpuid(CPUID_EXT_FEATURES, 0).ecx & CPUID_EXT_FEATURES_TOPOLOGY) != 0) {
        return CPUID_EXT_CACHES;
    }
    return cpuid(0, 0).eax >= CPUID_CACHES ? CPUID_CACHES : 0;
}

// What is left where CPUID does not describe the caches: CLFLUSH says how long
// a line is.
static void cacheattr_add_unknown(uint32_t line_size) {
    struct cacheattr_entry *entry = section_add(&lsp.cacheattr, sizeof(*entry));
    entry->next = CACHE_LIST_END;
    entry->line_size = line_size;
    entry->level = 1;
    entry->flags = CACHE_FLAG_DATA;
}

void init_cacheattr(const struct machine *machine) {
    uint32_t leaf = caches_leaf();
    uint32_t count = 0;
    for (; leaf != 0 && count < CACHES_MAX; count++) {
        struct cpuid r = cpuid(leaf, count);
        if ((r.eax & 0x1f) == CACHE_TYPE_NONE) {
            break;
        }
        cacheattr_add(r);
    }
    if (count == 0 && machine->clflush_size != 0) {
        cacheattr_add_unknown(machine->clflush_size);
        return;
    }
    struct cacheattr_entry *caches = section_at(&lsp.cacheattr, 0);
    for (uint32_t i = 0; i < count; i++) {
        caches[i].next = cacheattr_next(caches, count, i);
    }
}

static void hwinfo_add_power(const struct machine *machine) {
    if (!machine->has_s5) {
        return;
    }
    const struct fadt *fadt = &machine->fadt;
    hwi_add("pm1a", HW_FLAG_PORT, fadt->pm1a_control.address, 2, HW_NO_VECTOR);
    if (fadt->pm1b_control.address != 0) {
        hwi_add(
            "pm1b", HW_FLAG_PORT, fadt->pm1b_control.address, 2, HW_NO_VECTOR);
    }
}

void init_hwinfo(const struct machine *machine) {
    static const uint16_t uarts[] = {UART_COM1, UART_COM2, UART_COM3};
    for (size_t i = 0; i < ARRAY_SIZE(uarts); i++) {
        if (console_has_uart(uarts[i])) {
            hwi_add("16550", HW_FLAG_PORT, uarts[i], UART_PORTS, HW_NO_VECTOR);
        }
    }
    if (console_has_debugcon()) {
        hwi_add("debugcon", HW_FLAG_PORT, DEBUGCON_PORT, 1, HW_NO_VECTOR);
    }
    if (machine->has_lapic) {
        hwi_add(
            "lapic", HW_FLAG_MEMORY, machine->lapic_address, PAGE_SIZE,
            HW_NO_VECTOR);
    }
    for (uint32_t i = 0; i < machine->num_ioapics; i++) {
        const struct machine_ioapic *io = &machine->ioapics[i];
        hwi_add("ioapic", HW_FLAG_MEMORY, io->address, PAGE_SIZE, io->gsi_base);
    }
    hwi_add(
        "pit", HW_FLAG_PORT, PIT_CHANNEL0, PIT_PORTS,
        machine->isa[ISA_TIMER].gsi);
    if (machine->has_hpet || machine->has_hpet_msi) {
        hwi_add(
            "hpet", HW_FLAG_MEMORY, machine->hpet_address, HPET_SIZE,
            machine->isa[ISA_TIMER].gsi);
    }
    hwinfo_add_power(machine);
}

void init_qtime(const struct machine *machine) {
    struct qtime_entry *qtime = section_add(&lsp.qtime, sizeof(*qtime));
    qtime->cycles_per_sec = machine->tsc_hz;
    qtime->nsec_inc = NSEC_PER_SEC / TICKS_PER_SEC;
    qtime->boot_time = machine->boot_time;
    qtime->boot_cc = machine->boot_cc;
    // timer_hz, intr and flags come with the timer's version.
}

void init_smp(const struct machine *machine) {
    struct smp_entry *smp = section_add(&lsp.smp, sizeof(*smp));
    if (machine->has_lapic) {
        smp->ipi_vector = VECTOR_LAPIC + LAPIC_IPI;
    }
    // Its callouts come with the version of category smp.
}

void init_strings(const struct machine *machine) {
    add_typed_string(CS_MACHINE, MACHINE_NAME);
    add_typed_string(CS_CMDLINE, machine->info.cmdline);
    for (uint32_t i = 0; i < machine->options.argc; i++) {
        add_typed_string(CS_ARG, machine->options.argv[i]);
    }
}
