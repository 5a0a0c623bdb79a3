// SPDX-License-Identifier: MIT
// A callout module with everything in it, and how to write one to bytes.
#pragma once

#include "callouts/module.h"
#include "tests/host/bytes_builder.h"

#define MODULE_SEED_CODE 40
#define MODULE_SEED_PATCHER 12
#define MODULE_SEED_BODY (MODULE_SEED_CODE + MODULE_SEED_PATCHER)
#define MODULE_SEED_SIZE (sizeof(struct module_header) + MODULE_SEED_BODY)

static inline struct module_header module_seed(void) {
    return (struct module_header){
        .magic = MODULE_MAGIC,
        .version = MODULE_VERSION,
        .header_size = sizeof(struct module_header),
        .total_size = MODULE_SEED_SIZE,
        .slot = 7,
        .num_types = 2,
        .types = {47, 48},
        .storage_size = 8,
        .percpu_size = 64,
        .budget_cycles = 1000,
        .num_ports = 2,
        .num_msrs = 1,
        .ports = {{0x70, 0x70}, {0x71, 0x72}},
        .msrs = {{0x6e0, 0x6e0}},
        .code_offset = sizeof(struct module_header),
        .code_size = MODULE_SEED_CODE,
        .patcher_offset = sizeof(struct module_header) + MODULE_SEED_CODE,
        .patcher_size = MODULE_SEED_PATCHER,
        .num_patches = 2,
        .patches = {{3, 4}, {20, 8}},
        .name = "seed",
        .resource = "cmos",
        .source = "v1.0-3-gabcdef",
    };
}

// The header as it is, the code behind it.
static inline void module_seed_write_unsealed(
    const struct module_header *header, struct bytes *to) {
    to->size = 0;
    bytes_add(to, header, sizeof(*header));
    for (unsigned i = 0; i < MODULE_SEED_BODY; i++) {
        bytes_add_u8(to, i);
    }
}

// The same, with checksum and hash that fit.
static inline void module_seed_write(
    struct module_header *header, struct bytes *to) {
    module_seed_write_unsealed(header, to);
    module_seal(header, to->at + sizeof(*header), MODULE_SEED_BODY);
    memcpy(to->at, header, sizeof(*header));
}
