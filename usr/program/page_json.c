// SPDX-License-Identifier: MIT
// See page.h: sections and callouts as JSON, each field by its name in
// callouts/syspage.h. Numbers are numbers; addresses, flags, hashes and bytes
// are strings in hexadecimal.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/include/tollgate.h"
#include "usr/program/page.h"

#define HEX_SIZE 19 // of a 64-bit number, with 0x

static void json_hex(struct json *json, const char *key, uint64_t value) {
    char text[HEX_SIZE];
    snprintf(text, sizeof(text), "0x%" PRIx64, value);
    json_text(json, key, text);
}

static void json_bytes(
    struct json *json, const char *key, const uint8_t *bytes, uint32_t count) {
    char text[2 * CALLOUT_PATCH_BYTES + 1] = "";
    for (uint32_t i = 0; i < count && i < CALLOUT_PATCH_BYTES; i++) {
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    }
    json_text(json, key, text);
}

// FIELD(json_u64, entry, size): a field by its own name.
#define FIELD(as, entry, name) as(json, #name, (entry)->name)
#define STRING(entry, name)                                                    \
    json_text(json, #name, tollgate_string((entry)->name))

static void json_section(
    struct json *json, const char *name, struct syspage_section section) {
    json_begin(json, name, JSON_OBJECT);
    json_u64(json, "offset", section.offset);
    json_u64(json, "size", section.size);
    json_end(json);
}

void json_header(struct json *json) {
    json_begin(json, "header", JSON_OBJECT);
    FIELD(json_u64, page, size);
    FIELD(json_u64, page, total_size);
    FIELD(json_hex, page, type);
    FIELD(json_u64, page, num_cpu);
#define SECTION(name) json_section(json, #name, page->name)
    SECTION(system_private);
    SECTION(asinfo);
    SECTION(hwinfo);
    SECTION(cpuinfo);
    SECTION(cacheattr);
    SECTION(qtime);
    SECTION(callout);
    SECTION(typed_strings);
    SECTION(strings);
    SECTION(intrinfo);
    SECTION(smp);
    SECTION(custom);
    SECTION(callout_info);
    SECTION(storage);
    SECTION(code);
#undef SECTION
    json_end(json);
}

void json_system_private(struct json *json) {
    const struct system_private_entry *entry =
        SYSPAGE_ENTRY(page, system_private);
    json_begin(json, "system_private", JSON_OBJECT);
    FIELD(json_hex, entry, intr_dispatch);
    FIELD(json_hex, entry, intr_exit);
    FIELD(json_hex, entry, fault_entry);
    FIELD(json_u64, entry, vector_stubs);
    FIELD(json_hex, entry, syspage_paddr);
    FIELD(json_hex, entry, stack_top);
    FIELD(json_u64, entry, toll);
    FIELD(json_u64, entry, program_type);
    FIELD(json_u64, entry, max_cpus);
    FIELD(json_u64, entry, fault_sipi);
    FIELD(json_u64, entry, selftest);
    FIELD(json_u64, entry, program_stdin);
    FIELD(json_u64, entry, tty_rows);
    FIELD(json_u64, entry, tty_columns);
    json_end(json);
}

// An array section: each of its entries, by a statement.
#define EACH(name, statement)                                                  \
    json_begin(json, #name, JSON_ARRAY);                                       \
    const SYSPAGE_TYPE_OF_##name *entry = SYSPAGE_ENTRY(page, name);           \
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, name); i++, entry++) {        \
        json_begin(json, NULL, JSON_OBJECT);                                   \
        statement;                                                             \
        json_end(json);                                                        \
    }                                                                          \
    json_end(json)

static void asinfo_fields(struct json *json, const struct asinfo_entry *entry) {
    FIELD(json_hex, entry, start);
    FIELD(json_hex, entry, end);
    STRING(entry, name);
    STRING(entry, detail);
    FIELD(json_hex, entry, attr);
    FIELD(json_u64, entry, priority);
}

void json_asinfo(struct json *json) {
    EACH(asinfo, asinfo_fields(json, entry));
}

static void hwinfo_fields(struct json *json, const struct hwinfo_entry *entry) {
    STRING(entry, name);
    FIELD(json_hex, entry, flags);
    FIELD(json_hex, entry, base);
    FIELD(json_u64, entry, length);
    if (entry->vector != HW_NO_VECTOR) {
        FIELD(json_u64, entry, vector);
    }
}

void json_hwinfo(struct json *json) {
    EACH(hwinfo, hwinfo_fields(json, entry));
}

static void cpuinfo_fields(
    struct json *json, const struct cpuinfo_entry *entry) {
    FIELD(json_hex, entry, cpu);
    FIELD(json_u64, entry, apic_id);
    FIELD(json_u64, entry, speed);
    FIELD(json_hex, entry, flags);
    STRING(entry, name);
}

void json_cpuinfo(struct json *json) {
    EACH(cpuinfo, cpuinfo_fields(json, entry));
}

static void cacheattr_fields(
    struct json *json, const struct cacheattr_entry *entry) {
    if (entry->next != CACHE_LIST_END) {
        FIELD(json_u64, entry, next);
    }
    FIELD(json_u64, entry, line_size);
    FIELD(json_u64, entry, num_lines);
    FIELD(json_hex, entry, flags);
    FIELD(json_u64, entry, ways);
    FIELD(json_u64, entry, level);
    FIELD(json_hex, entry, control);
}

void json_cacheattr(struct json *json) {
    EACH(cacheattr, cacheattr_fields(json, entry));
}

void json_qtime(struct json *json) {
    const struct qtime_entry *entry = SYSPAGE_ENTRY(page, qtime);
    json_begin(json, "qtime", JSON_OBJECT);
    FIELD(json_u64, entry, cycles_per_sec);
    FIELD(json_u64, entry, nsec_inc);
    FIELD(json_u64, entry, boot_time);
    FIELD(json_u64, entry, boot_cc);
    FIELD(json_u64, entry, timer_hz);
    FIELD(json_u64, entry, timer_load);
    FIELD(json_u64, entry, intr);
    FIELD(json_hex, entry, flags);
    json_end(json);
}

void json_callout(struct json *json) {
    const struct callout_entry *entry = SYSPAGE_ENTRY(page, callout);
    json_begin(json, "callout", JSON_OBJECT);
    FIELD(json_hex, entry, reboot);
    FIELD(json_hex, entry, power);
    FIELD(json_hex, entry, idle);
    FIELD(json_hex, entry, timer_load);
    FIELD(json_hex, entry, timer_reload);
    FIELD(json_hex, entry, timer_value);
    json_begin(json, "debug", JSON_ARRAY);
    for (unsigned i = 0; i < NUM_DEBUG; i++) {
        const struct debug_callout *debug = &entry->debug[i];
        json_begin(json, NULL, JSON_OBJECT);
        json_text(json, "device", debug_device(i));
        FIELD(json_hex, debug, display_char);
        FIELD(json_hex, debug, poll_key);
        FIELD(json_hex, debug, break_detect);
        json_end(json);
    }
    json_end(json);
    FIELD(json_hex, entry, custom);
    json_end(json);
}

static void typed_string_fields(
    struct json *json, const struct typed_string *entry) {
    FIELD(json_hex, entry, type);
    STRING(entry, string);
}

void json_typed_strings(struct json *json) {
    EACH(typed_strings, typed_string_fields(json, entry));
}

void json_strings(struct json *json) {
    const char *strings = SYSPAGE_ENTRY(page, strings);
    json_begin(json, "strings", JSON_ARRAY);
    for (uint32_t i = 0; i < page->strings.size;) {
        json_begin(json, NULL, JSON_OBJECT);
        json_u64(json, "offset", i);
        json_text(json, "string", strings + i);
        json_end(json);
        i += (uint32_t)strlen(strings + i) + 1;
    }
    json_end(json);
}

static void json_stub(
    struct json *json, const char *name, const struct intr_stub *stub) {
    json_begin(json, name, JSON_OBJECT);
    FIELD(json_hex, stub, genflags);
    FIELD(json_u64, stub, size);
    FIELD(json_hex, stub, rtn);
    json_end(json);
}

static void intrinfo_fields(
    struct json *json, const struct intrinfo_entry *entry) {
    STRING(entry, name);
    FIELD(json_u64, entry, vector_base);
    FIELD(json_u64, entry, num_vectors);
    if (entry->cascade_vector != INTR_NO_CASCADE) {
        FIELD(json_u64, entry, cascade_vector);
    }
    FIELD(json_u64, entry, cpu_intr_base);
    FIELD(json_u64, entry, cpu_intr_stride);
    FIELD(json_hex, entry, flags);
    json_stub(json, "id", &entry->id);
    json_stub(json, "eoi", &entry->eoi);
    FIELD(json_hex, entry, mask);
    FIELD(json_hex, entry, unmask);
    FIELD(json_hex, entry, config);
    FIELD(json_u64, entry, local_stride);
}

void json_intrinfo(struct json *json) {
    EACH(intrinfo, intrinfo_fields(json, entry));
}

void json_smp(struct json *json) {
    const struct smp_entry *entry = SYSPAGE_ENTRY(page, smp);
    json_begin(json, "smp", JSON_OBJECT);
    FIELD(json_hex, entry, send_ipi);
    FIELD(json_hex, entry, init_cpu);
    FIELD(json_hex, entry, start_cpu);
    FIELD(json_hex, entry, smp_spin);
    FIELD(json_u64, entry, ipi_vector);
    json_end(json);
}

// --- custom -----------------------------------------------------------------

static void json_ranges(
    struct json *json, const char *key, const struct slot_range *ranges,
    uint32_t count) {
    char text[RANGE_SIZE];
    json_begin(json, key, JSON_ARRAY);
    for (uint32_t i = 0; i < count; i++) {
        range_text(&ranges[i], text);
        json_text(json, NULL, text);
    }
    json_end(json);
}

static void json_lists(struct json *json, const struct custom_slot *slot) {
    json_begin(json, "types", JSON_ARRAY);
    for (uint32_t i = 0; i < slot->num_types; i++) {
        json_u64(json, NULL, slot->types[i]);
    }
    json_end(json);
    json_ranges(json, "ports", slot->ports, slot->num_ports);
    json_ranges(json, "msrs", slot->msrs, slot->num_msrs);
}

// "calls" and "overruns" are there only if they are known.
static void json_tolls(struct json *json, uint32_t index) {
    struct toll toll;
    bool measured;
    bool readable = slot_tolls(index, &toll, &measured);
    json_bool(json, "measured", readable && measured);
    if (readable && measured) {
        json_u64(json, "calls", toll.calls);
        json_u64(json, "overruns", toll.overruns);
    }
    if (readable) {
        json_u64(json, "refusals", toll.refusals);
    }
}

// What a slot says beyond its callout: whom it serves, and what it shares.
static void json_slot_terms(
    struct json *json, uint32_t index, const struct custom_slot *entry) {
    const struct custom_resource *resource = tollgate_resource(entry->resource);
    if (resource) {
        FIELD(json_u64, entry, resource);
        json_text(json, "resource_name", resource->name);
        json_text(json, "lock_kind", lock_name(resource->lock_kind));
        FIELD(json_u64, entry, guards_itself);
    }
    FIELD(json_u64, entry, percpu);
    FIELD(json_u64, entry, percpu_size);
    FIELD(json_u64, entry, budget_cycles);
    json_lists(json, entry);
    FIELD(json_u64, entry, fenced);
    json_tolls(json, index);
}

static void json_slot(
    struct json *json, uint32_t index, const struct custom_slot *entry) {
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "slot", index);
    FIELD(json_text, entry, name);
    FIELD(json_text, entry, version);
    FIELD(json_hex, entry, code);
    FIELD(json_u64, entry, size);
    FIELD(json_u64, entry, storage);
    FIELD(json_u64, entry, storage_size);
    json_slot_terms(json, index, entry);
    json_end(json);
}

void json_custom(struct json *json) {
    const struct custom_entry *custom = SYSPAGE_ENTRY(page, custom);
    json_begin(json, "custom", JSON_OBJECT);
    json_begin(json, "slots", JSON_ARRAY);
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        if (custom->slots[i].code) {
            json_slot(json, i, &custom->slots[i]);
        }
    }
    json_end(json);
    FIELD(json_u64, custom, percpu_size);
    json_begin(json, "resources", JSON_ARRAY);
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        const struct custom_resource *resource = &custom->resources[i];
        json_begin(json, NULL, JSON_OBJECT);
        FIELD(json_text, resource, name);
        json_text(json, "lock_kind", lock_name(resource->lock_kind));
        FIELD(json_u64, resource, lock);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

// --- callout_info -----------------------------------------------------------

static void json_patches(struct json *json, const struct callout_info *info) {
    FIELD(json_u64, info, num_patches);
    json_u64(json, "patched_bytes", callout_patched_bytes(info));
    json_begin(json, "patches", JSON_ARRAY);
    for (uint32_t i = 0; i < info->num_patches && i < CALLOUT_MAX_PATCHES;
         i++) {
        const struct callout_patch *patch = &info->patches[i];
        json_begin(json, NULL, JSON_OBJECT);
        FIELD(json_u64, patch, offset);
        FIELD(json_u64, patch, width);
        json_bytes(json, "before", patch->before, patch->width);
        json_bytes(json, "after", patch->after, patch->width);
        json_end(json);
    }
    json_end(json);
}

void json_one_callout(struct json *json, uint32_t index) {
    const struct callout_info *info = callout_at(index);
    struct callout_place place;
    callout_place(index, &place);
    json_begin(json, NULL, JSON_OBJECT);
    FIELD(json_text, info, name);
    FIELD(json_text, info, version);
    STRING(info, category);
    json_text(json, "pointer", place.pointer);
    json_text(json, "of", place.used_by);
    json_hex(json, "entry", callout_address(info));
    FIELD(json_u64, info, code);
    FIELD(json_u64, info, size);
    FIELD(json_u64, info, rw);
    FIELD(json_u64, info, rw_size);
    FIELD(json_hex, info, hash);
    json_patches(json, info);
    if (index < CALLOUT_SLOTS) {
        json_u64(json, "slot", index);
        json_slot_terms(
            json, index, &SYSPAGE_ENTRY(page, custom)->slots[index]);
    } else if (callout_is_counted(index)) {
        FIELD(json_u64, info, calls);
    }
    json_end(json);
}

void json_callout_info(struct json *json) {
    json_begin(json, "callout_info", JSON_ARRAY);
    for (uint32_t i = 0; callout_at(i); i++) {
        if (callout_at(i)->size) {
            json_one_callout(json, i);
        }
    }
    json_end(json);
}
