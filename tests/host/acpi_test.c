// SOURCES: boot/acpi.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// The ACPI parser on the tables of a small PC, whole and damaged one by one:
// what is bad is named, and the rest still works.
#include "boot/acpi.h"
#include "tests/host/acpi_seed.h"
#include "tests/host/suite.h"

static struct acpi_seed seed;
static struct acpi acpi;

static const char *start_with(size_t rsdp_size) {
    void *rsdp = exact_copy(seed.memory.at + seed.rsdp, rsdp_size);
    const char *reason =
        acpi_init(&acpi, rsdp, rsdp_size, acpi_seed_map, &seed);
    free(rsdp);
    return reason;
}

static const char *start(void) {
    return start_with(36);
}

static uint8_t *byte_at(size_t table, size_t offset) {
    return &seed.memory.at[table + offset];
}

static void finish(void) {
    acpi_seed_forget(&seed);
}

static const char *find(const char *signature) {
    struct acpi_table table;
    return acpi_find(&acpi, signature, 0, &table);
}

// --- root -------------------------------------------------------------------

START_TEST(xsdt_is_preferred) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    ck_assert_uint_eq(acpi.entry_size, 8);
    ck_assert_uint_eq(acpi.num_entries, 4);
    ck_assert_str_eq(acpi.reason, "");
    finish();
}
END_TEST

START_TEST(old_rsdp_gives_rsdt) {
    acpi_seed(&seed);
    *byte_at(seed.rsdp, 15) = 0;
    acpi_seed_seal_rsdp(&seed);
    ck_assert_ptr_null(start_with(20));
    ck_assert_uint_eq(acpi.entry_size, 4);
    ck_assert_uint_eq(acpi.num_entries, 4);
    ck_assert_ptr_null(find("APIC"));
    ck_assert_ptr_null(find("FACP"));
    finish();
}
END_TEST

START_TEST(bad_xsdt_falls_back_to_rsdt) {
    acpi_seed(&seed);
    (*byte_at(seed.xsdt, 40))++;
    ck_assert_ptr_null(start());
    ck_assert_uint_eq(acpi.entry_size, 4);
    ck_assert_str_eq(acpi.reason, "XSDT: bad checksum");
    ck_assert_ptr_null(find("APIC"));
    finish();
}
END_TEST

START_TEST(bad_xsdt_without_rsdt) {
    acpi_seed(&seed);
    (*byte_at(seed.xsdt, 40))++;
    bytes_set_u32(&seed.memory, seed.rsdp + 16, 0);
    acpi_seed_seal_rsdp(&seed);
    ck_assert_str_eq(start(), "XSDT: bad checksum");
    finish();
}
END_TEST

START_TEST(bad_rsdp) {
    acpi_seed(&seed);
    ck_assert_str_eq(start_with(19), "RSDP: 19 bytes, at least 20 wanted");
    ck_assert_ptr_null(start_with(35));
    ck_assert_str_eq(acpi.reason, "RSDP: revision 2 in 35 bytes, 36 wanted");
    (*byte_at(seed.rsdp, 9))++;
    ck_assert_str_eq(start(), "RSDP: bad checksum");
    *byte_at(seed.rsdp, 0) = 'x';
    ck_assert_str_eq(start(), "RSDP: wrong signature");
    finish();
    acpi_seed(&seed);
    (*byte_at(seed.rsdp, 33))++;
    ck_assert_ptr_null(start());
    ck_assert_str_eq(acpi.reason, "RSDP: bad extended checksum");
    bytes_set_u32(&seed.memory, seed.rsdp + 20, 37);
    acpi_seed_seal_rsdp(&seed);
    ck_assert_ptr_null(start());
    ck_assert_str_eq(acpi.reason, "RSDP: length 37 in 36 bytes");
    finish();
}
END_TEST

START_TEST(root_is_another_table) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.rsdp + 16, acpi_seed_address(seed.madt));
    acpi_seed_seal_rsdp(&seed);
    ck_assert_str_eq(start_with(20), "RSDT: found APIC at 0xe0150 instead");
    memcpy(byte_at(seed.madt, 0), "\x1f ~\x7f", 4);
    ck_assert_str_eq(start_with(20), "RSDT: found . ~. at 0xe0150 instead");
    finish();
}
END_TEST

START_TEST(scan) {
    acpi_seed(&seed);
    const uint8_t *range = seed.memory.at;
    ck_assert_ptr_eq(
        acpi_scan_rsdp(range, seed.memory.size), range + seed.rsdp);
    ck_assert_ptr_null(acpi_scan_rsdp(range, seed.rsdp + 19));
    ck_assert_ptr_nonnull(acpi_scan_rsdp(range, seed.rsdp + 20));
    (*byte_at(seed.rsdp, 9))++;
    ck_assert_ptr_null(acpi_scan_rsdp(range, seed.memory.size));
    ck_assert_ptr_null(acpi_scan_rsdp(range, 0));
}
END_TEST

// --- tables -----------------------------------------------------------------

START_TEST(missing_table) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    ck_assert_str_eq(find("MCFG"), "MCFG: not among the 4 tables");
    finish();
}
END_TEST

START_TEST(nth_table) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct acpi_table table;
    ck_assert_ptr_null(acpi_find(&acpi, "SSDT", 0, &table));
    ck_assert_uint_eq(table.size, 45);
    ck_assert_ptr_nonnull(acpi_find(&acpi, "SSDT", 1, &table));
    finish();
}
END_TEST

START_TEST(bad_table_loses_only_itself) {
    acpi_seed(&seed);
    (*byte_at(seed.madt, 40))++;
    ck_assert_ptr_null(start());
    ck_assert_str_eq(find("APIC"), "APIC: bad checksum");
    ck_assert_ptr_null(find("FACP"));
    ck_assert_str_eq(acpi.reason, "");
    ck_assert_ptr_null(find("HPET"));
    finish();
}
END_TEST

START_TEST(table_lengths) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    bytes_set_u32(&seed.memory, seed.madt + 4, 35);
    ck_assert_str_eq(find("APIC"), "APIC: length 35 is less than its header's");
    bytes_set_u32(&seed.memory, seed.madt + 4, 0);
    ck_assert_str_eq(find("APIC"), "APIC: length 0 is less than its header's");
    bytes_set_u32(&seed.memory, seed.madt + 4, 0xffffffff);
    ck_assert_str_eq(find("APIC"), "APIC: length 4294967295 is absurd");
    bytes_set_u32(&seed.memory, seed.madt + 4, 0x10000);
    ck_assert_str_eq(
        find("APIC"), "APIC: 65536 bytes at 0xe0150 are not all readable");
    finish();
}
END_TEST

START_TEST(unreadable_entries_are_passed_over) {
    acpi_seed(&seed);
    bytes_set_u64(&seed.memory, seed.xsdt + 36, UINT64_MAX - 3); // was FACP
    acpi_seed_seal(&seed, seed.xsdt);
    ck_assert_ptr_null(start());
    ck_assert_ptr_null(find("APIC"));
    ck_assert_str_eq(find("FACP"), "FACP: not among the 4 tables");
    finish();
}
END_TEST

// --- MADT -------------------------------------------------------------------

START_TEST(madt_entries) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct madt madt;
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    ck_assert_uint_eq(madt.lapic_address, 0x1fee10000);
    ck_assert(madt.pcat_compat);
    size_t cursor = 0;
    struct madt_entry e;
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC && e.lapic.apic_id == 0);
    ck_assert(e.lapic.enabled && !e.lapic.online_capable && !e.lapic.x2apic);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC && e.lapic.apic_id == 2);
    ck_assert(e.lapic.uid == 1 && !e.lapic.enabled && !e.lapic.online_capable);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC && e.lapic.apic_id == 4);
    ck_assert(!e.lapic.enabled && e.lapic.online_capable);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_IOAPIC && e.ioapic.id == 7);
    ck_assert_uint_eq(e.ioapic.address, 0xfec00000);
    ck_assert_uint_eq(e.ioapic.gsi_base, 0);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_OVERRIDE && e.override.source == 9);
    ck_assert_uint_eq(e.override.gsi, 9);
    ck_assert_uint_eq(
        e.override.flags, MADT_POLARITY_HIGH | MADT_TRIGGER_LEVEL);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC_NMI && e.nmi.lint == 1 && e.nmi.flags == 5);
    ck_assert_uint_eq(e.nmi.uid, MADT_ALL_PROCESSORS);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC && e.lapic.x2apic && e.lapic.enabled);
    ck_assert(e.lapic.apic_id == 0x1234 && e.lapic.uid == 3);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_LAPIC_NMI && e.nmi.uid == 6 && e.nmi.flags == 5);
    ck_assert_uint_eq(e.nmi.lint, 1);
    ck_assert(!madt_next(&madt, &cursor, &e));
    ck_assert(!madt_next(&madt, &cursor, &e));
    finish();
}
END_TEST

// The entries of the seed with the length of the second one changed.
static struct madt damaged(struct madt_entry *second, unsigned length) {
    struct madt madt;
    acpi_seed(&seed);
    *byte_at(seed.madt, 44 + 8 + 1) = (uint8_t)length;
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    size_t cursor = 0;
    ck_assert(madt_next(&madt, &cursor, second));
    ck_assert(second->type == MADT_LAPIC);
    ck_assert(madt_next(&madt, &cursor, second));
    ck_assert(second->type == MADT_BAD);
    if (length < 2 || length > 100) {
        struct madt_entry e;
        ck_assert(!madt_next(&madt, &cursor, &e));
        ck_assert(!madt_next(&madt, &cursor, &e));
    }
    return madt;
}

START_TEST(madt_entry_that_is_too_short) {
    struct madt_entry bad;
    damaged(&bad, 0);
    ck_assert_str_eq(
        bad.reason,
        "APIC: entry at 52 has length 0 of 88 left, the rest is lost");
    finish();
    damaged(&bad, 1);
    ck_assert_str_eq(
        bad.reason,
        "APIC: entry at 52 has length 1 of 88 left, the rest is lost");
    finish();
    damaged(&bad, 255);
    ck_assert_str_eq(
        bad.reason,
        "APIC: entry at 52 has length 255 of 88 left, the rest is lost");
    finish();
    damaged(&bad, 7);
    ck_assert_str_eq(
        bad.reason, "APIC: entry at 52, type 0, has length 7, 8 wanted");
    finish();
}
END_TEST

// The only entry is of this type and length: how does it come out?
static enum madt_type only_entry(unsigned type, unsigned length) {
    struct madt madt;
    struct madt_entry e = {.type = MADT_BAD};
    acpi_seed(&seed);
    *byte_at(seed.madt, 44) = (uint8_t)type;
    *byte_at(seed.madt, 45) = (uint8_t)length;
    bytes_set_u32(&seed.memory, seed.madt + 4, 44 + length);
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    size_t cursor = 0;
    ck_assert(madt_next(&madt, &cursor, &e));
    finish();
    return e.type;
}

START_TEST(madt_lengths_of_each_type) {
    static const struct {
        unsigned type;
        unsigned length;
        enum madt_type wanted;
    } rows[] = {
        {0, 8, MADT_LAPIC},     {9, 16, MADT_LAPIC},
        {1, 12, MADT_IOAPIC},   {2, 10, MADT_OVERRIDE},
        {4, 6, MADT_LAPIC_NMI}, {10, 12, MADT_LAPIC_NMI},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        ck_assert_int_eq(
            only_entry(rows[i].type, rows[i].length), rows[i].wanted);
        ck_assert_int_eq(
            only_entry(rows[i].type, rows[i].length + 1), rows[i].wanted);
        ck_assert_int_eq(
            only_entry(rows[i].type, rows[i].length - 1), MADT_BAD);
    }
    ck_assert_int_eq(only_entry(5, 11), MADT_BAD);
}
END_TEST

START_TEST(nmi_of_all_processors) {
    acpi_seed(&seed);
    static const uint8_t entries[] = {4,  6,  5, 0, 0,    1, // of processor 5
                                      10, 12, 5, 0, 0xff, 0, 0, 0, 1, 0, 0, 0};
    memcpy(byte_at(seed.madt, 44), entries, sizeof(entries));
    bytes_set_u32(&seed.memory, seed.madt + 4, 44 + sizeof(entries));
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    struct madt madt;
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    size_t cursor = 0;
    struct madt_entry e;
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert_uint_eq(e.nmi.uid, 5);
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert_uint_eq(e.nmi.uid, 0xff);
    finish();
}
END_TEST

START_TEST(madt_entry_that_is_only_a_header) {
    acpi_seed(&seed);
    *byte_at(seed.madt, 44) = 99;
    *byte_at(seed.madt, 45) = 2;
    bytes_set_u32(&seed.memory, seed.madt + 4, 44 + 2);
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    struct madt madt;
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    size_t cursor = 0;
    struct madt_entry e;
    ck_assert(!madt_next(&madt, &cursor, &e));
    finish();
}
END_TEST

START_TEST(madt_that_ends_in_one_byte) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.madt + 4, 44 + 8 + 1);
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    struct madt madt;
    ck_assert_ptr_null(madt_parse(&acpi, &madt));
    ck_assert_uint_eq(madt.lapic_address, 0xfee00000);
    size_t cursor = 0;
    struct madt_entry e;
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(madt_next(&madt, &cursor, &e));
    ck_assert(e.type == MADT_BAD);
    ck_assert_str_eq(e.reason, "APIC: a stray byte at its end");
    ck_assert(!madt_next(&madt, &cursor, &e));
    finish();
}
END_TEST

START_TEST(madt_that_is_too_short) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.madt + 4, 43);
    acpi_seed_seal(&seed, seed.madt);
    ck_assert_ptr_null(start());
    struct madt madt;
    ck_assert_str_eq(
        madt_parse(&acpi, &madt), "APIC: 43 bytes, at least 44 wanted");
    finish();
}
END_TEST

// --- FADT, DSDT, HPET -------------------------------------------------------

START_TEST(fadt_of_today) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    ck_assert_ptr_null(fadt_parse(&acpi, &fadt));
    ck_assert_uint_eq(fadt.reset.space, ACPI_SPACE_IO);
    ck_assert_uint_eq(fadt.reset.address, 0xcf9);
    ck_assert_uint_eq(fadt.reset_value, 0x0f);
    ck_assert_uint_eq(fadt.pm1a_control.address, 0x1604);
    ck_assert_uint_eq(fadt.pm1a_control.bit_width, 16);
    ck_assert_uint_eq(fadt.pm1b_control.address, 0);
    ck_assert_uint_eq(fadt.pm_timer.address, 0x608);
    ck_assert_uint_eq(fadt.pm_timer.bit_width, 32);
    ck_assert(fadt.pm_timer_32);
    ck_assert(!fadt.hw_reduced);
    ck_assert(fadt.no_cmos_rtc);
    ck_assert_uint_eq(fadt.sci_interrupt, 9);
    ck_assert_uint_eq(fadt.smi_command, 0xb2);
    ck_assert_uint_eq(fadt.acpi_enable, 0xf1);
    ck_assert_uint_eq(fadt.century, 0x32);
    ck_assert_uint_eq(fadt.dsdt, acpi_seed_address(seed.dsdt));
    finish();
}
END_TEST

START_TEST(fadt_of_1996) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.fadt + 4, 116);
    acpi_seed_seal(&seed, seed.fadt);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    ck_assert_ptr_null(fadt_parse(&acpi, &fadt));
    ck_assert_uint_eq(fadt.reset.address, 0);
    ck_assert_uint_eq(fadt.pm1a_control.address, 0x604);
    ck_assert_uint_eq(fadt.pm1a_control.bit_width, 16);
    ck_assert_uint_eq(fadt.pm1a_control.space, ACPI_SPACE_IO);
    ck_assert_uint_eq(fadt.dsdt, acpi_seed_address(seed.dsdt));
    finish();
}
END_TEST

// The FADT of the seed, cut to a size that lies around the end of a field.
static struct fadt fadt_of_size(uint32_t size) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.fadt + 4, size);
    bytes_set_u32(&seed.memory, seed.fadt + 40, 0x1234); // DSDT
    acpi_seed_seal(&seed, seed.fadt);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    ck_assert_ptr_null(fadt_parse(&acpi, &fadt));
    finish();
    return fadt;
}

START_TEST(fadt_of_all_sizes) {
    ck_assert_uint_eq(fadt_of_size(128).reset.address, 0);
    ck_assert_uint_eq(fadt_of_size(129).reset.address, 0xcf9);
    ck_assert_uint_eq(fadt_of_size(147).dsdt, 0x1234);
    ck_assert_uint_eq(fadt_of_size(148).dsdt, acpi_seed_address(seed.dsdt));
    ck_assert_uint_eq(fadt_of_size(183).pm1a_control.address, 0x604);
    ck_assert_uint_eq(fadt_of_size(184).pm1a_control.address, 0x1604);
    for (uint32_t size = 116; size <= 244; size++) {
        fadt_of_size(size); // the sanitizer watches
    }
}
END_TEST

START_TEST(fadt_without_what_it_promises) {
    acpi_seed(&seed);
    bytes_set_u64(&seed.memory, seed.fadt + 140, 0);        // X_DSDT
    bytes_set_u32(&seed.memory, seed.fadt + 112, 1u << 20); // flags
    acpi_seed_seal(&seed, seed.fadt);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    ck_assert_ptr_null(fadt_parse(&acpi, &fadt));
    ck_assert_uint_eq(fadt.dsdt, acpi_seed_address(seed.dsdt));
    ck_assert_uint_eq(fadt.reset.address, 0);
    ck_assert(fadt.hw_reduced);
    ck_assert(!fadt.pm_timer_32);
    finish();
}
END_TEST

START_TEST(fadt_that_is_too_short) {
    acpi_seed(&seed);
    bytes_set_u32(&seed.memory, seed.fadt + 4, 115);
    acpi_seed_seal(&seed, seed.fadt);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    ck_assert_str_eq(
        fadt_parse(&acpi, &fadt), "FACP: 115 bytes, at least 116 wanted");
    finish();
}
END_TEST

// Look for \_S5_ in a DSDT that holds these bytes.
static const char *find_s5(const void *aml, size_t size, struct acpi_s5 *out) {
    acpi_seed(&seed);
    bytes_pad(&seed.memory, 16);
    seed.dsdt = acpi_seed_start(&seed.memory, "DSDT", 1);
    bytes_add(&seed.memory, aml, size);
    acpi_seed_end(&seed, seed.dsdt);
    ck_assert_ptr_null(start());
    struct fadt fadt = {.dsdt = acpi_seed_address(seed.dsdt)};
    const char *reason = acpi_find_s5(&acpi, &fadt, out);
    finish();
    return reason;
}

#define FIND_S5(aml, out) find_s5(aml, sizeof(aml) - 1, out)
#define NO_S5 "DSDT: no usable \\_S5_ in it nor in 1 SSDTs"

START_TEST(s5_of_the_seed) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct fadt fadt;
    struct acpi_s5 s5;
    ck_assert_ptr_null(fadt_parse(&acpi, &fadt));
    ck_assert_ptr_null(acpi_find_s5(&acpi, &fadt, &s5));
    ck_assert_uint_eq(s5.slp_typ_a, 5);
    ck_assert_uint_eq(s5.slp_typ_b, 1);
    finish();
}
END_TEST

START_TEST(s5_in_its_encodings) {
    struct acpi_s5 s5;
    ck_assert_ptr_null(
        FIND_S5("\x08\\_S5_\x12\x07\x02\x0b\x07\x00\x0a\x03", &s5));
    ck_assert_uint_eq(s5.slp_typ_a, 7);
    ck_assert_uint_eq(s5.slp_typ_b, 3);
    // PkgLength of two bytes; a double word
    ck_assert_ptr_null(
        FIND_S5("\x08_S5_\x12\x49\x00\x02\x0c\x06\x00\x00\x00\x00", &s5));
    ck_assert_uint_eq(s5.slp_typ_a, 6);
    ck_assert_uint_eq(s5.slp_typ_b, 0);
    // one element that holds both
    ck_assert_ptr_null(FIND_S5("\x08_S5_\x12\x05\x01\x0b\x05\x04", &s5));
    ck_assert_uint_eq(s5.slp_typ_a, 5);
    ck_assert_uint_eq(s5.slp_typ_b, 4);
}
END_TEST

START_TEST(s5_that_can_not_be_used) {
    struct acpi_s5 s5;
    ck_assert_str_eq(FIND_S5("", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("_S5_", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x13\x04\x02\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(
        FIND_S5(
            "\x08"
            "A_S5_\x12\x04\x02\x00\x00",
            &s5),
        NO_S5);
    ck_assert_str_eq(FIND_S5("\x07\\_S5_\x12\x04\x02\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\x06\x04\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\x03\x02\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\x04\x00\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\x05\x02\x0a\x08\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\x04\x02SS", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x12_S5_\x12\x04\x02\x00\x00", &s5), NO_S5);
    ck_assert_str_eq(FIND_S5("\x08_S5_\x12\xff\xff\xff\xff", &s5), NO_S5);
}
END_TEST

START_TEST(s5_in_an_ssdt) {
    static const uint8_t package[] = {8, '_', 'S', '5', '_', 0x12, 4, 2, 1, 0};
    acpi_seed(&seed);
    size_t aml = seed.ssdt + 36;
    memcpy(seed.memory.at + aml, package, sizeof(package));
    bytes_set_u32(&seed.memory, seed.ssdt + 4, 36 + sizeof(package));
    acpi_seed_seal(&seed, seed.ssdt);
    ck_assert_ptr_null(start());
    struct fadt fadt = {.dsdt = 0};
    struct acpi_s5 s5;
    ck_assert_ptr_null(acpi_find_s5(&acpi, &fadt, &s5));
    ck_assert_uint_eq(s5.slp_typ_a, 1);
    finish();
}
END_TEST

START_TEST(dsdt_that_is_not_there) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct fadt fadt = {.dsdt = 0x1000};
    struct acpi_s5 s5;
    ck_assert_str_eq(
        acpi_find_s5(&acpi, &fadt, &s5), "DSDT: not readable at 0x1000");
    finish();
}
END_TEST

START_TEST(hpet_and_a_wrong_one) {
    acpi_seed(&seed);
    ck_assert_ptr_null(start());
    struct hpet hpet;
    ck_assert_ptr_null(hpet_parse(&acpi, &hpet));
    ck_assert_uint_eq(hpet.address, 0xfed00000);
    ck_assert_uint_eq(hpet.number, 1);
    ck_assert_uint_eq(hpet.min_tick, 100);
    *byte_at(seed.hpet, 40) = 1;
    acpi_seed_seal(&seed, seed.hpet);
    ck_assert_str_eq(
        hpet_parse(&acpi, &hpet), "HPET: registers in space 1 at 0xfed00000");
    finish();
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        xsdt_is_preferred,
        old_rsdp_gives_rsdt,
        bad_xsdt_falls_back_to_rsdt,
        bad_xsdt_without_rsdt,
        bad_rsdp,
        root_is_another_table,
        scan,
        missing_table,
        nth_table,
        bad_table_loses_only_itself,
        table_lengths,
        unreadable_entries_are_passed_over,
        madt_entries,
        madt_entry_that_is_too_short,
        madt_lengths_of_each_type,
        nmi_of_all_processors,
        madt_entry_that_is_only_a_header,
        madt_that_ends_in_one_byte,
        madt_that_is_too_short,
        fadt_of_today,
        fadt_of_1996,
        fadt_of_all_sizes,
        fadt_without_what_it_promises,
        fadt_that_is_too_short,
        s5_of_the_seed,
        s5_in_its_encodings,
        s5_that_can_not_be_used,
        s5_in_an_ssdt,
        dsdt_that_is_not_there,
        hpet_and_a_wrong_one,
    };
    return SUITE_RUN("acpi", tests);
}
