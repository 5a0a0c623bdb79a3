// SPDX-License-Identifier: MIT
// What startup does with the bytes of a callout module before it runs any of
// them, and what must hold of the result, whatever the bytes were. FUZZ_CHECK
// is the fuzzer's own.
#pragma once

#include "callouts/module.h"
#include "tests/host/bytes_builder.h"

static inline void check_text(const char text[MODULE_TEXT_SIZE]) {
    FUZZ_CHECK(memchr(text, '\0', MODULE_TEXT_SIZE) != NULL);
    FUZZ_CHECK(strpbrk(text, " \n\"\\/") == NULL);
}

static inline void check_patches(const struct module_header *header) {
    FUZZ_CHECK(header->num_patches <= CALLOUT_PATCH_MAX);
    FUZZ_CHECK(header->num_patches == 0 || header->patcher_size != 0);
    for (uint32_t i = 0; i < header->num_patches; i++) {
        const struct module_patch *patch = &header->patches[i];
        FUZZ_CHECK(patch->width == 4 || patch->width == 8);
        FUZZ_CHECK((uint32_t)patch->offset + patch->width <= header->code_size);
        FUZZ_CHECK(
            i == 0 || patch->offset >= patch[-1].offset + patch[-1].width);
    }
}

static inline void check_ranges(
    const struct slot_range *ranges, uint32_t count, uint32_t max) {
    FUZZ_CHECK(count <= SLOT_MAX_RANGES);
    for (uint32_t i = 0; i < count; i++) {
        FUZZ_CHECK(ranges[i].first != 0 && ranges[i].last <= max);
        FUZZ_CHECK(ranges[i].first <= ranges[i].last);
    }
}

static inline void check_module(
    const struct module *module, const uint8_t *file, size_t size) {
    const struct module_header *header = &module->header;
    const uint8_t *end = file + size;
    FUZZ_CHECK(header->slot < CALLOUT_SLOTS || header->slot == MODULE_NO_SLOT);
    FUZZ_CHECK(module_is_kernel(module) == (header->replaces[0] != '\0'));
    FUZZ_CHECK(
        module_is_kernel(module) == (header->replaces_version[0] != '\0'));
    FUZZ_CHECK(
        module_is_kernel(module) ||
        (header->flags & ~MODULE_FLAG_GUARDS_ITSELF) == 0);
    FUZZ_CHECK(
        (header->flags & MODULE_FLAG_GUARDS_ITSELF) == 0 ||
        header->resource[0] != '\0');
    FUZZ_CHECK(!module_is_kernel(module) || header->resource[0] == '\0');
    FUZZ_CHECK(header->num_types <= SLOT_MAX_TYPES);
    check_ranges(header->ports, header->num_ports, UINT16_MAX);
    check_ranges(header->msrs, header->num_msrs, UINT32_MAX);
    FUZZ_CHECK(
        header->storage_size <= module_max_storage(module_is_kernel(module)));
    FUZZ_CHECK(header->percpu_size <= MODULE_MAX_STORAGE);
    FUZZ_CHECK(header->name[0] != '\0');
    check_text(header->name);
    check_text(header->resource);
    check_text(header->source);
    check_text(header->replaces);
    check_text(header->replaces_version);
    check_patches(header);
    FUZZ_CHECK(module->code == file + sizeof(*header));
    FUZZ_CHECK(header->code_size > 0 && header->code_size <= MODULE_MAX_CODE);
    FUZZ_CHECK((module->patcher == NULL) == (header->patcher_size == 0));
    FUZZ_CHECK(module->code + header->code_size + header->patcher_size == end);
    FUZZ_CHECK(
        module->patcher == NULL ||
        module->patcher == module->code + header->code_size);
}

// Whether a byte of the code may be changed by the patcher, by its own count.
static inline bool is_site(const struct module *module, uint32_t offset) {
    bool found = false;
    for (uint32_t i = 0; i < module->header.num_patches; i++) {
        uint32_t start = module->header.patches[i].offset;
        uint32_t end = start + module->header.patches[i].width;
        found = found || (offset >= start && offset < end);
    }
    return found;
}

// The comparison after patching, with one byte changed.
static inline void check_fit(
    const struct module *module, uint8_t *code, uint32_t offset) {
    uint32_t found = UINT32_MAX;
    if (offset >= module->header.code_size) {
        return;
    }
    code[offset] ^= 0x10;
    if (is_site(module, offset)) {
        FUZZ_CHECK(module_patches_fit(module, code, &found));
    } else {
        FUZZ_CHECK(!module_patches_fit(module, code, &found));
        FUZZ_CHECK(found == offset);
    }
    code[offset] ^= 0x10;
}

// The bytes at which it could go wrong: the ends, and those of each site.
static inline void check_fits(const struct module *module) {
    const struct module_header *header = &module->header;
    uint8_t *code = exact_copy(module->code, header->code_size);
    uint32_t found;
    FUZZ_CHECK(module_patches_fit(module, code, &found));
    for (uint32_t i = 0; i < header->num_patches; i++) {
        memset(code + header->patches[i].offset, 0, header->patches[i].width);
    }
    FUZZ_CHECK(module_patches_fit(module, code, &found));
    check_fit(module, code, 0);
    check_fit(module, code, header->code_size - 1);
    check_fit(module, code, (uint32_t)header->hash % header->code_size);
    for (uint32_t i = 0; i < header->num_patches; i++) {
        uint32_t start = header->patches[i].offset;
        check_fit(module, code, start - 1);
        check_fit(module, code, start);
        check_fit(module, code, start + header->patches[i].width - 1);
        check_fit(module, code, start + header->patches[i].width);
    }
    free(code);
}

// What startup makes of a module: the record of its callout, its slot.
static inline void check_made(const struct module *module) {
    const struct module_header *header = &module->header;
    void *room = malloc(MODULE_RECORD_SIZE);
    struct custom_slot *slot = malloc(sizeof(*slot));
    if (room == NULL || slot == NULL) {
        abort();
    }
    memset(slot, 0xa5, sizeof(*slot));
    const struct callout_rtn *rtn = module_record_make(module, room);
    FUZZ_CHECK(rtn->rtn_size == header->code_size);
    FUZZ_CHECK(memcmp(rtn->rtn_code, module->code, rtn->rtn_size) == 0);
    FUZZ_CHECK((rtn->rw_size == NULL) == (header->storage_size == 0));
    FUZZ_CHECK((rtn->patcher == NULL) == (header->patcher_size == 0));
    module_slot_fill(module, slot);
    check_text(slot->name);
    check_text(slot->version);
    FUZZ_CHECK(slot->version[0] != '\0');
    FUZZ_CHECK(slot->num_types <= SLOT_MAX_TYPES);
    FUZZ_CHECK(slot->num_ports <= ARRAY_SIZE(slot->ports));
    FUZZ_CHECK(slot->num_msrs <= ARRAY_SIZE(slot->msrs));
    free(slot);
    free(room);
}

// Hand over an exact copy, at an odd address if `odd`. True if it is accepted.
static inline bool module_input_try(
    const uint8_t *input, size_t size, bool odd) {
    uint8_t *copy = malloc(size + odd);
    if (copy == NULL) {
        abort();
    }
    if (size != 0) {
        memcpy(copy + odd, input, size);
    }
    struct module module;
    const char *reason = module_check(copy + odd, size, &module);
    if (reason == NULL) {
        check_module(&module, copy + odd, size);
        check_fits(&module);
        check_made(&module);
    } else {
        FUZZ_CHECK(reason[0] != '\0' && strchr(reason, '\n') == NULL);
    }
    free(copy);
    return reason == NULL;
}

// Make checksum and hash fit what is long enough to have a header; `fix` also
// makes good the fields without which nothing behind them is looked at.
static inline void module_input_seal(uint8_t *input, size_t size, bool fix) {
    struct module_header header;
    if (size < sizeof(header)) {
        return;
    }
    memcpy(&header, input, sizeof(header));
    if (fix) {
        header.magic = MODULE_MAGIC;
        header.version = MODULE_VERSION;
        header.header_size = sizeof(header);
        header.total_size = (uint32_t)size;
    }
    module_seal(&header, input + sizeof(header), size - sizeof(header));
    memcpy(input, &header, sizeof(header));
}
