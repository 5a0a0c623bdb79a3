// SPDX-License-Identifier: MIT
// The file of a callout module, .tgc: a header, the code of the callout, the
// code of its patcher. tools/mkcallout writes it, startup reads it. A leaf
// header; docs/modules.md says what each field promises. Little-endian.
#pragma once

#include "callouts/callout.h"
#include "callouts/syspage.h"
#include "kernel/base/types.h"

#define MODULE_MAGIC 0x31434754u // "TGC1"
#define CALLOUT_PATCH_MAX 4      // sites that a patcher may fill in
#define MODULE_VERSION 2
#define MODULE_TEXT_SIZE 32     // of a name, with the final 0
#define MODULE_MAX_CODE 4096    // bytes, of the callout and of its patcher
#define MODULE_MAX_STORAGE 4096 // bytes, shared and per-CPU, of a slot
// Shared storage of a kernel callout, which has none on each CPU: a line for
// each.
#define MODULE_MAX_KERNEL_STORAGE (MAX_CPUS * 64)
#define MODULE_NO_SLOT 0xffffffffu
#define MODULE_FLAG_PATCHED_PORT 0x1u  // its patcher says which port it uses
#define MODULE_FLAG_PATCHED_MSR 0x2u   // which MSR
#define MODULE_FLAG_GUARDS_ITSELF 0x4u // it takes its resource's lock itself
#define MODULE_NO_VERSION "module"     // what is shown where source is ""

// A place in the code that the patcher fills in; it changes nothing else.
struct module_patch {
    uint16_t offset;
    uint16_t width; // 4 or 8 bytes
};

struct module_header {
    uint32_t magic;
    uint32_t version;
    uint32_t header_size;
    uint32_t total_size; // of the file
    uint64_t checksum;   // FNV-1a of the header, this field as 0
    uint64_t hash;       // FNV-1a of all that follows the header
    uint32_t slot;       // of the custom call, or MODULE_NO_SLOT
    uint32_t num_types;  // 0: all types may call
    uint32_t types[SLOT_MAX_TYPES];
    uint32_t storage_size; // shared, zeroed
    uint32_t percpu_size;
    uint32_t budget_cycles; // 0: none
    uint16_t num_ports;
    uint16_t num_msrs;
    struct slot_range ports[SLOT_MAX_RANGES]; // in no order
    struct slot_range msrs[SLOT_MAX_RANGES];
    uint32_t code_offset; // right behind the header
    uint32_t code_size;
    uint32_t patcher_offset; // right behind the code, 0 if there is none
    uint32_t patcher_size;
    uint32_t num_patches;
    uint32_t flags;                                 // MODULE_FLAG_*
    struct module_patch patches[CALLOUT_PATCH_MAX]; // ascending
    char name[MODULE_TEXT_SIZE];
    char resource[MODULE_TEXT_SIZE]; // "": per-CPU, no lock
    char source[MODULE_TEXT_SIZE];   // version of its source, may be ""
    // Of a kernel callout, whose slot is MODULE_NO_SLOT: which it stands in
    // for, as "timer_value" of version "lapic"; else "".
    char replaces[MODULE_TEXT_SIZE];
    char replaces_version[MODULE_TEXT_SIZE];
};

_Static_assert(sizeof(struct module_header) == 352, "no padding");

// What module_check() found: the header's copy, and where the code lies.
struct module {
    struct module_header header;
    const uint8_t *code;
    const uint8_t *patcher; // NULL if there is none
};

// FNV-1a, 64 bits.
uint64_t module_hash(const void *bytes, size_t size);

// Whether it is one word of letters, digits and _ - . +, or none, and nothing
// but zeros behind it.
bool module_is_text(const char text[MODULE_TEXT_SIZE]) MUST_CHECK;

// Make checksum and hash of a header fit it and the bytes behind it.
void module_seal(struct module_header *header, const void *body, size_t size);

// Check a module in memory, at any alignment. Reads no byte beyond `size`, and
// writes only *out.
//
// Returns: NULL and *out filled in, or the reason, one line without its end,
// and *out is of no use.
const char *module_check(const void *file, size_t size, struct module *out)
    MUST_CHECK;

// The most bytes of shared storage that one may ask for.
static inline uint32_t module_max_storage(bool is_kernel) {
    return is_kernel ? MODULE_MAX_KERNEL_STORAGE : MODULE_MAX_STORAGE;
}

// Whether the module stands in for a kernel callout; else it is for a slot.
static inline bool module_is_kernel(const struct module *module) {
    return module->header.slot == MODULE_NO_SLOT;
}

// The version that the system page shows of it.
const char *module_version(const struct module *module);

// Make the record of its callout, as CALLOUT_START would have, at `record`,
// aligned to 8, with room for the code; MODULE_RECORD_SIZE is always enough. It
// points at the module, which must stay, and at its patcher in the file.
#define MODULE_RECORD_SIZE (sizeof(struct callout_rtn) + MODULE_MAX_CODE)
struct callout_rtn *module_record_make(
    const struct module *module, void *record);

// Describe it in the slot of the custom call: all but code, resource, storage,
// percpu and fenced, which stay as they are.
void module_slot_fill(const struct module *module, struct custom_slot *slot);

// Compare code_size bytes, in which the patcher has run, with the code of the
// file. Returns true if only bytes of the sites in the header differ; else
// false, and *offset is that of the first other byte.
bool module_patches_fit(
    const struct module *module, const uint8_t *patched,
    uint32_t *offset) MUST_CHECK;
