// SPDX-License-Identifier: MIT
// See library.h: the sections in the making, and what is added to them.
#include "boot/library.h"

#include "boot/console.h"
#include "callouts/hardware.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"

#define MAX_ASINFO 512
#define MAX_HWINFO 64
#define MAX_CACHES 16
#define MAX_TYPED_STRINGS 128
#define MAX_STRINGS (32 * 1024)
#define MAX_CALLOUT_INFO 256
#define MAX_DEVICES 32

// The room that each section may need, in startup's memory.
#define SECTION_BYTES(name, bytes)                                             \
    static uint8_t name##_bytes[bytes] ALIGNED(16)
#define SECTION(name)                                                          \
    .name = {#name, name##_bytes, 0, (uint32_t)sizeof(name##_bytes)}

SECTION_BYTES(
    system_private,
    sizeof(struct system_private_entry) + NUM_VECTORS * sizeof(uint64_t));
SECTION_BYTES(asinfo, MAX_ASINFO * sizeof(struct asinfo_entry));
SECTION_BYTES(hwinfo, MAX_HWINFO * sizeof(struct hwinfo_entry));
SECTION_BYTES(cpuinfo, MACHINE_MAX_CPUS * sizeof(struct cpuinfo_entry));
SECTION_BYTES(cacheattr, MAX_CACHES * sizeof(struct cacheattr_entry));
SECTION_BYTES(qtime, sizeof(struct qtime_entry));
SECTION_BYTES(callout, sizeof(struct callout_entry));
SECTION_BYTES(typed_strings, MAX_TYPED_STRINGS * sizeof(struct typed_string));
SECTION_BYTES(strings, MAX_STRINGS);
SECTION_BYTES(intrinfo, STARTUP_MAX_INTRINFO * sizeof(struct intrinfo_entry));
SECTION_BYTES(smp, sizeof(struct smp_entry));
SECTION_BYTES(custom, sizeof(struct custom_entry));
SECTION_BYTES(callout_info, MAX_CALLOUT_INFO * sizeof(struct callout_info));

struct local_syspage lsp = {
    SECTION(system_private), SECTION(asinfo),        SECTION(hwinfo),
    SECTION(cpuinfo),        SECTION(cacheattr),     SECTION(qtime),
    SECTION(callout),        SECTION(typed_strings), SECTION(strings),
    SECTION(intrinfo),       SECTION(smp),           SECTION(custom),
    SECTION(callout_info),
};

void *section_add(struct section *section, size_t size) {
    if (size > section->capacity - section->size) {
        startup_fail(
            "system page section %s is full at %u bytes", section->name,
            section->size);
    }
    void *room = section->bytes + section->size;
    section->size += (uint32_t)size;
    return room;
}

uint32_t add_string(const char *string) {
    if (lsp.strings.size == 0) {
        section_add(&lsp.strings, 1); // offset 0 is ""
    }
    const char *strings = (const char *)lsp.strings.bytes;
    for (uint32_t at = 0; at < lsp.strings.size;) {
        if (strcmp(strings + at, string) == 0) {
            return at;
        }
        at += (uint32_t)strlen(strings + at) + 1;
    }
    size_t size = strlen(string) + 1;
    char *room = section_add(&lsp.strings, size);
    memcpy(room, string, size);
    return (uint32_t)(room - strings);
}

void name_set(char to[CALLOUT_NAME_SIZE], const char *name) {
    memset(to, 0, CALLOUT_NAME_SIZE);
    memcpy(to, name, strnlen(name, CALLOUT_NAME_SIZE - 1));
}

void add_typed_string(uint32_t type, const char *string) {
    struct typed_string *entry =
        section_add(&lsp.typed_strings, sizeof(*entry));
    entry->type = type;
    entry->string = add_string(string);
}

void as_add(
    paddr_t start, paddr_t end, uint32_t attr, const char *name,
    const char *detail) {
    struct asinfo_entry *entry = section_add(&lsp.asinfo, sizeof(*entry));
    entry->start = start;
    entry->end = end;
    entry->attr = attr;
    entry->name = add_string(name);
    entry->detail = add_string(detail);
}

void hwi_add(
    const char *name, uint32_t flags, uint64_t base, uint32_t length,
    uint32_t vector) {
    struct hwinfo_entry *entry = section_add(&lsp.hwinfo, sizeof(*entry));
    entry->name = add_string(name);
    entry->flags = flags;
    entry->base = base;
    entry->length = length;
    entry->vector = vector;
}

uint32_t callout_io_map(uint32_t size, uint32_t port) {
    (void)size; // ports need no mapping on this processor
    return port;
}

uint64_t callout_memory_map(uint32_t size, paddr_t address, uint32_t flags) {
    static paddr_t devices[MAX_DEVICES];
    static uint32_t num_devices;
    paddr_t page = ALIGN_DOWN(address, PAGE_SIZE);
    uint64_t offset = address - page;
    if (offset + size > PAGE_SIZE) {
        startup_fail("device at %lx crosses a page", address);
    }
    uint32_t i = 0;
    while (i < num_devices && devices[i] != page) {
        i++;
    }
    if (i == num_devices) {
        if (num_devices == MAX_DEVICES) {
            startup_fail("more than %u devices to map", MAX_DEVICES);
        }
        devices[num_devices++] = page;
        as_add(page, page + PAGE_SIZE - 1, flags, "hw", "");
    }
    return DEVICE_VADDR + i * PAGE_SIZE + offset;
}

// --- debug channels ---------------------------------------------------------

static void add_debug(
    unsigned channel, const struct debug_device *device, void *data) {
    static const char *const names[] = {
        "display_char", "poll_key", "break_detect"};
    struct debug_callout *debug =
        section_at(&lsp.callout, offsetof(struct callout_entry, debug));
    uint64_t *pointers[] = {
        &debug[channel].display_char, &debug[channel].poll_key,
        &debug[channel].break_detect};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (device->callouts[i] != NULL) {
            add_callout_at(
                pointers[i], device->callouts[i], names[i], device->name, data);
        }
    }
}

void select_debug(const struct debug_device *devices, size_t bytes) {
    size_t count = bytes / sizeof(*devices);
    for (unsigned channel = 0; channel < NUM_DEBUG; channel++) {
        for (size_t i = 0; i < count; i++) {
            uint64_t address = devices[i].defaults[channel];
            void *data = NULL;
            if (address != 0 && devices[i].init(channel, address, &data)) {
                add_debug(channel, &devices[i], data);
                break;
            }
        }
    }
}
