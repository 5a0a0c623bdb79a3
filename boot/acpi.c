// SPDX-License-Identifier: MIT
// See acpi.h. Offsets are those of the ACPI specification, chapter "ACPI
// Software Programming Model".
#include "boot/acpi.h"

#include "kernel/base/bytes.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define SIGNATURE_SIZE 4

// Root system description pointer.
#define RSDP_SIGNATURE "RSD PTR "
#define RSDP_SIGNATURE_SIZE 8
#define RSDP_REVISION 15
#define RSDP_RSDT_ADDRESS 16
#define RSDP_V1_SIZE 20
#define RSDP_LENGTH 20
#define RSDP_XSDT_ADDRESS 24
#define RSDP_V2_SIZE 36
#define RSDP_ALIGNMENT 16
#define REVISION_WITH_XSDT 2

// System description table header.
#define HEADER_LENGTH 4
#define HEADER_SIZE 36

// Write the reason of a failure and return it.
PRINTF_LIKE(2, 3)
static const char *fail(struct acpi *acpi, const char *text, ...) {
    va_list args;
    va_start(args, text);
    format_text(acpi->reason, sizeof(acpi->reason), text, args);
    va_end(args);
    return acpi->reason;
}

static uint8_t sum_of(const uint8_t *bytes, size_t size) {
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return sum;
}

static const uint8_t *read_at(
    struct acpi *acpi, paddr_t address, uint64_t size) {
    if (address == 0 || size > UINT64_MAX - address) {
        return NULL;
    }
    return acpi->map(acpi->context, address, size);
}

// A signature as text: what does not print becomes a dot.
static void copy_signature(char *to, const void *signature) {
    memcpy(to, signature, SIGNATURE_SIZE);
    for (unsigned i = 0; i < SIGNATURE_SIZE; i++) {
        if (to[i] < ' ' || to[i] > '~') {
            to[i] = '.';
        }
    }
    to[SIGNATURE_SIZE] = '\0';
}

// Read the table at `address`, which must have this signature.
static const char *load_table(
    struct acpi *acpi, const char *signature, paddr_t address,
    struct acpi_table *out) {
    const uint8_t *header = read_at(acpi, address, HEADER_SIZE);
    if (header == NULL) {
        return fail(acpi, "%s: not readable at 0x%lx", signature, address);
    }
    if (memcmp(header, signature, SIGNATURE_SIZE) != 0) {
        char found[SIGNATURE_SIZE + 1];
        copy_signature(found, header);
        return fail(
            acpi, "%s: found %s at 0x%lx instead", signature, found, address);
    }
    uint32_t size = load_u32(header + HEADER_LENGTH);
    if (size < HEADER_SIZE) {
        return fail(
            acpi, "%s: length %u is less than its header's", signature, size);
    }
    if (size > ACPI_TABLE_MAX) {
        return fail(acpi, "%s: length %u is absurd", signature, size);
    }
    out->bytes = read_at(acpi, address, size);
    out->size = size;
    if (out->bytes == NULL) {
        return fail(
            acpi, "%s: %u bytes at 0x%lx are not all readable", signature, size,
            address);
    }
    if (sum_of(out->bytes, size) != 0) {
        return fail(acpi, "%s: bad checksum", signature);
    }
    return NULL;
}

// --- the root ---------------------------------------------------------------

// Take the list of tables from the RSDT or the XSDT.
static const char *load_root(
    struct acpi *acpi, const char *signature, paddr_t address,
    uint32_t entry_size) {
    struct acpi_table table;
    const char *reason = load_table(acpi, signature, address, &table);
    if (reason != NULL) {
        return reason;
    }
    acpi->entries = table.bytes + HEADER_SIZE;
    acpi->num_entries = (table.size - HEADER_SIZE) / entry_size;
    acpi->entry_size = entry_size;
    return NULL;
}

static const char *load_xsdt(
    struct acpi *acpi, const uint8_t *rsdp, size_t size) {
    if (size < RSDP_V2_SIZE) {
        return fail(acpi, "RSDP: revision 2 in %zu bytes, 36 wanted", size);
    }
    uint32_t length = load_u32(rsdp + RSDP_LENGTH);
    if (length < RSDP_V2_SIZE || length > size) {
        return fail(acpi, "RSDP: length %u in %zu bytes", length, size);
    }
    if (sum_of(rsdp, length) != 0) {
        return fail(acpi, "RSDP: bad extended checksum");
    }
    return load_root(
        acpi, "XSDT", load_u64(rsdp + RSDP_XSDT_ADDRESS), sizeof(uint64_t));
}

const char *acpi_init(
    struct acpi *acpi, const void *rsdp, size_t size, acpi_map_fn *map,
    void *context) {
    *acpi = (struct acpi){.map = map, .context = context};
    const uint8_t *bytes = rsdp;
    if (rsdp == NULL || size < RSDP_V1_SIZE) {
        return fail(acpi, "RSDP: %zu bytes, at least 20 wanted", size);
    }
    if (memcmp(bytes, RSDP_SIGNATURE, RSDP_SIGNATURE_SIZE) != 0) {
        return fail(acpi, "RSDP: wrong signature");
    }
    if (sum_of(bytes, RSDP_V1_SIZE) != 0) {
        return fail(acpi, "RSDP: bad checksum");
    }
    if (bytes[RSDP_REVISION] >= REVISION_WITH_XSDT &&
        load_xsdt(acpi, bytes, size) == NULL) {
        return NULL;
    }
    uint32_t rsdt = load_u32(bytes + RSDP_RSDT_ADDRESS);
    if (rsdt == 0 && acpi->reason[0] != '\0') {
        return acpi->reason; // there is only the XSDT, and it is bad
    }
    return load_root(acpi, "RSDT", rsdt, sizeof(uint32_t));
}

const void *acpi_scan_rsdp(const void *range, size_t size) {
    const uint8_t *bytes = range;
    for (size_t i = 0; i < size && size - i >= RSDP_V1_SIZE;
         i += RSDP_ALIGNMENT) {
        if (memcmp(bytes + i, RSDP_SIGNATURE, RSDP_SIGNATURE_SIZE) == 0 &&
            sum_of(bytes + i, RSDP_V1_SIZE) == 0) {
            return bytes + i;
        }
    }
    return NULL;
}

static paddr_t root_entry(const struct acpi *acpi, uint32_t index) {
    const uint8_t *entry = acpi->entries + (size_t)index * acpi->entry_size;
    return acpi->entry_size == sizeof(uint64_t) ? load_u64(entry)
                                                : load_u32(entry);
}

const char *acpi_find(
    struct acpi *acpi, const char *signature, unsigned nth,
    struct acpi_table *out) {
    acpi->reason[0] = '\0';
    for (uint32_t i = 0; i < acpi->num_entries; i++) {
        paddr_t address = root_entry(acpi, i);
        const uint8_t *header = read_at(acpi, address, HEADER_SIZE);
        if (header == NULL || memcmp(header, signature, SIGNATURE_SIZE) != 0) {
            continue;
        }
        if (load_table(acpi, signature, address, out) == NULL && nth-- == 0) {
            return NULL;
        }
    }
    if (acpi->reason[0] != '\0') {
        return acpi->reason;
    }
    return fail(
        acpi, "%s: not among the %u tables", signature, acpi->num_entries);
}

// Find the first table of a signature; it must have `size` bytes at least.
static const char *find_sized(
    struct acpi *acpi, const char *signature, uint32_t size,
    struct acpi_table *out) {
    const char *reason = acpi_find(acpi, signature, 0, out);
    if (reason == NULL && out->size < size) {
        return fail(
            acpi, "%s: %u bytes, at least %u wanted", signature, out->size,
            size);
    }
    return reason;
}

// --- MADT -------------------------------------------------------------------

#define MADT_LAPIC_ADDRESS 36
#define MADT_FLAGS 40
#define MADT_PCAT_COMPAT 0x1
#define MADT_ENTRIES 44

// Every entry: u8 type, length.
#define ENTRY_LENGTH 1
#define ENTRY_HEADER_SIZE 2
#define ENTRY_ENABLED 0x1
#define ENTRY_ONLINE_CAPABLE 0x2
#define LAPIC_NMI_ALL 0xff // in the 8-bit field of type 4

enum entry_type {
    ENTRY_LAPIC = 0,
    ENTRY_IOAPIC = 1,
    ENTRY_OVERRIDE = 2,
    ENTRY_LAPIC_NMI = 4,
    ENTRY_LAPIC_ADDRESS = 5,
    ENTRY_X2APIC = 9,
    ENTRY_X2APIC_NMI = 10,
};

// The length that the specification gives; 0 for types that are passed over.
static uint8_t entry_size(uint8_t type) {
    switch (type) {
    case ENTRY_LAPIC:
        return 8;
    case ENTRY_IOAPIC:
        return 12;
    case ENTRY_OVERRIDE:
        return 10;
    case ENTRY_LAPIC_NMI:
        return 6;
    case ENTRY_LAPIC_ADDRESS:
        return 12;
    case ENTRY_X2APIC:
        return 16;
    case ENTRY_X2APIC_NMI:
        return 12;
    default:
        return 0;
    }
}

PRINTF_LIKE(2, 3)
static void set_bad(struct madt_entry *out, const char *text, ...) {
    va_list args;
    va_start(args, text);
    out->type = MADT_BAD;
    format_text(out->reason, sizeof(out->reason), text, args);
    va_end(args);
}

// The entry at *cursor, NULL at the end. Moves behind it. A damaged one is
// described in *bad and returned all the same.
static const uint8_t *entry_next(
    const struct madt *madt, size_t *cursor, struct madt_entry *bad) {
    bad->type = MADT_LAPIC;
    size_t offset = *cursor == 0 ? MADT_ENTRIES : *cursor;
    if (offset >= madt->table.size) {
        return NULL;
    }
    const uint8_t *entry = madt->table.bytes + offset;
    size_t left = madt->table.size - offset;
    *cursor = madt->table.size; // unless the entry says where the next one is
    if (left < ENTRY_HEADER_SIZE) {
        set_bad(bad, "APIC: a stray byte at its end");
        return entry;
    }
    uint8_t type = entry[0];
    uint8_t length = entry[ENTRY_LENGTH];
    if (length < ENTRY_HEADER_SIZE || length > left) {
        set_bad(
            bad,
            "APIC: entry at %zu has length %u of %zu left, the rest is lost",
            offset, length, left);
        return entry;
    }
    *cursor = offset + length;
    if (length < entry_size(type)) {
        set_bad(
            bad, "APIC: entry at %zu, type %u, has length %u, %u wanted",
            offset, type, length, entry_size(type));
    }
    return entry;
}

static void parse_lapic(const uint8_t *entry, struct madt_entry *out) {
    bool x2apic = entry[0] == ENTRY_X2APIC;
    uint32_t flags = load_u32(entry + (x2apic ? 8 : 4));
    out->type = MADT_LAPIC;
    out->lapic.apic_id = x2apic ? load_u32(entry + 4) : entry[3];
    out->lapic.uid = x2apic ? load_u32(entry + 12) : entry[2];
    out->lapic.enabled = (flags & ENTRY_ENABLED) != 0;
    out->lapic.online_capable = (flags & ENTRY_ONLINE_CAPABLE) != 0;
    out->lapic.x2apic = x2apic;
}

static void parse_nmi(const uint8_t *entry, struct madt_entry *out) {
    bool x2apic = entry[0] == ENTRY_X2APIC_NMI;
    uint32_t uid = x2apic ? load_u32(entry + 4) : entry[2];
    if (!x2apic && uid == LAPIC_NMI_ALL) {
        uid = MADT_ALL_PROCESSORS;
    }
    out->type = MADT_LAPIC_NMI;
    out->nmi.uid = uid;
    out->nmi.flags = load_u16(entry + (x2apic ? 2 : 3));
    out->nmi.lint = entry[x2apic ? 8 : 5];
}

// Returns false if entries of this type are passed over.
static bool parse_entry(const uint8_t *entry, struct madt_entry *out) {
    switch (entry[0]) {
    case ENTRY_LAPIC:
    case ENTRY_X2APIC:
        parse_lapic(entry, out);
        return true;
    case ENTRY_IOAPIC:
        out->type = MADT_IOAPIC;
        out->ioapic.id = entry[2];
        out->ioapic.address = load_u32(entry + 4);
        out->ioapic.gsi_base = load_u32(entry + 8);
        return true;
    case ENTRY_OVERRIDE:
        out->type = MADT_OVERRIDE;
        out->override.source = entry[3];
        out->override.gsi = load_u32(entry + 4);
        out->override.flags = load_u16(entry + 8);
        return true;
    case ENTRY_LAPIC_NMI:
    case ENTRY_X2APIC_NMI:
        parse_nmi(entry, out);
        return true;
    default:
        return false;
    }
}

bool madt_next(
    const struct madt *madt, size_t *cursor, struct madt_entry *out) {
    for (;;) {
        const uint8_t *entry = entry_next(madt, cursor, out);
        if (entry == NULL) {
            return false;
        }
        if (out->type == MADT_BAD || parse_entry(entry, out)) {
            return true;
        }
    }
}

const char *madt_parse(struct acpi *acpi, struct madt *out) {
    *out = (struct madt){0};
    const char *reason = find_sized(acpi, "APIC", MADT_ENTRIES, &out->table);
    if (reason != NULL) {
        return reason;
    }
    const uint8_t *bytes = out->table.bytes;
    out->lapic_address = load_u32(bytes + MADT_LAPIC_ADDRESS);
    out->pcat_compat = (load_u32(bytes + MADT_FLAGS) & MADT_PCAT_COMPAT) != 0;
    size_t cursor = 0;
    const uint8_t *entry;
    struct madt_entry bad;
    while ((entry = entry_next(out, &cursor, &bad)) != NULL) {
        if (bad.type != MADT_BAD && entry[0] == ENTRY_LAPIC_ADDRESS) {
            out->lapic_address = load_u64(entry + 4);
        }
    }
    return NULL;
}

// --- FADT -------------------------------------------------------------------

#define FADT_DSDT 40
#define FADT_SCI_INT 46
#define FADT_SMI_CMD 48
#define FADT_ACPI_ENABLE 52
#define FADT_PM1A_CNT 64
#define FADT_PM1B_CNT 68
#define FADT_PM_TMR 76
#define FADT_PM1_CNT_LEN 89
#define FADT_PM_TMR_LEN 91
#define FADT_CENTURY 108
#define FADT_IAPC_BOOT_ARCH 109
#define FADT_FLAGS 112
#define FADT_V1_SIZE 116
#define FADT_RESET_REG 116
#define FADT_RESET_VALUE 128
#define FADT_X_DSDT 140
#define FADT_X_PM1A_CNT 172
#define FADT_X_PM1B_CNT 184
#define FADT_X_PM_TMR 208
#define GAS_SIZE 12

#define FLAG_TMR_VAL_EXT (1u << 8)
#define FLAG_RESET_REG_SUP (1u << 10)
#define FLAG_HW_REDUCED (1u << 20)
#define BOOT_ARCH_NO_CMOS_RTC (1u << 5)

#define BITS_PER_BYTE 8

static struct acpi_gas load_gas(const uint8_t *from) {
    return (struct acpi_gas){
        .space = from[0],
        .bit_width = from[1],
        .bit_offset = from[2],
        .access_size = from[3],
        .address = load_u64(from + 4),
    };
}

// A register block that ACPI 1.0 gives as a port, later versions by a GAS that
// is preferred where the table reaches so far and the GAS is used.
static struct acpi_gas load_block(
    const struct acpi_table *fadt, uint32_t x_offset, uint32_t offset,
    uint32_t length_offset) {
    if (fadt->size >= x_offset + GAS_SIZE) {
        struct acpi_gas gas = load_gas(fadt->bytes + x_offset);
        if (gas.address != 0) {
            return gas;
        }
    }
    return (struct acpi_gas){
        .space = ACPI_SPACE_IO,
        .bit_width = (uint8_t)(fadt->bytes[length_offset] * BITS_PER_BYTE),
        .address = load_u32(fadt->bytes + offset),
    };
}

static void parse_reset(
    const struct acpi_table *fadt, uint32_t flags, struct fadt *out) {
    if ((flags & FLAG_RESET_REG_SUP) != 0 && fadt->size > FADT_RESET_VALUE) {
        out->reset = load_gas(fadt->bytes + FADT_RESET_REG);
        out->reset_value = fadt->bytes[FADT_RESET_VALUE];
    }
}

static paddr_t parse_dsdt(const struct acpi_table *fadt) {
    if (fadt->size >= FADT_X_DSDT + sizeof(uint64_t)) {
        paddr_t address = load_u64(fadt->bytes + FADT_X_DSDT);
        if (address != 0) {
            return address;
        }
    }
    return load_u32(fadt->bytes + FADT_DSDT);
}

const char *fadt_parse(struct acpi *acpi, struct fadt *out) {
    *out = (struct fadt){0};
    struct acpi_table fadt;
    const char *reason = find_sized(acpi, "FACP", FADT_V1_SIZE, &fadt);
    if (reason != NULL) {
        return reason;
    }
    const uint8_t *bytes = fadt.bytes;
    uint32_t flags = load_u32(bytes + FADT_FLAGS);
    parse_reset(&fadt, flags, out);
    out->pm1a_control =
        load_block(&fadt, FADT_X_PM1A_CNT, FADT_PM1A_CNT, FADT_PM1_CNT_LEN);
    out->pm1b_control =
        load_block(&fadt, FADT_X_PM1B_CNT, FADT_PM1B_CNT, FADT_PM1_CNT_LEN);
    out->pm_timer =
        load_block(&fadt, FADT_X_PM_TMR, FADT_PM_TMR, FADT_PM_TMR_LEN);
    out->pm_timer_32 = (flags & FLAG_TMR_VAL_EXT) != 0;
    out->hw_reduced = (flags & FLAG_HW_REDUCED) != 0;
    out->no_cmos_rtc =
        (load_u16(bytes + FADT_IAPC_BOOT_ARCH) & BOOT_ARCH_NO_CMOS_RTC) != 0;
    out->sci_interrupt = load_u16(bytes + FADT_SCI_INT);
    out->smi_command = load_u32(bytes + FADT_SMI_CMD);
    out->acpi_enable = bytes[FADT_ACPI_ENABLE];
    out->century = bytes[FADT_CENTURY];
    out->dsdt = parse_dsdt(&fadt);
    return NULL;
}

// --- \_S5_ ------------------------------------------------------------------

// AML, as the specification's chapter "ACPI Machine Language (AML)" has it.
enum aml {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE_PREFIX = 0x0a,
    AML_WORD_PREFIX = 0x0b,
    AML_DWORD_PREFIX = 0x0c,
    AML_PACKAGE = 0x12,
    AML_ROOT_CHAR = '\\',
};
#define S5_NAME "_S5_"
#define SLP_TYP_MAX 7 // three bits of PM1_CNT

// A part of a table that is read from front to back.
struct aml_stream {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static uint8_t aml_byte(struct aml_stream *stream) {
    if (stream->at >= stream->end) {
        stream->failed = true;
        return 0;
    }
    return *stream->at++;
}

static uint32_t aml_bytes(struct aml_stream *stream, unsigned count) {
    uint32_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value |= (uint32_t)aml_byte(stream) << i * BITS_PER_BYTE;
    }
    return value;
}

// PkgLength: counts itself; the end of the stream moves to the package's.
static void aml_package_length(struct aml_stream *stream) {
    const uint8_t *start = stream->at;
    uint8_t lead = aml_byte(stream);
    unsigned more = lead >> 6;
    uint32_t length = lead & 0x3f;
    if (more != 0) {
        length = (lead & 0xf) | aml_bytes(stream, more) << 4;
    }
    if (length > (size_t)(stream->end - start)) {
        stream->failed = true;
    } else {
        stream->end = start + length;
    }
}

static uint32_t aml_integer(struct aml_stream *stream) {
    uint8_t op = aml_byte(stream);
    switch (op) {
    case AML_ZERO:
    case AML_ONE:
        return op;
    case AML_BYTE_PREFIX:
        return aml_bytes(stream, 1);
    case AML_WORD_PREFIX:
        return aml_bytes(stream, 2);
    case AML_DWORD_PREFIX:
        return aml_bytes(stream, 4);
    default:
        stream->failed = true;
        return 0;
    }
}

// Read what follows the name: the package and its first two elements. ACPI 1.0
// firmware may put both values into the bytes of one element.
static bool parse_s5(struct aml_stream stream, struct acpi_s5 *out) {
    if (aml_byte(&stream) != AML_PACKAGE) {
        return false;
    }
    aml_package_length(&stream);
    uint8_t count = aml_byte(&stream);
    uint32_t a = aml_integer(&stream);
    uint32_t b = a >> BITS_PER_BYTE;
    if (count == 1) {
        a &= UINT8_MAX;
    } else {
        b = aml_integer(&stream);
    }
    if (stream.failed || count == 0 || a > SLP_TYP_MAX || b > SLP_TYP_MAX) {
        return false;
    }
    *out = (struct acpi_s5){.slp_typ_a = (uint8_t)a, .slp_typ_b = (uint8_t)b};
    return true;
}

// Whether "_S5_" at `name` is what a NameOp defines.
static bool is_defined_here(const uint8_t *name) {
    return name[-1] == AML_NAME ||
           (name[-1] == AML_ROOT_CHAR && name[-2] == AML_NAME);
}

static bool scan_s5(const struct acpi_table *table, struct acpi_s5 *out) {
    const uint8_t *end = table->bytes + table->size;
    const uint8_t *at = table->bytes + HEADER_SIZE;
    for (; end - at >= SIGNATURE_SIZE; at++) {
        struct aml_stream stream = {.at = at + SIGNATURE_SIZE, .end = end};
        if (memcmp(at, S5_NAME, SIGNATURE_SIZE) == 0 && is_defined_here(at) &&
            parse_s5(stream, out)) {
            return true;
        }
    }
    return false;
}

const char *acpi_find_s5(
    struct acpi *acpi, const struct fadt *fadt, struct acpi_s5 *out) {
    struct acpi_table table;
    acpi->reason[0] = '\0';
    const char *reason = load_table(acpi, "DSDT", fadt->dsdt, &table);
    if (reason == NULL && scan_s5(&table, out)) {
        return NULL;
    }
    char dsdt_reason[ACPI_REASON_SIZE];
    memcpy(dsdt_reason, acpi->reason, sizeof(dsdt_reason));
    unsigned count = 0;
    while (acpi_find(acpi, "SSDT", count, &table) == NULL) {
        if (scan_s5(&table, out)) {
            return NULL;
        }
        count++;
    }
    if (reason != NULL) {
        return fail(acpi, "%s", dsdt_reason);
    }
    return fail(acpi, "DSDT: no usable \\_S5_ in it nor in %u SSDTs", count);
}

// --- HPET -------------------------------------------------------------------

#define HPET_BASE_ADDRESS 40
#define HPET_NUMBER 52
#define HPET_MIN_TICK 53
#define HPET_TABLE_SIZE 56

const char *hpet_parse(struct acpi *acpi, struct hpet *out) {
    *out = (struct hpet){0};
    struct acpi_table table;
    const char *reason = find_sized(acpi, "HPET", HPET_TABLE_SIZE, &table);
    if (reason != NULL) {
        return reason;
    }
    struct acpi_gas base = load_gas(table.bytes + HPET_BASE_ADDRESS);
    if (base.space != ACPI_SPACE_MEMORY || base.address == 0) {
        return fail(
            acpi, "HPET: registers in space %u at 0x%lx", base.space,
            base.address);
    }
    out->address = base.address;
    out->number = table.bytes[HPET_NUMBER];
    out->min_tick = load_u16(table.bytes + HPET_MIN_TICK);
    return NULL;
}
