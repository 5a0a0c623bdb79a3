// SPDX-License-Identifier: MIT
// Make modules with one field of the header wrong each, and checksum and hash
// that fit it: what refuses them is the check of that field. Host code.
//
// usage: seal SLOT.tgc KERNEL.tgc FOLDER     writes FOLDER/sealed_FIELD.tgc
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "callouts/module.h"

#define FILE_MAX (sizeof(struct module_header) + 2 * MODULE_MAX_CODE)

enum base { SLOT, KERNEL, NUM_BASES };

// WRONG(base, field, place, value): all fields of the header, and what is wrong
// at some place in each.
// clang-format off
#define WRONGS(WRONG)                                                          \
    WRONG(SLOT, magic, magic, MODULE_MAGIC + 1)                                \
    WRONG(SLOT, version, version, MODULE_VERSION + 1)                          \
    WRONG(SLOT, header_size, header_size, 8)                                   \
    WRONG(SLOT, total_size, total_size, sizeof(struct module_header))          \
    WRONG(SLOT, checksum, checksum, 0)                                         \
    WRONG(SLOT, hash, hash, 0)                                                 \
    WRONG(SLOT, slot, slot, CALLOUT_SLOTS)                                     \
    WRONG(SLOT, num_types, num_types, SLOT_MAX_TYPES + 1)                      \
    WRONG(SLOT, types, types[SLOT_MAX_TYPES - 1], 1)                           \
    WRONG(SLOT, storage_size, storage_size, MODULE_MAX_STORAGE + 1)            \
    WRONG(SLOT, percpu_size, percpu_size, MODULE_MAX_STORAGE + 1)              \
    WRONG(KERNEL, budget_cycles, budget_cycles, 1)                             \
    WRONG(SLOT, num_ports, num_ports, SLOT_MAX_RANGES + 1)                     \
    WRONG(SLOT, num_msrs, num_msrs, SLOT_MAX_RANGES + 1)                       \
    WRONG(SLOT, ports, ports[SLOT_MAX_RANGES - 1].last, 1)                     \
    WRONG(SLOT, msrs, msrs[SLOT_MAX_RANGES - 1].last, 1)                       \
    WRONG(SLOT, code_offset, code_offset, 0)                                   \
    WRONG(SLOT, code_size, code_size, 0)                                       \
    WRONG(SLOT, patcher_offset, patcher_offset, 0)                             \
    WRONG(SLOT, patcher_size, patcher_size, MODULE_MAX_CODE + 1)               \
    WRONG(SLOT, num_patches, num_patches, CALLOUT_PATCH_MAX + 1)               \
    WRONG(SLOT, flags, flags, 1u << 31)                                        \
    WRONG(SLOT, patches, patches[0].offset, UINT16_MAX)                        \
    WRONG(SLOT, name, name[0], 0)                                              \
    WRONG(SLOT, resource, resource[0], '/')                                    \
    WRONG(SLOT, source, source[0], '/')                                        \
    WRONG(SLOT, replaces, replaces[0], 'x')                                    \
    WRONG(SLOT, replaces_version, replaces_version[0], 'x')
// clang-format on

#define SIZE(base, field, place, value)                                        \
    +sizeof(((struct module_header *)0)->field)
_Static_assert(
    WRONGS(SIZE) == sizeof(struct module_header),
    "a new field of the header needs a line above");
#undef SIZE

static const struct wrong {
    const char *name;
    enum base base;
    size_t offset;
    size_t size;
    uint64_t value;
} wrongs[] = {
#define ROW(base, field, place, value)                                         \
    {#field, base, offsetof(struct module_header, place),                      \
     sizeof(((struct module_header *)0)->place), value},
    WRONGS(ROW)
#undef ROW
};

struct input {
    uint8_t bytes[FILE_MAX];
    size_t size;
};

static void input_read(const char *name, struct input *out) {
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        exit(EXIT_FAILURE);
    }
    out->size = fread(out->bytes, 1, sizeof(out->bytes), file);
    fclose(file);
    if (out->size <= sizeof(struct module_header)) {
        fprintf(stderr, "seal: %s is too short\n", name);
        exit(EXIT_FAILURE);
    }
}

static void output_write(
    const char *folder, const char *field, const struct input *bytes) {
    char name[4096];
    snprintf(name, sizeof(name), "%s/sealed_%s.tgc", folder, field);
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(bytes->bytes, 1, bytes->size, file) == 0 ||
        fclose(file) != 0) {
        perror(name);
        exit(EXIT_FAILURE);
    }
}

// The value goes in before the header is sealed; a checksum after that. A hash
// is made wrong by sealing for another body.
static void damage(const struct wrong *wrong, struct input *module) {
    struct module_header header;
    uint8_t *body = module->bytes + sizeof(header);
    size_t size = module->size - sizeof(header);
    bool is_hash = wrong->offset == offsetof(struct module_header, hash);
    memcpy(module->bytes + wrong->offset, &wrong->value, wrong->size);
    memcpy(&header, module->bytes, sizeof(header));
    body[0] ^= is_hash;
    module_seal(&header, body, size);
    body[0] ^= is_hash;
    if (wrong->offset == offsetof(struct module_header, checksum)) {
        header.checksum++;
    }
    memcpy(module->bytes, &header, sizeof(header));
}

int main(int argc, char *argv[]) {
    static struct input inputs[NUM_BASES];
    if (argc != NUM_BASES + 2) {
        fputs("usage: seal SLOT.tgc KERNEL.tgc FOLDER\n", stderr);
        return EXIT_FAILURE;
    }
    for (enum base base = 0; base < NUM_BASES; base++) {
        input_read(argv[base + 1], &inputs[base]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
        struct input module = inputs[wrongs[i].base];
        damage(&wrongs[i], &module);
        output_write(argv[argc - 1], wrongs[i].name, &module);
    }
    return EXIT_SUCCESS;
}
