// SPDX-License-Identifier: MIT
// A multiboot2 information as GRUB writes it, for tests and the fuzzer.
#pragma once

#include "tests/host/bytes_builder.h"

static inline void seed_tag(
    struct bytes *to, uint32_t type, const void *data, size_t size) {
    bytes_pad(to, 8);
    bytes_add_u32(to, type);
    bytes_add_u32(to, (uint32_t)(8 + size));
    bytes_add(to, data, size);
}

static inline void seed_string(
    struct bytes *to, uint32_t type, const char *text) {
    seed_tag(to, type, text, strlen(text) + 1);
}

static inline void seed_module(
    struct bytes *to, uint32_t start, uint32_t end, const char *cmdline) {
    struct bytes data = {.size = 0};
    bytes_add_u32(&data, start);
    bytes_add_u32(&data, end);
    bytes_add(&data, cmdline, strlen(cmdline) + 1);
    seed_tag(to, 3, data.at, data.size);
}

static inline void seed_memory_entry(
    struct bytes *to, uint64_t start, uint64_t size, uint32_t type) {
    bytes_add_u64(to, start);
    bytes_add_u64(to, size);
    bytes_add_u32(to, type);
    bytes_add_u32(to, 0);
}

static inline void seed_memory(struct bytes *to) {
    struct bytes data = {.size = 0};
    bytes_add_u32(&data, 24);
    bytes_add_u32(&data, 0);
    seed_memory_entry(&data, 0, 0x9fc00, 1);
    seed_memory_entry(&data, 0x9fc00, 0x400, 2);
    seed_memory_entry(&data, 0x5000, 0, 1);            // empty
    seed_memory_entry(&data, UINT64_MAX - 7, 0x10, 1); // overflows
    seed_memory_entry(&data, 0x100000, 0xff00000, 1);
    seed_tag(to, 6, data.at, data.size);
}

static inline void seed_section64(
    struct bytes *to, uint32_t type, uint64_t address, uint64_t size,
    uint32_t link) {
    bytes_add_u32(to, 11); // name
    bytes_add_u32(to, type);
    bytes_add_u64(to, 2); // flags
    bytes_add_u64(to, address);
    bytes_add_u64(to, 0x40); // offset
    bytes_add_u64(to, size);
    bytes_add_u32(to, link);
    bytes_add_u32(to, 0);  // info
    bytes_add_u64(to, 8);  // alignment
    bytes_add_u64(to, 24); // entry size
}

static inline void seed_sections(struct bytes *to) {
    struct bytes data = {.size = 0};
    bytes_add_u32(&data, 3);
    bytes_add_u32(&data, 64);
    bytes_add_u32(&data, 2);
    seed_section64(&data, 0, 0, 0, 0);
    seed_section64(&data, 2, 0x200000, 0x300, 2);
    seed_section64(&data, 3, 0x201000, 0x80, 0);
    seed_tag(to, 9, data.at, data.size);
}

static inline void seed_start(struct bytes *to) {
    to->size = 0;
    bytes_add_zeros(to, 8);
}

static inline void seed_end(struct bytes *to) {
    seed_tag(to, 0, "", 0);
    bytes_set_u32(to, 0, (uint32_t)to->size);
}

static inline void multiboot2_seed(struct bytes *to) {
    static const uint64_t system_table = 0x7ff00000;
    seed_start(to);
    seed_string(to, 1, "cpus=2 -- /bin/tour");
    seed_string(to, 2, "GRUB 2.06");
    seed_module(to, 0x300000, 0x300800, "root");
    seed_memory(to);
    seed_module(to, 0x400000, 0x400000, "");
    seed_sections(to);
    seed_tag(to, 77, "unknown", 7);
    seed_tag(to, 12, &system_table, sizeof(system_table));
    seed_tag(to, 14, "RSD PTR old copy....", 20);
    seed_tag(to, 15, "RSD PTR new copy....................", 36);
    seed_tag(to, 18, "", 0);
    seed_end(to);
}
