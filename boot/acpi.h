// SPDX-License-Identifier: MIT
// The ACPI tables that a kernel without an AML interpreter needs. Every byte is
// read through the caller's map function, every length and checksum is checked;
// a bad table loses only itself. Names are those of the ACPI specification,
// chapter "ACPI Software Programming Model".
#pragma once

#include "kernel/base/types.h"

#define ACPI_REASON_SIZE 96
#define ACPI_TABLE_MAX (16ul << 20) // bytes: no sane table is longer

// Where `size` bytes of physical memory can be read, or NULL. What it returns
// stays readable.
typedef const void *acpi_map_fn(void *context, paddr_t address, uint64_t size);

// The root: where the list of tables lies.
struct acpi {
    acpi_map_fn *map;
    void *context;
    const uint8_t *entries; // the list in the RSDT or XSDT
    uint32_t num_entries;
    uint32_t entry_size;           // 4 or 8
    char reason[ACPI_REASON_SIZE]; // why the last call failed
};

// A checked table: its header and the rest of it.
struct acpi_table {
    const uint8_t *bytes;
    uint32_t size;
};

// Find the root from a copy of an RSDP of `size` bytes. An XSDT that can't be
// used falls back to the RSDT; then acpi->reason is not "". Returns NULL, or
// why there is no root.
MUST_CHECK const char *acpi_init(
    struct acpi *acpi, const void *rsdp, size_t size, acpi_map_fn *map,
    void *context);

// Look for an RSDP in a readable range, 16 bytes apart, as the BIOS leaves it
// at 0xe0000..0xfffff. Returns it, or NULL.
const void *acpi_scan_rsdp(const void *range, size_t size);

// Find the nth good table (from 0) of a signature of 4 letters. Returns NULL or
// the reason, which names the table.
MUST_CHECK const char *acpi_find(
    struct acpi *acpi, const char *signature, unsigned nth,
    struct acpi_table *out);

// Generic address structure.
struct acpi_gas {
    uint8_t space; // ACPI_SPACE_*
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t access_size;
    uint64_t address; // 0: no such register
};
#define ACPI_SPACE_MEMORY 0
#define ACPI_SPACE_IO 1
#define ACPI_SPACE_PCI_CONFIG 2

// --- MADT: processors and interrupt controllers -----------------------------

struct madt {
    struct acpi_table table;
    paddr_t lapic_address; // with the override of type 5 applied
    bool pcat_compat;      // there is a pair of 8259s as well
};

enum madt_type {
    MADT_LAPIC,     // a processor, xAPIC or x2APIC
    MADT_IOAPIC,    // an I/O APIC
    MADT_OVERRIDE,  // an ISA interrupt that is wired elsewhere
    MADT_LAPIC_NMI, // a local interrupt pin that is NMI
    MADT_BAD,       // a damaged entry: `reason` says why
};
#define MADT_ALL_PROCESSORS 0xffffffffu

struct madt_entry {
    enum madt_type type;
    union {
        struct {
            uint32_t apic_id;
            uint32_t uid;
            bool enabled;        // usable now
            bool online_capable; // not enabled, but may become so
            bool x2apic;         // given by an entry of type 9
        } lapic;
        struct {
            uint32_t id;
            paddr_t address;
            uint32_t gsi_base; // its first global interrupt
        } ioapic;
        struct {
            uint8_t source; // ISA interrupt
            uint32_t gsi;
            uint16_t flags; // MADT_POLARITY_*, MADT_TRIGGER_*
        } override;
        struct {
            uint32_t uid; // or MADT_ALL_PROCESSORS
            uint16_t flags;
            uint8_t lint;
        } nmi;
        char reason[ACPI_REASON_SIZE];
    };
};
#define MADT_POLARITY_MASK 0x3
#define MADT_POLARITY_HIGH 0x1
#define MADT_POLARITY_LOW 0x3
#define MADT_TRIGGER_MASK 0xc
#define MADT_TRIGGER_EDGE 0x4
#define MADT_TRIGGER_LEVEL 0xc

MUST_CHECK const char *madt_parse(struct acpi *acpi, struct madt *out);

// Step through the entries of the kinds above; others are passed over. *cursor
// is 0 at the start. Returns false at the end. An entry that is too short comes
// out as MADT_BAD, and the walk goes on after it if that is possible.
bool madt_next(const struct madt *madt, size_t *cursor, struct madt_entry *out);

// --- FADT: power and reset --------------------------------------------------

struct fadt {
    struct acpi_gas reset; // address 0: the machine has no reset register
    uint8_t reset_value;
    struct acpi_gas pm1a_control;
    struct acpi_gas pm1b_control; // address 0: there is none
    struct acpi_gas pm_timer;     // address 0: there is none
    bool pm_timer_32;             // 32 bits wide, else 24
    bool hw_reduced;              // none of the PM1 registers exists
    bool no_cmos_rtc;
    uint16_t sci_interrupt;
    uint32_t smi_command; // port; 0: ACPI mode is always on
    uint8_t acpi_enable;  // value for it
    uint8_t century;      // CMOS register of the century, 0 none
    paddr_t dsdt;         // 0: none
};

MUST_CHECK const char *fadt_parse(struct acpi *acpi, struct fadt *out);

// What to write to SLP_TYP of PM1a and PM1b to switch the machine off.
struct acpi_s5 {
    uint8_t slp_typ_a;
    uint8_t slp_typ_b;
};

// Find the package \_S5_ in the DSDT, else in the SSDTs. This is a search for
// the pattern, not an interpreter: it finds what firmware writes as
// Name (_S5, Package () {...}) with constants.
MUST_CHECK const char *acpi_find_s5(
    struct acpi *acpi, const struct fadt *fadt, struct acpi_s5 *out);

// --- HPET -------------------------------------------------------------------

struct hpet {
    paddr_t address;
    uint8_t number;
    uint16_t min_tick;
};

MUST_CHECK const char *hpet_parse(struct acpi *acpi, struct hpet *out);
