// SPDX-License-Identifier: MIT
// A piece of physical memory with the ACPI tables of a small PC in it, and the
// map function that lets the parser see no more than it asked for.
#pragma once

#include "tests/host/bytes_builder.h"

#define ACPI_SEED_BASE 0xe0000 // physical address of the first byte
#define ACPI_SEED_COPIES 4096

struct acpi_seed {
    struct bytes memory;
    // Where things are in it.
    size_t rsdp, rsdt, xsdt, fadt, dsdt, madt, hpet, ssdt;
    // What the parser was given: freed by acpi_seed_forget().
    void *copies[ACPI_SEED_COPIES];
    size_t num_copies;
};

static inline const void *acpi_seed_map(
    void *context, paddr_t address, uint64_t size) {
    struct acpi_seed *seed = context;
    uint64_t offset = address - ACPI_SEED_BASE;
    if (address < ACPI_SEED_BASE || offset > seed->memory.size ||
        size > seed->memory.size - offset ||
        seed->num_copies == ACPI_SEED_COPIES) {
        return NULL;
    }
    void *copy = exact_copy(seed->memory.at + offset, size);
    seed->copies[seed->num_copies++] = copy;
    return copy;
}

static inline void acpi_seed_forget(struct acpi_seed *seed) {
    for (size_t i = 0; i < seed->num_copies; i++) {
        free(seed->copies[i]);
    }
    seed->num_copies = 0;
}

static inline void acpi_seed_sum(
    struct bytes *memory, size_t start, size_t size, size_t checksum) {
    uint8_t sum = 0;
    memory->at[start + checksum] = 0;
    for (size_t i = 0; i < size && start + i < memory->size; i++) {
        sum = (uint8_t)(sum + memory->at[start + i]);
    }
    memory->at[start + checksum] = (uint8_t)(0 - sum);
}

// Make the checksum of a table fit what is in it.
static inline void acpi_seed_seal(struct acpi_seed *seed, size_t table) {
    uint32_t size;
    memcpy(&size, seed->memory.at + table + 4, sizeof(size));
    acpi_seed_sum(&seed->memory, table, size, 9);
}

static inline size_t acpi_seed_start(
    struct bytes *to, const char *signature, unsigned revision) {
    bytes_pad(to, 16);
    size_t start = to->size;
    bytes_add(to, signature, 4);
    bytes_add_u32(to, 0); // length: acpi_seed_end()
    bytes_add_u8(to, revision);
    bytes_add_u8(to, 0); // checksum
    bytes_add(to, "TOLLGTSEED    ", 14);
    bytes_add_u32(to, 1);
    bytes_add(to, "TEST", 4);
    bytes_add_u32(to, 1);
    return start;
}

static inline void acpi_seed_end(struct acpi_seed *seed, size_t start) {
    bytes_set_u32(
        &seed->memory, start + 4, (uint32_t)(seed->memory.size - start));
    acpi_seed_seal(seed, start);
}

static inline uint32_t acpi_seed_address(size_t offset) {
    return (uint32_t)(ACPI_SEED_BASE + offset);
}

static inline void acpi_seed_dsdt(struct acpi_seed *seed) {
    static const uint8_t aml[] = {
        0x10, 0x05, '_',  'S',  '5',  '_',              // a scope of that name
        0x08, '_',  'S',  '5',  '_',  0x12, 0x08, 0x04, // Name (_S5, Package
        0x0a, 0x05, 0x01, 0x00, 0x00,                   // {5, 1, 0, 0})
        0x5b, 0x80, 'T',  'A',  'I',  'L'};
    seed->dsdt = acpi_seed_start(&seed->memory, "DSDT", 1);
    bytes_add(&seed->memory, aml, sizeof(aml));
    acpi_seed_end(seed, seed->dsdt);
}

static inline void acpi_seed_gas(
    struct bytes *to, unsigned space, unsigned width, uint64_t address) {
    bytes_add_u8(to, space);
    bytes_add_u8(to, width);
    bytes_add_u16(to, 0);
    bytes_add_u64(to, address);
}

static inline void acpi_seed_fadt(struct acpi_seed *seed) {
    struct bytes *to = &seed->memory;
    size_t start = acpi_seed_start(to, "FACP", 5);
    seed->fadt = start;
    bytes_add_u32(to, 0); // FACS
    bytes_add_u32(to, acpi_seed_address(seed->dsdt));
    bytes_add_u16(to, 0);
    bytes_add_u16(to, 9);    // SCI_INT
    bytes_add_u32(to, 0xb2); // SMI_CMD
    bytes_add_u8(to, 0xf1);  // ACPI_ENABLE
    bytes_add_zeros(to, start + 64 - to->size);
    bytes_add_u32(to, 0x604); // PM1a_CNT
    bytes_add_u32(to, 0);     // PM1b_CNT
    bytes_add_u32(to, 0);
    bytes_add_u32(to, 0x608); // PM_TMR
    bytes_add_zeros(to, start + 88 - to->size);
    bytes_add_u8(to, 4);
    bytes_add_u8(to, 2); // PM1_CNT_LEN
    bytes_add_u8(to, 0);
    bytes_add_u8(to, 4); // PM_TMR_LEN
    bytes_add_zeros(to, start + 108 - to->size);
    bytes_add_u8(to, 0x32); // CENTURY
    bytes_add_u16(to, 1 << 5);
    bytes_add_u8(to, 0);
    bytes_add_u32(to, 1u << 10 | 1u << 8);
    acpi_seed_gas(to, 1, 8, 0xcf9);
    bytes_add_u8(to, 0x0f); // RESET_VALUE
    bytes_add_zeros(to, start + 140 - to->size);
    bytes_add_u64(to, acpi_seed_address(seed->dsdt));
    bytes_add_zeros(to, start + 172 - to->size);
    acpi_seed_gas(to, 1, 16, 0x1604); // X_PM1a_CNT
    bytes_add_zeros(to, start + 244 - to->size);
    acpi_seed_end(seed, start);
}

static inline void acpi_seed_madt(struct acpi_seed *seed) {
    // clang-format off
    static const uint8_t entries[] = {
        0, 8, 0, 0, 1, 0, 0, 0, // enabled
        0, 8, 1, 2, 0, 0, 0, 0, // disabled
        0, 8, 2, 4, 2, 0, 0, 0, // online capable
        1, 12, 7, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0, // I/O APIC
        2, 10, 0, 9, 9, 0, 0, 0, 0xd, 0, // override
        4, 6, 0xff, 5, 0, 1, // NMI of all
        99, 4, 1, 2, // of an unknown type
        9, 16, 0, 0, 0x34, 0x12, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, // x2APIC
        10, 12, 5, 0, 6, 0, 0, 0, 1, 0, 0, 0, // NMI of one
        5, 12, 0, 0, 0, 0, 0xe1, 0xfe, 1, 0, 0, 0, // address
    };
    // clang-format on
    seed->madt = acpi_seed_start(&seed->memory, "APIC", 3);
    bytes_add_u32(&seed->memory, 0xfee00000);
    bytes_add_u32(&seed->memory, 1);
    bytes_add(&seed->memory, entries, sizeof(entries));
    acpi_seed_end(seed, seed->madt);
}

static inline void acpi_seed_hpet(struct acpi_seed *seed) {
    struct bytes *to = &seed->memory;
    seed->hpet = acpi_seed_start(to, "HPET", 1);
    bytes_add_u32(to, 0x8086a201);
    acpi_seed_gas(to, 0, 0, 0xfed00000);
    bytes_add_u8(to, 1);
    bytes_add_u16(to, 100);
    bytes_add_u8(to, 0);
    acpi_seed_end(seed, seed->hpet);
}

static inline void acpi_seed_ssdt(struct acpi_seed *seed) {
    seed->ssdt = acpi_seed_start(&seed->memory, "SSDT", 1);
    bytes_add(&seed->memory, "\x08XXXX\x0a\x05\x00\x00", 9);
    acpi_seed_end(seed, seed->ssdt);
}

static inline void acpi_seed_roots(struct acpi_seed *seed) {
    struct bytes *to = &seed->memory;
    const size_t tables[] = {seed->fadt, seed->madt, seed->hpet, seed->ssdt};
    seed->rsdt = acpi_seed_start(to, "RSDT", 1);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        bytes_add_u32(to, acpi_seed_address(tables[i]));
    }
    acpi_seed_end(seed, seed->rsdt);
    seed->xsdt = acpi_seed_start(to, "XSDT", 1);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        bytes_add_u64(to, acpi_seed_address(tables[i]));
    }
    acpi_seed_end(seed, seed->xsdt);
}

static inline void acpi_seed_seal_rsdp(struct acpi_seed *seed) {
    acpi_seed_sum(&seed->memory, seed->rsdp, 20, 8);
    acpi_seed_sum(&seed->memory, seed->rsdp, 36, 32);
}

static inline void acpi_seed(struct acpi_seed *seed) {
    struct bytes *to = &seed->memory;
    *seed = (struct acpi_seed){.num_copies = 0};
    bytes_add_zeros(to, 16);
    acpi_seed_dsdt(seed);
    acpi_seed_fadt(seed);
    acpi_seed_madt(seed);
    acpi_seed_hpet(seed);
    acpi_seed_ssdt(seed);
    acpi_seed_roots(seed);
    bytes_pad(to, 16);
    seed->rsdp = to->size;
    bytes_add(to, "RSD PTR ", 8);
    bytes_add_u8(to, 0);
    bytes_add(to, "TOLLGT", 6);
    bytes_add_u8(to, 2);
    bytes_add_u32(to, acpi_seed_address(seed->rsdt));
    bytes_add_u32(to, 36);
    bytes_add_u64(to, acpi_seed_address(seed->xsdt));
    bytes_add_u32(to, 0);
    acpi_seed_seal_rsdp(seed);
}
