// SPDX-License-Identifier: MIT
// See machine.h. The system page is one range of physical memory, so that
// where one of its bytes lies, all of them are found.
#include "tools/scope/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/vectors.h"

#define RAM_IN_ONE_PIECE 0xc0000000ul // below it an offset is an address

static const uint8_t *page; // NULL: not seen yet
static const uint8_t *ram;
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

// Whether memory of this process can be read at all: `from` is QEMU's word.
static bool probe(const void *from, void *to, size_t size) {
    struct iovec local = {to, size};
    struct iovec remote = {(void *)(uintptr_t)from, size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
           (ssize_t)size;
}

static void look(const uint8_t *at) {
    struct syspage_entry header;
    if (!probe(at, &header, sizeof(header)) || header.type != SYSPAGE_TYPE ||
        header.size < sizeof(header) || header.total_size < header.size) {
        return;
    }
    const struct syspage_entry *syspage = (const void *)at;
    uint64_t paddr = SYSPAGE_ENTRY(syspage, system_private)->syspage_paddr;
    if (paddr < RAM_IN_ONE_PIECE) {
        ram = at - paddr;
        __atomic_store_n(&page, at, __ATOMIC_RELEASE);
    }
}

static const struct syspage_entry *syspage_seen(void) {
    return (const void *)__atomic_load_n(&page, __ATOMIC_ACQUIRE);
}

void machine_seen(uint64_t address, const void *host) {
    if (syspage_seen() != NULL || host == NULL || address < SYSPAGE_VADDR ||
        address >= MODULES_VADDR) {
        return;
    }
    pthread_mutex_lock(&seen_lock);
    if (page == NULL) {
        look((const uint8_t *)host - (address - SYSPAGE_VADDR));
    }
    pthread_mutex_unlock(&seen_lock);
}

static const uint64_t *stubs_of(const struct syspage_entry *syspage) {
    return (
        const void
            *)((uintptr_t)syspage + SYSPAGE_ENTRY(syspage, system_private)->vector_stubs);
}

int machine_vector_of(uint64_t address) {
    const struct syspage_entry *syspage = syspage_seen();
    for (int v = 0; syspage != NULL && v < NUM_VECTORS; v++) {
        if (stubs_of(syspage)[v] == address) {
            return v;
        }
    }
    return -1;
}

bool machine_read(uint64_t ram_offset, uint64_t *value) {
    if (syspage_seen() == NULL) {
        return false;
    }
    memcpy(value, ram + ram_offset, sizeof(*value));
    return true;
}

// --- names
// --------------------------------------------------------------------

static const struct custom_slot *slot_of(uint32_t slot) {
    const struct syspage_entry *syspage = syspage_seen();
    return syspage == NULL ||
                   SYSPAGE_ENTRY(syspage, custom)->slots[slot].code == 0
               ? NULL
               : &SYSPAGE_ENTRY(syspage, custom)->slots[slot];
}

void machine_slot_name(uint32_t slot, char name[NAME_SIZE]) {
    const struct custom_slot *s = slot_of(slot);
    snprintf(name, NAME_SIZE, "%.31s", s == NULL ? "" : s->name);
}

static bool has_vector(const struct intrinfo_entry *group, uint32_t vector) {
    for (uint32_t i = 0; group->cpu_intr_stride != 0 && i < group->num_vectors;
         i++) {
        if (group->cpu_intr_base + i * group->cpu_intr_stride == vector) {
            return true;
        }
    }
    return false;
}

static const char *vector_use(
    const struct syspage_entry *syspage, uint32_t vector) {
    if (vector == SYSPAGE_ENTRY(syspage, qtime)->intr) {
        return "timer";
    }
    if (vector == SYSPAGE_ENTRY(syspage, smp)->ipi_vector) {
        return "ipi";
    }
    const struct intrinfo_entry *groups = SYSPAGE_ENTRY(syspage, intrinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, intrinfo); i++) {
        if (has_vector(&groups[i], vector)) {
            return SYSPAGE_STRING(syspage, groups[i].name);
        }
    }
    return "";
}

void machine_vector_name(uint32_t vector, char name[NAME_SIZE]) {
    static const char *const exceptions[NUM_EXCEPTIONS] = {
        "#DE", "#DB", "NMI",        "#BP",        "#OF", "#BR",
        "#UD", "#NM", "#DF",        [10] = "#TS", "#NP", "#SS",
        "#GP", "#PF", [16] = "#MF", "#AC",        "#MC", "#XM"};
    const struct syspage_entry *syspage = syspage_seen();
    const char *use = "";
    if (vector < NUM_EXCEPTIONS) {
        use = exceptions[vector] == NULL ? "" : exceptions[vector];
    } else if (syspage != NULL) {
        use = vector_use(syspage, vector);
    }
    snprintf(name, NAME_SIZE, "%.31s", use);
}

static bool slot_code_name(uint64_t address, char name[NAME_SIZE]) {
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        const struct custom_slot *slot = slot_of(i);
        if (slot != NULL && address - slot->code < slot->size) {
            snprintf(
                name, NAME_SIZE, "slot %u callout %.31s+0x%lx", i, slot->name,
                address - slot->code);
            return true;
        }
    }
    return false;
}

// What callout_info says of a code address. Woven bodies come with the id and
// eoi stubs that lie in them: the smallest is taken.
static const struct callout_info *callout_at(uint64_t address) {
    const struct syspage_entry *syspage = syspage_seen();
    const struct callout_info *best = NULL;
    if (syspage == NULL) {
        return NULL;
    }
    const struct callout_info *info = SYSPAGE_ENTRY(syspage, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, callout_info); i++) {
        if (address - SYSPAGE_VADDR - info[i].code < info[i].size &&
            (best == NULL || info[i].size < best->size)) {
            best = &info[i];
        }
    }
    return best;
}

static bool callout_name(uint64_t address, char name[NAME_SIZE]) {
    const struct syspage_entry *syspage = syspage_seen();
    if (syspage == NULL) {
        return false;
    }
    int vector = machine_vector_of(address);
    if (vector >= 0) {
        snprintf(name, NAME_SIZE, "interrupt_entry_%d+0x0", vector);
        return true;
    }
    const struct callout_info *info = callout_at(address);
    if (info == NULL) {
        return false;
    }
    snprintf(
        name, NAME_SIZE, "callout %.31s+0x%lx", info->name,
        address - SYSPAGE_VADDR - info->code);
    return true;
}

void machine_name(uint64_t address, char name[NAME_SIZE]) {
    if (image_name(address, name) || slot_code_name(address, name) ||
        callout_name(address, name)) {
        return;
    }
    const char *area =
        address >= THUNKS_VADDR && address < SYSPAGE_VADDR   ? "thunks"
        : address >= MODULES_VADDR && address < PERCPU_VADDR ? "modules"
                                                             : NULL;
    if (area == NULL) {
        snprintf(name, NAME_SIZE, "0x%lx", address);
        return;
    }
    uint64_t base = address < SYSPAGE_VADDR ? THUNKS_VADDR : MODULES_VADDR;
    snprintf(name, NAME_SIZE, "%s+0x%lx", area, address - base);
}

// --- callouts
// -----------------------------------------------------------------

static void patches_undo(const struct callout_info *info, uint8_t *bytes) {
    for (uint32_t i = 0; i < info->num_patches && i < CALLOUT_MAX_PATCHES;
         i++) {
        const struct callout_patch *patch = &info->patches[i];
        if (patch->width <= CALLOUT_PATCH_BYTES &&
            patch->offset + patch->width <= info->size) {
            memcpy(bytes + patch->offset, patch->before, patch->width);
        }
    }
}

uint64_t machine_callout(uint64_t address, uint8_t **bytes, size_t *size) {
    const struct callout_info *info = callout_at(address);
    *bytes = info == NULL ? NULL : malloc(info->size);
    if (*bytes == NULL) {
        return 0;
    }
    *size = info->size;
    memcpy(*bytes, page + info->code, info->size);
    patches_undo(info, *bytes);
    return address - SYSPAGE_VADDR - info->code;
}
