// SPDX-License-Identifier: MIT
// syspage [SECTION] - print the system page by section and by name.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/options.h"
#include "usr/include/tollgate.h"

#define NSEC_PER_USEC 1000

static const struct syspage_entry *page;

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

static void print_header(void) {
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

static void print_asinfo(void) {
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

static void print_hwinfo(void) {
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

static void print_cpuinfo(void) {
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

static void print_cacheattr(void) {
    const struct cacheattr_entry *entry = SYSPAGE_ENTRY(page, cacheattr);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, cacheattr); i++, entry++) {
        const char *kind = entry->flags == CACHE_FLAG_DATA    ? "data"
                           : entry->flags == CACHE_FLAG_INSTR ? "instruction"
                                                              : "unified";
        printf(
            "  %u: level %u %s, %u lines of %u bytes, %u ways", i, entry->level,
            kind, entry->num_lines, entry->line_size, entry->ways);
        if (entry->next != CACHE_LIST_END) {
            printf(", next %u", entry->next);
        }
        printf(entry->control ? ", control callout\n" : "\n");
    }
}

static void print_qtime(void) {
    const struct qtime_entry *time = SYSPAGE_ENTRY(page, qtime);
    printf(
        "  cycles_per_sec %" PRIu64 "\n"
        "  nsec_inc       %" PRIu64 " (a tick is %" PRIu64 " us)\n"
        "  boot_time      %" PRIu64 " seconds since 1970\n"
        "  boot_cc        %" PRIu64 "\n"
        "  timer_hz       %" PRIu64 "\n"
        "  timer_load     %" PRIu64 "\n"
        "  intr           0x%x%s\n",
        time->cycles_per_sec, time->nsec_inc, time->nsec_inc / NSEC_PER_USEC,
        time->boot_time, time->boot_cc, time->timer_hz, time->timer_load,
        time->intr, time->flags & QTIME_PER_CPU ? ", a timer on each CPU" : "");
}

static void print_callouts(void) {
    static const char *const devices[NUM_DEBUG] = {
        [DEBUG_CONSOLE] = "console",
        [DEBUG_PROGRAM] = "program",
        [DEBUG_REPORT] = "report"};
    const struct callout_entry *callout = SYSPAGE_ENTRY(page, callout);
    print_callout("reboot", callout->reboot);
    print_callout("power", callout->power);
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

static void print_typed_strings(void) {
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

static void print_strings(void) {
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

static void print_intrinfo(void) {
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

static void print_smp(void) {
    const struct smp_entry *smp = SYSPAGE_ENTRY(page, smp);
    print_callout("send_ipi", smp->send_ipi);
    print_callout("init_cpu", smp->init_cpu);
    print_callout("start_cpu", smp->start_cpu);
    print_callout("smp_spin", smp->smp_spin);
    printf("  %-14s 0x%x\n", "ipi_vector", smp->ipi_vector);
}

// All measured calls of a slot and its refusals, on all CPUs.
static void print_counts(uint32_t index) {
    struct toll toll;
    if (tollgate_toll_read(index, TOLL_ALL_CPUS, &toll) == 0) {
        printf(
            "    %" PRIu64 " calls measured, %" PRIu64 " refused\n", toll.calls,
            toll.refusals);
    }
}

static void print_slot(uint32_t index, const struct custom_slot *slot) {
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    printf(
        "  slot %u: %s %s, %u bytes at 0x%016" PRIx64 "%s\n"
        "    resource %s",
        index, slot->name, slot->version, slot->size, slot->code,
        slot->fenced ? " (fenced off)" : "",
        resource ? resource->name : "none");
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
    for (uint32_t i = 0; i < slot->num_ports; i++) {
        printf(" 0x%x", slot->ports[i]);
    }
    printf(slot->num_ports ? "\n" : " none\n");
    print_counts(index);
}

static void print_custom(void) {
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
            tollgate_lock_name(resource->lock_kind), resource->lock);
    }
    printf("  %u bytes of storage on each CPU\n", custom->percpu_size);
}

static void print_callout_info(void) {
    const struct callout_info *info = SYSPAGE_ENTRY(page, callout_info);
    printf(
        "  %-9s %-13s %-8s %6s %5s %6s %3s %3s %s\n", "category", "name",
        "version", "code", "size", "rw at", "rw", "pat", "hash");
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, callout_info); i++, info++) {
        if (info->size == 0) {
            continue; // an empty slot
        }
        printf(
            "  %-9s %-13s %-8s %6x %5u %6x %3u %3u %016" PRIx64 "\n",
            tollgate_string(info->category), info->name, info->version,
            info->code, info->size, info->rw, info->rw_size, info->num_patches,
            info->hash);
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} sections[] = {
    {"header", print_header},
    {"asinfo", print_asinfo},
    {"hwinfo", print_hwinfo},
    {"cpuinfo", print_cpuinfo},
    {"cacheattr", print_cacheattr},
    {"qtime", print_qtime},
    {"callout", print_callouts},
    {"typed_strings", print_typed_strings},
    {"strings", print_strings},
    {"intrinfo", print_intrinfo},
    {"smp", print_smp},
    {"custom", print_custom},
    {"callout_info", print_callout_info},
};
#define NUM_SECTIONS (sizeof(sections) / sizeof(sections[0]))

static void print_choice(void) {
    fprintf(stderr, "usage: syspage [SECTION], one of");
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        fprintf(stderr, " %s", sections[i].name);
    }
    fprintf(stderr, "\n");
}

static bool print_sections(const char *wanted) {
    bool found = false;
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        if (!wanted || !strcmp(wanted, sections[i].name)) {
            printf("%s\n", sections[i].name);
            sections[i].print();
            found = true;
        }
    }
    return found;
}

int main(int argc, char **argv) {
    page = tollgate_syspage();
    if (!page) {
        complain("there is no system page: this is not Tollgate");
        return EXIT_FAILED;
    }
    if (argc > 2 || !print_sections(argv[1])) {
        print_choice();
        return EXIT_USAGE;
    }
    return EXIT_OK;
}
