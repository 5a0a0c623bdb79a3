// SOURCES: boot/multiboot2.c
// SPDX-License-Identifier: MIT
// Damaged multiboot2 informations: no read outside, and what is accepted can be
// walked to its end.
#include "boot/multiboot2.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/multiboot2_seed.h"

static void walk(const struct multiboot2_info *info) {
    size_t cursor = 0;
    size_t steps = 0;
    struct mb2_memory memory;
    while (mb2_memory_next(info, &cursor, &memory)) {
        FUZZ_CHECK(memory.size != 0);
        FUZZ_CHECK(memory.start + memory.size > memory.start);
        FUZZ_CHECK(steps++ < info->size);
    }
    cursor = 0;
    struct mb2_module module;
    while (mb2_module_next(info, &cursor, &module)) {
        FUZZ_CHECK(module.start <= module.end);
        FUZZ_CHECK(strlen(module.cmdline) < info->size);
        FUZZ_CHECK(steps++ < info->size);
    }
    cursor = 0;
    struct mb2_section section;
    while (mb2_section_next(info, &cursor, &section)) {
        FUZZ_CHECK(steps++ < info->size);
    }
    FUZZ_CHECK(strlen(info->cmdline) < info->size);
    FUZZ_CHECK(strlen(info->loader) < info->size);
}

// The sanitizer sees whether the copies of the RSDP lie inside.
static unsigned touch(const void *bytes, size_t size) {
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum += ((const uint8_t *)bytes)[i];
    }
    return sum;
}

static void once(struct fuzz *fuzz) {
    static struct bytes input;
    multiboot2_seed(&input);
    fuzz_mutate(fuzz, &input);
    if (fuzz_chance(fuzz, 2) && input.size >= sizeof(uint32_t)) {
        bytes_set_u32(&input, 0, (uint32_t)input.size);
    }
    void *copy = exact_copy(input.at, input.size);
    struct multiboot2_info info;
    const char *reason = multiboot2_parse(copy, input.size, &info);
    if (reason == NULL) {
        fuzz->accepted++;
        walk(&info);
        touch(info.rsdp_old, info.rsdp_old_size);
        touch(info.rsdp_new, info.rsdp_new_size);
    }
    free(copy);
}

int main(int argc, char *argv[]) {
    return fuzz_main("multiboot2", 200000, argc, argv, once);
}
