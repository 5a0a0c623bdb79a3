// SPDX-License-Identifier: MIT
// See watch.h.
#include "tools/scope/watch.h"

#include <stdlib.h>
#include <string.h>

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/vectors.h"
#include "tools/scope/image.h"
#include "tools/scope/instruction.h"
#include "tools/scope/machine.h"

#define LINE_PAIR 128     // two cache lines: what one thread writes
#define IRET_FLAGS_READ 3 // IRET reads rip, cs, rflags
#define POPF_FLAGS_READ 1
#define MAX_ENTRIES 8

// One CPU, on cache lines of its own: the CPUs' threads run at the same time.
struct cpu {
    struct section_cpu sections;
    uint64_t unknown; // loads of RFLAGS that could not be read
    uint32_t reads;   // of the IRET or POPF that is being executed
    uint32_t index;
    struct census census;
};

static struct cpu **cpus;
static uint32_t num_cpus;
static FILE *log_file;

// Addresses of the image, 0 beyond the last one.
static uint64_t gate_entries[MAX_ENTRIES]; // of SYSCALL
static uint64_t gate_ends[MAX_ENTRIES];
static uint64_t gate_tables[MAX_ENTRIES]; // what its CALL reads, by slot
static uint64_t boot_entries[2];
static uint64_t trap_stubs[NUM_EXCEPTIONS];

// --- what is heard of sections
// --------------------------------------------------

// The last call before an end, if it is of the function that the end is in.
static uint64_t caller_of(uint64_t call, uint64_t end) {
    return call != 0 && image_is_call_of(call, end) ? call : 0;
}

static void log_section(const struct cpu *cpu, const struct section *section) {
    uint32_t slot = section->kind - SECTION_CUSTOM;
    if (log_file != NULL && slot < CALLOUT_SLOTS) {
        char to[NAME_SIZE];
        machine_name(section->ends.to, to);
        fprintf(
            log_file, "%u %u %lu %s\n", cpu->index, slot, section->count, to);
    }
}

static void section_ended(void *data, struct section *section) {
    struct cpu *cpu = data;
    struct section_ends *ends = &section->ends;
    ends->from_call = caller_of(ends->from_call, ends->from);
    ends->to_call = caller_of(ends->to_call, ends->to);
    census_add(&cpu->census, section, cpu->index);
    log_section(cpu, section);
}

// --- what is called before an instruction; data is its address
// ------------------

static void on_other(unsigned index, void *data) {
    (void)data;
    section_other(&cpus[index]->sections);
}

static void on_near_call(unsigned index, void *data) {
    section_call(&cpus[index]->sections, (uintptr_t)data);
}

static void on_boot(unsigned index, void *data) {
    section_boot(&cpus[index]->sections, (uintptr_t)data);
}

static void on_syscall(unsigned index, void *data) {
    section_entry(&cpus[index]->sections, SECTION_CALL, (uintptr_t)data);
}

static int vector_of(uint64_t address) {
    for (int v = 0; v < NUM_EXCEPTIONS; v++) {
        if (trap_stubs[v] == address) {
            return v;
        }
    }
    return machine_vector_of(address);
}

static void on_vector(unsigned index, void *data) {
    uint32_t kind = SECTION_VECTOR + (uint32_t)vector_of((uintptr_t)data);
    section_entry(&cpus[index]->sections, kind, (uintptr_t)data);
}

static void on_cli(unsigned index, void *data) {
    section_cli(&cpus[index]->sections, (uintptr_t)data);
}

static void on_sti(unsigned index, void *data) {
    section_sti(&cpus[index]->sections, (uintptr_t)data);
}

static void on_sysret(unsigned index, void *data) {
    section_sysret(&cpus[index]->sections, (uintptr_t)data);
}

static void on_flags(unsigned index, void *data) {
    (void)data;
    cpus[index]->reads = 0;
    section_other(&cpus[index]->sections);
}

// --- what is called after an access to memory
// -----------------------------------

// RFLAGS as they were read, as far as they can be known.
static bool flags_are_on(
    struct cpu *cpu, qemu_plugin_meminfo_t info, uint64_t vaddr) {
    const struct qemu_plugin_hwaddr *where =
        qemu_plugin_get_hwaddr(info, vaddr);
    uint64_t flags = 0;
    if (where == NULL || qemu_plugin_hwaddr_is_io(where) ||
        !machine_read(qemu_plugin_hwaddr_phys_addr(where), &flags)) {
        cpu->unknown++;
        return true;
    }
    return (flags & RFLAGS_IF) != 0;
}

static void flags_read(
    struct cpu *cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data,
    uint32_t which) {
    if (!qemu_plugin_mem_is_store(info) && ++cpu->reads == which) {
        section_flags(
            &cpu->sections, flags_are_on(cpu, info, vaddr), (uintptr_t)data);
    }
}

static void on_iret_access(
    unsigned index, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data) {
    flags_read(cpus[index], info, vaddr, data, IRET_FLAGS_READ);
}

static void on_popf_access(
    unsigned index, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data) {
    flags_read(cpus[index], info, vaddr, data, POPF_FLAGS_READ);
}

// The gate calls by way of a table of slots: this is a custom call, of the slot
// whose place is read.
static void on_slot_access(
    unsigned index, qemu_plugin_meminfo_t info, uint64_t vaddr, void *data) {
    (void)data;
    for (size_t i = 0; i < MAX_ENTRIES && !qemu_plugin_mem_is_store(info);
         i++) {
        uint64_t slot = (vaddr - gate_tables[i]) / sizeof(uint64_t);
        if (gate_tables[i] != 0 && slot < CALLOUT_SLOTS) {
            section_reclass(
                &cpus[index]->sections, SECTION_CUSTOM + (uint32_t)slot);
        }
    }
}

// --- translation
// ----------------------------------------------------------------

static bool is_among(uint64_t address, const uint64_t *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (list[i] == address) {
            return true;
        }
    }
    return false;
}

static bool is_in_gate(uint64_t address) {
    for (size_t i = 0; i < MAX_ENTRIES; i++) {
        if (address >= gate_entries[i] && address < gate_ends[i]) {
            return true;
        }
    }
    return false;
}

static qemu_plugin_exec_cb *callback_of(
    uint64_t address, enum instruction instruction) {
    if (is_among(address, gate_entries, MAX_ENTRIES)) {
        return on_syscall;
    }
    if (is_among(address, boot_entries, 2)) {
        return on_boot;
    }
    if (vector_of(address) >= 0) {
        return on_vector;
    }
    switch (instruction) {
    case INSTRUCTION_CALL:
        return on_near_call;
    case INSTRUCTION_CLI:
        return on_cli;
    case INSTRUCTION_STI:
        return on_sti;
    case INSTRUCTION_SYSRET:
        return on_sysret;
    case INSTRUCTION_IRET:
    case INSTRUCTION_POPF:
        return on_flags;
    default:
        return on_other;
    }
}

static qemu_plugin_mem_cb *access_callback_of(
    uint64_t address, enum instruction instruction) {
    switch (instruction) {
    case INSTRUCTION_IRET:
        return on_iret_access;
    case INSTRUCTION_POPF:
        return on_popf_access;
    case INSTRUCTION_CALL_MEMORY:
        return is_in_gate(address) ? on_slot_access : NULL;
    default:
        return NULL;
    }
}

void watch(struct qemu_plugin_insn *insn, uint64_t address) {
    void *data = (void *)address; // callbacks take it back as a number
    enum instruction instruction = instruction_of(
        qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn));
    qemu_plugin_register_vcpu_insn_exec_cb(
        insn, callback_of(address, instruction), QEMU_PLUGIN_CB_NO_REGS, data);
    qemu_plugin_mem_cb *access = access_callback_of(address, instruction);
    if (access != NULL) {
        qemu_plugin_register_vcpu_mem_cb(
            insn, access, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW, data);
    }
}

// --- the end
// --------------------------------------------------------------------

void watch_report(FILE *to, void (*print)(FILE *to, const struct report *)) {
    struct census *all = calloc(1, sizeof(*all));
    const struct section_cpu **states =
        calloc(num_cpus, sizeof(const struct section_cpu *));
    if (all == NULL || states == NULL) {
        abort();
    }
    struct report report = {
        .census = all, .cpus = states, .num_cpus = num_cpus};
    for (uint32_t i = 0; i < num_cpus; i++) {
        census_merge(all, &cpus[i]->census);
        states[i] = &cpus[i]->sections;
        report.unknown += cpus[i]->unknown;
    }
    print(to, &report);
    free(states);
    census_free(all);
}

// --- the beginning
// --------------------------------------------------------------

// Values and ends of the symbols that begin so; false if there is none.
static bool symbols_find(
    const char *prefix, uint64_t values[MAX_ENTRIES],
    uint64_t ends[MAX_ENTRIES]) {
    size_t count = 0;
    while (count < MAX_ENTRIES &&
           image_symbol_like(prefix, count, &values[count], &ends[count])) {
        count++;
    }
    return count > 0 && count < MAX_ENTRIES;
}

static bool addresses_find(void) {
    uint64_t unused[MAX_ENTRIES];
    bool found = symbols_find("gate_entry", gate_entries, gate_ends) &&
                 symbols_find("gate_slots", gate_tables, unused);
    boot_entries[0] = image_symbol("kernel_start");
    boot_entries[1] = image_symbol("bringup_entry");
    for (uint32_t v = 0; v < NUM_EXCEPTIONS; v++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "trap_stub_%u", v);
        trap_stubs[v] = image_symbol(name);
    }
    return found && !is_among(0, boot_entries, 2) &&
           !is_among(0, trap_stubs, NUM_EXCEPTIONS);
}

bool watch_init(uint32_t count, FILE *log) {
    if (!addresses_find()) {
        fprintf(stderr, "scope: the image lacks symbols of entries\n");
        return false;
    }
    cpus = calloc(count, sizeof(struct cpu *));
    size_t size = (sizeof(struct cpu) + LINE_PAIR - 1) / LINE_PAIR * LINE_PAIR;
    for (uint32_t i = 0; i < count; i++) {
        struct cpu *cpu = cpus == NULL ? NULL : aligned_alloc(LINE_PAIR, size);
        if (cpu == NULL) {
            fprintf(stderr, "scope: no memory for %u CPUs\n", count);
            return false;
        }
        memset(cpu, 0, size);
        cpu->index = i;
        cpu->sections.listener = section_ended;
        cpu->sections.data = cpu;
        cpus[i] = cpu;
    }
    num_cpus = count;
    log_file = log;
    return true;
}
