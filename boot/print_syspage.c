// SPDX-License-Identifier: MIT
// See library.h: the finished system page in words, as the kernel will find it.
// /bin/syspage tells more of it, later.
#include "boot/console.h"
#include "boot/library.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define PATCHES_SIZE 160 // of what a line says of a callout's patches

static const struct syspage_entry *page;

static const char *string(uint32_t offset) {
    return SYSPAGE_STRING(page, offset);
}

static void print_title(const char *name, struct syspage_section section) {
    startup_print(
        "%s, %u bytes at %x%s", name, section.size, section.offset,
        section.size == 0 ? ": empty" : "");
}
#define PRINT_TITLE(name) print_title(#name, page->name)

static void print_pointer(const char *name, uint64_t code) {
    if (code != 0) {
        startup_print("  %s %lx", name, code);
    } else {
        startup_print("  %s none", name);
    }
}
#define PRINT_POINTER(entry, name) print_pointer(#name, (entry)->name)

// EACH(asinfo, entry): for each entry of an array section.
#define EACH(name, entry)                                                      \
    const SYSPAGE_TYPE_OF_##name *entry = SYSPAGE_ENTRY(page, name),           \
                                 *end = entry + SYSPAGE_COUNT(page, name);     \
    entry < end;                                                               \
    entry++

static void print_header(void) {
    startup_print(
        "system page, %u bytes, %u with storage and code, type %x, %u CPUs",
        page->size, page->total_size, page->type, page->num_cpu);
}

static const char *toll_name(uint32_t toll) {
    static const char *const names[] = {"off", "on", "full"};
    return toll < ARRAY_SIZE(names) ? names[toll] : "?";
}

static void print_private(void) {
    const struct system_private_entry *private =
        SYSPAGE_ENTRY(page, system_private);
    PRINT_TITLE(system_private);
    startup_print(
        "  page at %lx, toll %s, program's type %u", private->syspage_paddr,
        toll_name(private->toll), private->program_type);
}

static void print_asinfo(void) {
    PRINT_TITLE(asinfo);
    for (EACH(asinfo, as)) {
        startup_print(
            "  %016lx-%016lx %s%s%s", as->start, as->end, string(as->name),
            as->detail != 0 ? " " : "", string(as->detail));
    }
}

static void print_hwinfo(void) {
    PRINT_TITLE(hwinfo);
    for (EACH(hwinfo, hw)) {
        startup_print(
            "  %s %s %lx, length %u", string(hw->name),
            (hw->flags & HW_FLAG_PORT) != 0 ? "port" : "memory", hw->base,
            hw->length);
    }
}

static void print_cpuinfo(void) {
    PRINT_TITLE(cpuinfo);
    uint32_t number = 0;
    for (EACH(cpuinfo, cpu)) {
        startup_print(
            "  CPU %u: APIC ID %u, %u MHz, flags %x, %s", number++,
            cpu->apic_id, cpu->speed, cpu->flags, string(cpu->name));
    }
}

static void print_cacheattr(void) {
    PRINT_TITLE(cacheattr);
    for (EACH(cacheattr, cache)) {
        startup_print(
            "  level %u, flags %x, %u lines of %u bytes, %u ways, control %lx",
            cache->level, cache->flags, cache->num_lines, cache->line_size,
            cache->ways, cache->control);
    }
}

static void print_qtime(void) {
    const struct qtime_entry *qtime = SYSPAGE_ENTRY(page, qtime);
    PRINT_TITLE(qtime);
    startup_print(
        "  cycles_per_sec %lu, timer_hz %lu, intr %x, flags %x",
        qtime->cycles_per_sec, qtime->timer_hz, qtime->intr, qtime->flags);
    startup_print(
        "  boot_time %lu, boot_cc %lu", qtime->boot_time, qtime->boot_cc);
}

static void print_callout(void) {
    const struct callout_entry *callout = SYSPAGE_ENTRY(page, callout);
    PRINT_TITLE(callout);
    PRINT_POINTER(callout, reboot);
    PRINT_POINTER(callout, power);
    PRINT_POINTER(callout, idle);
    PRINT_POINTER(callout, timer_load);
    PRINT_POINTER(callout, timer_reload);
    PRINT_POINTER(callout, timer_value);
    for (uint32_t i = 0; i < NUM_DEBUG; i++) {
        const struct debug_callout *debug = &callout->debug[i];
        startup_print(
            "  debug %u display_char %lx poll_key %lx break_detect %lx", i,
            debug->display_char, debug->poll_key, debug->break_detect);
    }
    PRINT_POINTER(callout, custom);
}

static void print_strings(void) {
    PRINT_TITLE(typed_strings);
    for (EACH(typed_strings, typed)) {
        startup_print("  %x \"%s\"", typed->type, string(typed->string));
    }
    PRINT_TITLE(strings);
}

static void print_intrinfo(void) {
    PRINT_TITLE(intrinfo);
    for (EACH(intrinfo, intr)) {
        startup_print(
            "  %s: %u vectors from %u, IDT from %x, id %lx eoi %lx",
            string(intr->name), intr->num_vectors, intr->vector_base,
            intr->cpu_intr_base, intr->id.rtn, intr->eoi.rtn);
        startup_print(
            "    mask %lx unmask %lx config %lx", intr->mask, intr->unmask,
            intr->config);
    }
}

static void print_smp(void) {
    const struct smp_entry *smp = SYSPAGE_ENTRY(page, smp);
    PRINT_TITLE(smp);
    PRINT_POINTER(smp, send_ipi);
    PRINT_POINTER(smp, init_cpu);
    PRINT_POINTER(smp, start_cpu);
    PRINT_POINTER(smp, smp_spin);
    startup_print("  ipi_vector %x", smp->ipi_vector);
}

static void print_custom(void) {
    const struct custom_entry *custom = SYSPAGE_ENTRY(page, custom);
    PRINT_TITLE(custom);
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        const struct custom_slot *slot = &custom->slots[i];
        if (slot->code != 0) {
            startup_print(
                "  slot %u: %s at %lx, resource %s", i, slot->name, slot->code,
                slot->resource != NO_RESOURCE
                    ? custom->resources[slot->resource].name
                    : "none");
        }
    }
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        startup_print(
            "  resource %u: %s, lock at %x", i, custom->resources[i].name,
            custom->resources[i].lock);
    }
}

// Append a patch to `to` as OFFSET:ORIGINAL->NOW. Returns the new length.
static size_t patch_format(
    char *to, size_t length, const struct callout_patch *patch) {
    length += format(to + length, PATCHES_SIZE - length, " %x:", patch->offset);
    for (uint32_t i = 0; i < patch->width && length < PATCHES_SIZE; i++) {
        length += format(
            to + length, PATCHES_SIZE - length, "%02x", patch->before[i]);
    }
    for (uint32_t i = 0; i < patch->width && length < PATCHES_SIZE; i++) {
        length += format(
            to + length, PATCHES_SIZE - length, i == 0 ? "->%02x" : "%02x",
            patch->after[i]);
    }
    return length;
}

static void print_info(const struct callout_info *info) {
    char patches[PATCHES_SIZE] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < info->num_patches && i < CALLOUT_MAX_PATCHES &&
                         length < PATCHES_SIZE;
         i++) {
        length = patch_format(patches, length, &info->patches[i]);
    }
    if (length >= PATCHES_SIZE) {
        memcpy(&patches[PATCHES_SIZE - sizeof("...")], "...", sizeof("..."));
    }
    startup_print(
        "  %s %s %s: %u bytes at %x, storage %u at %x, %u patches%s",
        string(info->category), info->name, info->version, info->size,
        info->code, info->rw_size, info->rw, info->num_patches, patches);
}

static void print_callout_info(void) {
    PRINT_TITLE(callout_info);
    for (EACH(callout_info, info)) {
        if (info->size != 0) {
            print_info(info);
        }
    }
    PRINT_TITLE(storage);
    PRINT_TITLE(code);
}

void print_syspage(const struct syspage_entry *finished) {
    page = finished;
    print_header();
    print_private();
    print_asinfo();
    print_hwinfo();
    print_cpuinfo();
    print_cacheattr();
    print_qtime();
    print_callout();
    print_strings();
    print_intrinfo();
    print_smp();
    print_custom();
    print_callout_info();
}
