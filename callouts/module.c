// SPDX-License-Identifier: MIT
// See module.h. The layout leaves no choice: each offset follows from the sizes
// and what is unused is 0, so that a file has only one form.
#include "callouts/module.h"

#include "kernel/base/string.h"

#define FNV_OFFSET_BASIS 0xcbf29ce484222325ul
#define FNV_PRIME 0x100000001b3ul

static uint64_t hash_more(uint64_t hash, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ at[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t module_hash(const void *bytes, size_t size) {
    return hash_more(FNV_OFFSET_BASIS, bytes, size);
}

static uint64_t checksum_of(const struct module_header *header) {
    struct module_header copy = *header;
    copy.checksum = 0;
    return module_hash(&copy, sizeof(copy));
}

void module_seal(struct module_header *header, const void *body, size_t size) {
    header->hash = module_hash(body, size);
    header->checksum = checksum_of(header);
}

static bool is_text_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           c == '+';
}

bool module_is_text(const char text[MODULE_TEXT_SIZE]) {
    size_t length = 0;
    while (length < MODULE_TEXT_SIZE && is_text_char(text[length])) {
        length++;
    }
    if (length == MODULE_TEXT_SIZE) {
        return false;
    }
    while (length < MODULE_TEXT_SIZE && text[length] == '\0') {
        length++;
    }
    return length == MODULE_TEXT_SIZE;
}

static const char *check_identity(
    const struct module_header *header, size_t size) {
    if (header->magic != MODULE_MAGIC) {
        return "not a callout module";
    }
    if (header->version != MODULE_VERSION) {
        return "module version is not known";
    }
    if (header->header_size != sizeof(*header)) {
        return "bad header size";
    }
    if (header->total_size != size) {
        return "file is not as long as its header says";
    }
    if (header->checksum != checksum_of(header)) {
        return "bad header checksum";
    }
    return NULL;
}

static const char *check_texts(const struct module_header *header) {
    if (header->name[0] == '\0' || !module_is_text(header->name)) {
        return "bad name";
    }
    if (!module_is_text(header->resource)) {
        return "bad resource name";
    }
    if (!module_is_text(header->source)) {
        return "bad source version";
    }
    return NULL;
}

static const char *check_types(const struct module_header *header) {
    if (header->num_types > SLOT_MAX_TYPES) {
        return "too many types";
    }
    for (uint32_t i = header->num_types; i < SLOT_MAX_TYPES; i++) {
        if (header->types[i] != 0) {
            return "bad types";
        }
    }
    return NULL;
}

// Of those that are used none is empty or begins at 0.
static bool are_ranges(
    const struct slot_range ranges[SLOT_MAX_RANGES], uint32_t count,
    uint32_t max) {
    for (uint32_t i = 0; i < SLOT_MAX_RANGES; i++) {
        const struct slot_range *range = &ranges[i];
        if (i < count ? range->first == 0 || range->last < range->first ||
                            range->last > max
                      : range->first != 0 || range->last != 0) {
            return false;
        }
    }
    return true;
}

static const char *check_ports(const struct module_header *header) {
    if (header->num_ports > SLOT_MAX_RANGES) {
        return "too many ports";
    }
    return are_ranges(header->ports, header->num_ports, UINT16_MAX)
               ? NULL
               : "bad ports";
}

static const char *check_msrs(const struct module_header *header) {
    if (header->num_msrs > SLOT_MAX_RANGES) {
        return "too many MSRs";
    }
    return are_ranges(header->msrs, header->num_msrs, UINT32_MAX) ? NULL
                                                                  : "bad MSRs";
}

static const char *check_patches(const struct module_header *header) {
    uint32_t end = 0; // of the patch before
    if (header->num_patches > CALLOUT_PATCH_MAX) {
        return "too many patches";
    }
    if (header->num_patches != 0 && header->patcher_size == 0) {
        return "patches without a patcher";
    }
    for (uint32_t i = 0; i < CALLOUT_PATCH_MAX; i++) {
        uint32_t offset = header->patches[i].offset;
        uint32_t width = header->patches[i].width;
        if (i >= header->num_patches) {
            if (offset != 0 || width != 0) {
                return "bad patch";
            }
            continue;
        }
        if (width != sizeof(uint32_t) && width != sizeof(uint64_t)) {
            return "bad patch width";
        }
        if (offset < end || offset + width > header->code_size) {
            return "bad patch offset";
        }
        end = offset + width;
    }
    return NULL;
}

static const char *check_layout(const struct module_header *header) {
    uint32_t code_end = header->header_size + header->code_size;
    uint32_t patcher = header->patcher_size != 0 ? code_end : 0;
    if (header->code_size == 0 || header->code_size > MODULE_MAX_CODE) {
        return "bad code size";
    }
    if (header->patcher_size > MODULE_MAX_CODE) {
        return "bad patcher size";
    }
    if (header->code_offset != header->header_size) {
        return "bad code offset";
    }
    if (header->patcher_offset != patcher) {
        return "bad patcher offset";
    }
    if (header->total_size != code_end + header->patcher_size) {
        return "bad total size";
    }
    return NULL;
}

static const char *check_numbers(const struct module_header *header) {
    if (header->slot != MODULE_NO_SLOT && header->slot >= CALLOUT_SLOTS) {
        return "no such slot";
    }
    if (header->storage_size >
        module_max_storage(header->slot == MODULE_NO_SLOT)) {
        return "too much storage";
    }
    if (header->percpu_size > MODULE_MAX_STORAGE) {
        return "too much per-CPU storage";
    }
    return NULL;
}

// What it replaces, or the slot that it is for: one of them. Slots have more to
// say than kernel callouts, whose ports and MSRs may be known only by patching.
static const char *check_place(const struct module_header *header) {
    bool is_kernel = header->slot == MODULE_NO_SLOT;
    if (!module_is_text(header->replaces) ||
        !module_is_text(header->replaces_version) ||
        (header->replaces[0] != '\0') != is_kernel ||
        (header->replaces_version[0] != '\0') != is_kernel) {
        return "bad name of what it replaces";
    }
    if (is_kernel && (header->resource[0] != '\0' || header->num_types != 0 ||
                      header->percpu_size != 0 || header->budget_cycles != 0)) {
        return "a kernel callout has no resource, types, budget, per-CPU "
               "storage";
    }
    // Either has flags of its own.
    uint32_t flags = is_kernel
                         ? MODULE_FLAG_PATCHED_PORT | MODULE_FLAG_PATCHED_MSR
                         : MODULE_FLAG_GUARDS_ITSELF;
    if ((header->flags & ~flags) != 0) {
        return "bad flags";
    }
    if ((header->flags & MODULE_FLAG_GUARDS_ITSELF) != 0 &&
        header->resource[0] == '\0') {
        return "it guards itself and names no resource";
    }
    return NULL;
}

static const char *check_header(const struct module_header *header) {
    static const char *(*const checks[])(const struct module_header *) = {
        check_numbers, check_texts, check_place,  check_types,
        check_ports,   check_msrs,  check_layout, check_patches,
    };
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        const char *reason = checks[i](header);
        if (reason != NULL) {
            return reason;
        }
    }
    return NULL;
}

const char *module_check(const void *file, size_t size, struct module *out) {
    const uint8_t *bytes = file;
    if (size < sizeof(out->header)) {
        return "file is shorter than a header";
    }
    memcpy(&out->header, bytes, sizeof(out->header));
    const char *reason = check_identity(&out->header, size);
    if (reason == NULL) {
        reason = check_header(&out->header);
    }
    if (reason != NULL) {
        return reason;
    }
    const uint8_t *body = bytes + sizeof(out->header);
    if (out->header.hash != module_hash(body, size - sizeof(out->header))) {
        return "bad hash of the code";
    }
    out->code = bytes + out->header.code_offset;
    out->patcher = NULL;
    if (out->header.patcher_size != 0) {
        out->patcher = bytes + out->header.patcher_offset;
    }
    return NULL;
}

const char *module_version(const struct module *module) {
    const char *source = module->header.source;
    return source[0] != '\0' ? source : MODULE_NO_VERSION;
}

struct callout_rtn *module_record_make(
    const struct module *module, void *record) {
    const struct module_header *header = &module->header;
    struct callout_rtn *rtn = record;
    rtn->rw_size = header->storage_size != 0 ? &header->storage_size : NULL;
    rtn->patcher = (callout_patcher *)(uintptr_t)module->patcher;
    rtn->rtn_size = header->code_size;
    rtn->reserved = 0;
    memcpy(rtn->rtn_code, module->code, header->code_size);
    return rtn;
}

void module_slot_fill(const struct module *module, struct custom_slot *slot) {
    const struct module_header *header = &module->header;
    const char *version = module_version(module);
    slot->size = header->code_size;
    slot->storage_size = header->storage_size;
    slot->percpu_size = header->percpu_size;
    slot->budget_cycles = header->budget_cycles;
    slot->num_types = header->num_types;
    memcpy(slot->types, header->types, sizeof(slot->types));
    slot->guards_itself = (header->flags & MODULE_FLAG_GUARDS_ITSELF) != 0;
    slot->num_ports = header->num_ports;
    slot->num_msrs = header->num_msrs;
    memcpy(slot->ports, header->ports, sizeof(slot->ports));
    memcpy(slot->msrs, header->msrs, sizeof(slot->msrs));
    memset(slot->name, 0, sizeof(slot->name));
    memcpy(slot->name, header->name, strlen(header->name));
    memset(slot->version, 0, sizeof(slot->version));
    memcpy(slot->version, version, strlen(version));
}

_Static_assert(
    MODULE_TEXT_SIZE <= CALLOUT_NAME_SIZE, "names fit the system page");

// The end of the site that a byte of the code belongs to, 0 if to none.
static uint32_t site_end(const struct module *module, uint32_t offset) {
    for (uint32_t i = 0; i < module->header.num_patches; i++) {
        const struct module_patch *patch = &module->header.patches[i];
        uint32_t end = (uint32_t)patch->offset + patch->width;
        if (offset >= patch->offset && offset < end) {
            return end;
        }
    }
    return 0;
}

bool module_patches_fit(
    const struct module *module, const uint8_t *patched, uint32_t *offset) {
    uint32_t at = 0;
    while (at < module->header.code_size) {
        uint32_t end = site_end(module, at);
        if (end == 0 && patched[at] != module->code[at]) {
            *offset = at;
            return false;
        }
        at = end != 0 ? end : at + 1;
    }
    return true;
}
