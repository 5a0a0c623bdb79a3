// SOURCES: callouts/module.c
// SPDX-License-Identifier: MIT
// Damaged callout modules, sealed again more often than not: what is accepted
// keeps every promise of callouts/module.h.
#include "callouts/module.h"

#include "tests/fuzz/fuzz.h"
#include "tests/host/module_seed.h"

static void check_text(const char text[MODULE_TEXT_SIZE]) {
    FUZZ_CHECK(memchr(text, '\0', MODULE_TEXT_SIZE) != NULL);
    FUZZ_CHECK(strpbrk(text, " \n\"\\/") == NULL);
}

static void check_patches(const struct module_header *header) {
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

static void check_module(
    const struct module *module, const uint8_t *file, size_t size) {
    const struct module_header *header = &module->header;
    const uint8_t *end = file + size;
    FUZZ_CHECK(header->slot < CALLOUT_SLOTS || header->slot == MODULE_NO_SLOT);
    FUZZ_CHECK(header->num_types <= SLOT_MAX_TYPES);
    FUZZ_CHECK(header->num_ports <= MODULE_MAX_PORTS);
    FUZZ_CHECK(header->storage_size <= MODULE_MAX_STORAGE);
    FUZZ_CHECK(header->percpu_size <= MODULE_MAX_STORAGE);
    FUZZ_CHECK(header->name[0] != '\0');
    check_text(header->name);
    check_text(header->resource);
    check_text(header->source);
    check_patches(header);
    FUZZ_CHECK(module->code == file + sizeof(*header));
    FUZZ_CHECK(header->code_size > 0 && header->code_size <= MODULE_MAX_CODE);
    FUZZ_CHECK((module->patcher == NULL) == (header->patcher_size == 0));
    FUZZ_CHECK(module->code + header->code_size + header->patcher_size == end);
    FUZZ_CHECK(
        module->patcher == NULL ||
        module->patcher == module->code + header->code_size);
}

// Seal what is still long enough to have a header.
static void seal(struct fuzz *fuzz, struct bytes *input) {
    struct module_header header;
    if (input->size < sizeof(header) || fuzz_chance(fuzz, 16)) {
        return;
    }
    memcpy(&header, input->at, sizeof(header));
    if (!fuzz_chance(fuzz, 4)) {
        header.magic = MODULE_MAGIC;
        header.version = MODULE_VERSION;
        header.header_size = sizeof(header);
        header.total_size = (uint32_t)input->size;
    }
    size_t body = input->size - sizeof(header);
    module_seal(&header, input->at + sizeof(header), body);
    memcpy(input->at, &header, sizeof(header));
}

static void once(struct fuzz *fuzz) {
    static struct bytes input;
    struct module_header header = module_seed();
    module_seed_write(&header, &input);
    fuzz_mutate(fuzz, &input);
    seal(fuzz, &input);
    uint8_t *copy = exact_copy(input.at, input.size);
    struct module module;
    const char *reason = module_check(copy, input.size, &module);
    if (reason == NULL) {
        fuzz->accepted++;
        check_module(&module, copy, input.size);
    } else {
        FUZZ_CHECK(reason[0] != '\0' && strchr(reason, '\n') == NULL);
    }
    free(copy);
}

int main(int argc, char *argv[]) {
    return fuzz_main("module", 100000, argc, argv, once);
}
