// SPDX-License-Identifier: MIT
// See page.h: callouts by their places in the system page.
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "usr/include/tollgate.h"
#include "usr/program/page.h"

#define ENTRY_CODE "entry" // the name of what id and eoi are woven into

const struct syspage_entry *page;

const struct callout_info *callout_at(uint32_t index) {
    return index < SYSPAGE_COUNT(page, callout_info)
               ? SYSPAGE_ENTRY(page, callout_info) + index
               : NULL;
}

uint64_t callout_address(const struct callout_info *info) {
    return SYSPAGE_VADDR + info->code;
}

bool callout_is_counted(uint32_t index) {
    return index >= CALLOUT_SLOTS &&
           strcmp(callout_at(index)->name, ENTRY_CODE) != 0;
}

uint32_t callout_patched_bytes(const struct callout_info *info) {
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < info->num_patches && i < CALLOUT_MAX_PATCHES;
         i++) {
        const struct callout_patch *patch = &info->patches[i];
        for (uint32_t b = 0; b < patch->width; b++) {
            bytes += patch->before[b] != patch->after[b];
        }
    }
    return bytes;
}

const char *debug_device(unsigned device) {
    static const char *const names[NUM_DEBUG] = {
        [DEBUG_CONSOLE] = "console",
        [DEBUG_PROGRAM] = "program",
        [DEBUG_REPORT] = "report"};
    return names[device];
}

const char *lock_name(uint32_t kind) {
    const char *name = tollgate_lock_name(kind);
    return name ? name : "?";
}

const char *toll_name(uint32_t toll) {
    static const char *const names[] = {"off", "on", "full"};
    return toll < sizeof(names) / sizeof(names[0]) ? names[toll] : "?";
}

bool slot_tolls(uint32_t slot, struct toll *toll, bool *measured) {
    if (tollgate_toll_read(slot, TOLL_ALL_CPUS, toll) != 0) {
        return false;
    }
    *measured = toll->calls != 0 ||
                SYSPAGE_ENTRY(page, system_private)->toll != TOLL_OFF;
    return true;
}

// --- places -----------------------------------------------------------------

// If `field` is what is looked for, say where it stands.
static void __attribute__((format(printf, 5, 6))) place_if(
    struct callout_place *place, uint64_t code, uint64_t field,
    const char *used_by, const char *format, ...) {
    if (field != code) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(place->pointer, sizeof(place->pointer), format, args);
    va_end(args);
    snprintf(place->used_by, sizeof(place->used_by), "%s", used_by);
}

static void place_kernel(struct callout_place *place, uint64_t code) {
    const struct callout_entry *callout = SYSPAGE_ENTRY(page, callout);
    const struct smp_entry *smp = SYSPAGE_ENTRY(page, smp);
#define PLACE_IF(section, field)                                               \
    place_if(place, code, section->field, "", "%s", #section "." #field)
    PLACE_IF(callout, reboot);
    PLACE_IF(callout, power);
    PLACE_IF(callout, idle);
    PLACE_IF(callout, timer_load);
    PLACE_IF(callout, timer_reload);
    PLACE_IF(callout, timer_value);
    PLACE_IF(smp, send_ipi);
    PLACE_IF(smp, init_cpu);
    PLACE_IF(smp, start_cpu);
    PLACE_IF(smp, smp_spin);
#undef PLACE_IF
    for (unsigned i = 0; i < NUM_DEBUG; i++) {
        const struct debug_callout *debug = &callout->debug[i];
        const char *device = debug_device(i);
        place_if(
            place, code, debug->display_char, device,
            "callout.debug[%u].display_char", i);
        place_if(
            place, code, debug->poll_key, device, "callout.debug[%u].poll_key",
            i);
        place_if(
            place, code, debug->break_detect, device,
            "callout.debug[%u].break_detect", i);
    }
}

static void place_group(struct callout_place *place, uint64_t code) {
    const struct intrinfo_entry *group = SYSPAGE_ENTRY(page, intrinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, intrinfo); i++, group++) {
        char name[PLACE_SIZE];
        snprintf(name, sizeof(name), "%s %u", tollgate_string(group->name), i);
        place_if(place, code, group->id.rtn, name, "intrinfo[%u].id", i);
        place_if(place, code, group->eoi.rtn, name, "intrinfo[%u].eoi", i);
        place_if(place, code, group->mask, name, "intrinfo[%u].mask", i);
        place_if(place, code, group->unmask, name, "intrinfo[%u].unmask", i);
        place_if(place, code, group->config, name, "intrinfo[%u].config", i);
    }
}

static void place_cache(struct callout_place *place, uint64_t code) {
    const struct cacheattr_entry *cache = SYSPAGE_ENTRY(page, cacheattr);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(page, cacheattr); i++, cache++) {
        char name[PLACE_SIZE];
        snprintf(name, sizeof(name), "level %u", cache->level);
        place_if(place, code, cache->control, name, "cacheattr[%u].control", i);
    }
}

void callout_place(uint32_t index, struct callout_place *place) {
    *place = (struct callout_place){0};
    uint64_t code = callout_address(callout_at(index));
    if (index < CALLOUT_SLOTS) {
        snprintf(
            place->pointer, sizeof(place->pointer), "custom.slots[%u]", index);
        snprintf(place->used_by, sizeof(place->used_by), "slot %u", index);
        return;
    }
    place_kernel(place, code);
    place_group(place, code);
    place_cache(place, code);
}

// --- one callout ------------------------------------------------------------

static void print_bytes(const uint8_t *bytes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        printf("%02x", bytes[i]);
    }
}

static void print_patches(const struct callout_info *info) {
    printf("  patched        %u bytes", callout_patched_bytes(info));
    printf(info->num_patches ? ": offset, original, now\n" : "\n");
    uint32_t described = info->num_patches < CALLOUT_MAX_PATCHES
                             ? info->num_patches
                             : CALLOUT_MAX_PATCHES;
    for (uint32_t i = 0; i < described; i++) {
        const struct callout_patch *patch = &info->patches[i];
        printf("    +0x%04x  ", patch->offset);
        print_bytes(patch->before, patch->width);
        printf(" -> ");
        print_bytes(patch->after, patch->width);
        printf("\n");
    }
    if (described < info->num_patches) {
        printf("    and %u more\n", info->num_patches - described);
    }
}

void range_text(const struct slot_range *range, char text[RANGE_SIZE]) {
    if (range->first == range->last) {
        snprintf(text, RANGE_SIZE, "0x%x", range->first);
    } else {
        snprintf(text, RANGE_SIZE, "0x%x-0x%x", range->first, range->last);
    }
}

void print_ranges(const struct slot_range *ranges, uint32_t count) {
    char text[RANGE_SIZE];
    for (uint32_t i = 0; i < count; i++) {
        range_text(&ranges[i], text);
        printf(" %s", text);
    }
    printf(count ? "" : " none");
}

static void print_types(const struct custom_slot *slot) {
    printf("  types         ");
    for (uint32_t i = 0; i < slot->num_types; i++) {
        printf(" %u", slot->types[i]);
    }
    printf(slot->num_types ? "\n" : " all\n");
    printf("  ports         ");
    print_ranges(slot->ports, slot->num_ports);
    printf("\n  MSRs          ");
    print_ranges(slot->msrs, slot->num_msrs);
    printf("\n");
}

static void print_tolls(uint32_t index) {
    struct toll toll;
    bool measured;
    if (!slot_tolls(index, &toll, &measured)) {
        printf("  calls          not to be read\n");
    } else if (measured) {
        printf(
            "  calls          %" PRIu64 " measured, %" PRIu64 " overruns\n",
            toll.calls, toll.overruns);
        printf("  refused        %" PRIu64 "\n", toll.refusals);
    } else {
        printf("  calls          not measured: toll is off\n");
        printf("  refused        %" PRIu64 "\n", toll.refusals);
    }
}

static void print_slot(uint32_t index) {
    const struct custom_slot *slot = &SYSPAGE_ENTRY(page, custom)->slots[index];
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    if (resource) {
        printf(
            "  resource       %s, lock %s, %s\n", resource->name,
            lock_name(resource->lock_kind),
            slot->guards_itself ? "taken by the callout for part of its work"
                                : "held for all of the callout");
    } else {
        printf("  resource       none\n");
    }
    if (slot->percpu_size) {
        printf(
            "  on each CPU    %u bytes at 0x%x of its storage\n",
            slot->percpu_size, slot->percpu);
    } else {
        printf("  on each CPU    none\n");
    }
    if (slot->budget_cycles) {
        printf("  budget         %u cycles\n", slot->budget_cycles);
    } else {
        printf("  budget         none\n");
    }
    print_types(slot);
    printf("  fenced off     %s\n", slot->fenced ? "yes" : "no");
    print_tolls(index);
}

void text_one_callout(uint32_t index) {
    const struct callout_info *info = &SYSPAGE_ENTRY(page, callout_info)[index];
    struct callout_place place;
    callout_place(index, &place);
    printf("%s %s\n", info->name, info->version);
    printf("  category       %s\n", tollgate_string(info->category));
    printf(
        "  pointer        %s%s%s%s\n",
        place.pointer[0] ? place.pointer : "none", place.used_by[0] ? " (" : "",
        place.used_by, place.used_by[0] ? ")" : "");
    printf(
        "  entry          0x%016" PRIx64 ", 0x%x in the page\n",
        callout_address(info), info->code);
    printf("  size           %u bytes\n", info->size);
    if (info->rw_size) {
        printf(
            "  storage        %u bytes at 0x%016lx, 0x%x in the page\n",
            info->rw_size, SYSPAGE_VADDR + info->rw, info->rw);
    } else {
        printf("  storage        none\n");
    }
    printf("  hash           %016" PRIx64 "\n", info->hash);
    print_patches(info);
    if (index < CALLOUT_SLOTS) {
        print_slot(index);
    } else if (callout_is_counted(index)) {
        printf("  calls          %" PRIu64 "\n", info->calls);
    } else {
        printf("  calls          not counted: its stubs are\n");
    }
}
