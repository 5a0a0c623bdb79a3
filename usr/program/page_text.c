// SPDX-License-Identifier: MIT
// See page.h: the sections as text.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/include/tollgate.h"
#include "usr/program/page.h"

#define NSEC_PER_USEC 1000
#define STUBS 256 // entries of the IDT
// A name for one bit of a flag word.
struct flag_name {
    uint32_t flag;
    const char *name;
};

// Print the names of the bits that are set, a blank before each.
static void print_flags(
    uint32_t flags, const struct flag_name *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if ((flags & names[i].flag) == names[i].flag) {
            printf(" %s", names[i].name);
            flags &= ~names[i].flag;
        }
    }
    if (flags) {
        printf(" 0x%x", flags);
    }
}
#define PRINT_FLAGS(flags, names)                                              \
    print_flags(flags, names, sizeof(names) / sizeof((names)[0]))

// Print one pointer to a callout.
static void print_callout(const char *name, uint64_t code) {
    if (code) {
        printf("  %-14s 0x%016" PRIx64 "\n", name, code);
    } else {
        printf("  %-14s none\n", name);
    }
}

void text_header(void) {
    printf(
        "  size           %u bytes, %u with storage and code\n"
        "  type           0x%x\n"
        "  num_cpu        %u\n",
        page->size, page->total_size, page->type, page->num_cpu);
#define PRINT_SECTION(name)                                                    \
    printf(                                                                    \
        "  %-14s at 0x%06x, %7u bytes\n", #name, page->name.offset,            \
        page->name.size)
    PRINT_SECTION(system_private);
    PRINT_SECTION(asinfo);
    PRINT_SECTION(hwinfo);
    PRINT_SECTION(cpuinfo);
    PRINT_SECTION(cacheattr);
    PRINT_SECTION(qtime);
    PRINT_SECTION(callout);
    PRINT_SECTION(typed_strings);
    PRINT_SECTION(strings);
    PRINT_SECTION(intrinfo);
    PRINT_SECTION(smp);
    PRINT_SECTION(custom);
    PRINT_SECTION(callout_info);
    PRINT_SECTION(storage);
    PRINT_SECTION(code);
}

static const char *stdin_name(uint32_t kind) {
    return kind == STDIN_TTY ? "tty" : kind == STDIN_PIPE ? "pipe" : "none";
}

void text_system_private(void) {
    const struct system_private_entry *private =
        SYSPAGE_ENTRY(page, system_private);
    const uint64_t *stubs =
        (const uint64_t *)((uintptr_t)page + private->vector_stubs);
    uint32_t used = 0;
    for (uint32_t i = 0; i < STUBS; i++) {
        used += stubs[i] != 0;
    }
    print_callout("intr_dispatch", private->intr_dispatch);
    print_callout("intr_exit", private->intr_exit);
    print_callout("fault_entry", private->fault_entry);
    printf(
        "  vector_stubs   at 0x%" PRIx64 ", %u of %u IDT entries\n"
        "  syspage_paddr  0x%" PRIx64 "\n"
        "  stack_top      0x%" PRIx64 "\n"
        "  toll           %s\n"
        "  program_type   %u\n"
        "  max_cpus       %u%s\n"
        "  fault_sipi     %u%s\n"
        "  selftest       %s\n"
        "  program_stdin  %s, %u rows, %u columns\n",
        private->vector_stubs, used, STUBS, private->syspage_paddr,
        private->stack_top, toll_name(private->toll), private->program_type,
        private->max_cpus, private->max_cpus ? "" : " (all)",
        private->fault_sipi, private->fault_sipi ? "" : " (none)",
        private->selftest ? "yes" : "no", stdin_name(private->program_stdin),
        private->tty_rows, private->tty_columns);
}

void text_asinfo(void) {
    static const struct flag_name names[] = {
        {AS_ATTR_READABLE, "readable"},
        {AS_ATTR_WRITABLE, "writable"},
        {AS_ATTR_RAM, "ram"}};
    const struct asinfo_entry *entry = SYSPAGE_ENTRY(page, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, asinfo); i++, entry++) {
        printf(
            "  %016" PRIx64 "-%016" PRIx64 " %-8s", entry->start, entry->end,
            tollgate_string(entry->name));
        PRINT_FLAGS(entry->attr, names);
        if (entry->detail) {
            printf(" (%s)", tollgate_string(entry->detail));
        }
        printf("\n");
    }
}

void text_hwinfo(void) {
    const struct hwinfo_entry *entry = SYSPAGE_ENTRY(page, hwinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, hwinfo); i++, entry++) {
        printf(
            "  %-14s %s 0x%" PRIx64 ", length %u", tollgate_string(entry->name),
            entry->flags & HW_FLAG_PORT ? "port" : "memory", entry->base,
            entry->length);
        if (entry->vector != HW_NO_VECTOR) {
            printf(", interrupt %u", entry->vector);
        }
        printf("\n");
    }
}

void text_cpuinfo(void) {
    static const struct flag_name names[] = {
        {CPU_FLAG_NX, "nx"},
        {CPU_FLAG_SMEP, "smep"},
        {CPU_FLAG_SMAP, "smap"},
        {CPU_FLAG_UMIP, "umip"},
        {CPU_FLAG_PGE, "pge"},
        {CPU_FLAG_INVARIANT_TSC, "invariant-tsc"},
        {CPU_FLAG_HYPERVISOR, "hypervisor"}};
    const struct cpuinfo_entry *entry = SYSPAGE_ENTRY(page, cpuinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, cpuinfo); i++, entry++) {
        printf(
            "  CPU %-3u APIC ID %u, %u MHz, signature 0x%x, %s\n         ", i,
            entry->apic_id, entry->speed, entry->cpu,
            tollgate_string(entry->name));
        PRINT_FLAGS(entry->flags, names);
        printf("\n");
    }
}

void text_cacheattr(void) {
    const struct cacheattr_entry *entry = SYSPAGE_ENTRY(page, cacheattr);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, cacheattr); i++, entry++) {
        const char *kind = entry->flags == CACHE_FLAG_DATA    ? "data"
                           : entry->flags == CACHE_FLAG_INSTR ? "instruction"
                                                              : "unified";
        printf(
            "  %u: level %u %s, lines of %u bytes", i, entry->level, kind,
            entry->line_size);
        if (entry->num_lines) {
            printf(", %u of them, %u ways", entry->num_lines, entry->ways);
        } else {
            printf(", how many is not known");
        }
        if (entry->next != CACHE_LIST_END) {
            printf(", next %u", entry->next);
        }
        printf(entry->control ? ", control callout\n" : "\n");
    }
}

void text_qtime(void) {
    const struct qtime_entry *time = SYSPAGE_ENTRY(page, qtime);
    printf(
        "  cycles_per_sec %" PRIu64 "\n"
        "  nsec_inc       %" PRIu64 " (a tick is %" PRIu64 " us)\n"
        "  boot_time      %" PRIu64 " seconds since 1970\n"
        "  boot_cc        %" PRIu64 "\n"
        "  timer_hz       %" PRIu64 "\n"
        "  timer_load     %" PRIu64 "\n"
        "  intr           0x%x%s%s\n",
        time->cycles_per_sec, time->nsec_inc, time->nsec_inc / NSEC_PER_USEC,
        time->boot_time, time->boot_cc, time->timer_hz, time->timer_load,
        time->intr, time->flags & QTIME_PER_CPU ? ", a timer on each CPU" : "",
        time->flags & QTIME_ONE_SHOT ? ", one-shot" : "");
}

void text_callout(void) {
    static const char *const devices[NUM_DEBUG] = {
        [DEBUG_CONSOLE] = "console",
        [DEBUG_PROGRAM] = "program",
        [DEBUG_REPORT] = "report"};
    const struct callout_entry *callout = SYSPAGE_ENTRY(page, callout);
    print_callout("reboot", callout->reboot);
    print_callout("power", callout->power);
    print_callout("idle", callout->idle);
    print_callout("timer_load", callout->timer_load);
    print_callout("timer_reload", callout->timer_reload);
    print_callout("timer_value", callout->timer_value);
    for (int i = 0; i < NUM_DEBUG; i++) {
        printf("  debug %d, %s:\n", i, devices[i]);
        print_callout("display_char", callout->debug[i].display_char);
        print_callout("poll_key", callout->debug[i].poll_key);
        print_callout("break_detect", callout->debug[i].break_detect);
    }
    print_callout("custom", callout->custom);
}

void text_typed_strings(void) {
    const struct typed_string *entry = SYSPAGE_ENTRY(page, typed_strings);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, typed_strings); i++, entry++) {
        const char *type = entry->type == CS_MACHINE   ? "machine"
                           : entry->type == CS_CMDLINE ? "command line"
                           : entry->type == CS_ARG     ? "argument"
                                                       : "?";
        printf(
            "  %-14s (0x%x) \"%s\"\n", type, entry->type,
            tollgate_string(entry->string));
    }
}

void text_strings(void) {
    const char *strings = SYSPAGE_ENTRY(page, strings);
    for (uint32_t i = 0; i < page->strings.size;) {
        if (strings[i]) {
            printf("  0x%04x \"%s\"\n", i, strings + i);
        }
        i += (uint32_t)strlen(strings + i) + 1;
    }
}

static void print_stub(const char *name, const struct intr_stub *stub) {
    static const struct flag_name names[] = {
        {INTR_GENFLAG_LOAD_SYSPAGE, "syspage"},
        {INTR_GENFLAG_LOAD_INTRINFO, "intrinfo"},
        {INTR_GENFLAG_LOAD_LEVEL, "level"},
        {INTR_GENFLAG_LOAD_INTRMASK, "intrmask"},
        {INTR_GENFLAG_NOGLITCH, "noglitch"},
        {INTR_GENFLAG_LOAD_CPUNUM, "cpunum"},
        {INTR_GENFLAG_ID_LOOP, "id-loop"}};
    printf(
        "    %-6s 0x%016" PRIx64 ", %u bytes, loads:", name, stub->rtn,
        stub->size);
    PRINT_FLAGS(stub->genflags, names);
    printf("\n");
}

void text_intrinfo(void) {
    static const struct flag_name names[] = {
        {INTR_FLAG_NMI, "nmi"},
        {INTR_FLAG_CASCADE_IMPLICIT_EOI, "cascade-implicit-eoi"},
        {INTR_FLAG_CPU_FAULT, "cpu-fault"},
        {INTR_FLAG_SMP_BROADCAST_MASK, "broadcast-mask"},
        {INTR_FLAG_SMP_BROADCAST_UNMASK, "broadcast-unmask"},
        {INTR_FLAG_MSI, "msi"}};
    const struct intrinfo_entry *entry = SYSPAGE_ENTRY(page, intrinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, intrinfo); i++, entry++) {
        printf(
            "  %s: %u vectors from %u, IDT from 0x%x by %u,",
            tollgate_string(entry->name), entry->num_vectors,
            entry->vector_base, entry->cpu_intr_base, entry->cpu_intr_stride);
        if (entry->cascade_vector != INTR_NO_CASCADE) {
            printf(" cascaded at %u,", entry->cascade_vector);
        }
        printf(" flags:");
        PRINT_FLAGS(entry->flags, names);
        printf("\n");
        print_stub("id", &entry->id);
        print_stub("eoi", &entry->eoi);
        print_callout("  mask", entry->mask);
        print_callout("  unmask", entry->unmask);
        print_callout("  config", entry->config);
    }
}

void text_smp(void) {
    const struct smp_entry *smp = SYSPAGE_ENTRY(page, smp);
    print_callout("send_ipi", smp->send_ipi);
    print_callout("init_cpu", smp->init_cpu);
    print_callout("start_cpu", smp->start_cpu);
    print_callout("smp_spin", smp->smp_spin);
    printf("  %-14s 0x%x\n", "ipi_vector", smp->ipi_vector);
}

// What the tolls of a slot say, on all CPUs.
static void print_counts(uint32_t index) {
    struct toll toll;
    bool measured;
    if (!slot_tolls(index, &toll, &measured)) {
        return;
    }
    if (measured) {
        printf(
            "    %" PRIu64 " calls measured, %" PRIu64 " overruns, ",
            toll.calls, toll.overruns);
    } else {
        printf("    calls not measured, ");
    }
    printf("%" PRIu64 " refused\n", toll.refusals);
}

static void print_slot(uint32_t index, const struct custom_slot *slot) {
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    printf(
        "  slot %u: %s %s, %u bytes at 0x%016" PRIx64 "%s\n"
        "    resource %s%s",
        index, slot->name, slot->version, slot->size, slot->code,
        slot->fenced ? " (fenced off)" : "", resource ? resource->name : "none",
        resource && slot->guards_itself ? " for part of its work" : "");
    printf(
        ", storage %u shared at 0x%x, %u on each CPU at 0x%x\n    budget ",
        slot->storage_size, slot->storage, slot->percpu_size, slot->percpu);
    if (slot->budget_cycles) {
        printf("%u cycles, types", slot->budget_cycles);
    } else {
        printf("none, types");
    }
    for (uint32_t i = 0; i < slot->num_types; i++) {
        printf(" %u", slot->types[i]);
    }
    printf(slot->num_types ? ", ports" : " all, ports");
    print_ranges(slot->ports, slot->num_ports);
    printf(", MSRs");
    print_ranges(slot->msrs, slot->num_msrs);
    printf("\n");
    print_counts(index);
}

void text_custom(void) {
    const struct custom_entry *custom = SYSPAGE_ENTRY(page, custom);
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        if (custom->slots[i].code) {
            print_slot(i, &custom->slots[i]);
        }
    }
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        const struct custom_resource *resource = &custom->resources[i];
        printf(
            "  resource %u: %s, %s lock at 0x%x\n", i, resource->name,
            lock_name(resource->lock_kind), resource->lock);
    }
    printf("  %u bytes of storage on each CPU\n", custom->percpu_size);
}

// The column `calls`, which may have no number.
static void print_calls(uint32_t index) {
    struct toll toll;
    bool measured;
    if (callout_is_counted(index)) {
        printf("%" PRIu64 "\n", callout_at(index)->calls);
    } else if (
        index < CALLOUT_SLOTS && slot_tolls(index, &toll, &measured) &&
        measured) {
        printf("%" PRIu64 "\n", toll.calls);
    } else {
        printf("-\n");
    }
}

static void print_row(uint32_t index) {
    const struct callout_info *info = callout_at(index);
    struct callout_place place;
    callout_place(index, &place);
    printf(
        "  %-9s %-12s %-10s %-9s %6x %5u ", tollgate_string(info->category),
        info->name, info->version, place.used_by[0] ? place.used_by : "-",
        info->code, info->size);
    if (info->rw_size) {
        printf("%5x+%-3u", info->rw, info->rw_size);
    } else {
        printf("%-9s", "        -");
    }
    printf(" %7u %016" PRIx64 " ", callout_patched_bytes(info), info->hash);
    print_calls(index);
}

void text_callout_info(void) {
    printf(
        "  %-9s %-12s %-10s %-9s %6s %5s %9s %7s %-16s %s\n", "category",
        "name", "version", "of", "code", "size", "storage", "patched", "hash",
        "calls");
    for (uint32_t i = 0; callout_at(i); i++) {
        if (callout_at(i)->size) {
            print_row(i);
        }
    }
}
