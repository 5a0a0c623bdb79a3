// SOURCES: boot/acpi.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// Damaged ACPI tables, with the checksums made good again more often than not,
// so that the damage gets past them.
#include "boot/acpi.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/acpi_seed.h"

static struct acpi_seed seed;

static void check_reason(const char *reason) {
    FUZZ_CHECK(reason != NULL && reason[0] != '\0');
    FUZZ_CHECK(strlen(reason) < ACPI_REASON_SIZE);
}

static void walk_madt(struct acpi *acpi) {
    struct madt madt;
    const char *reason = madt_parse(acpi, &madt);
    if (reason != NULL) {
        check_reason(reason);
        return;
    }
    size_t cursor = 0;
    size_t steps = 0;
    struct madt_entry entry;
    while (madt_next(&madt, &cursor, &entry)) {
        FUZZ_CHECK(steps++ < madt.table.size);
        FUZZ_CHECK(entry.type <= MADT_BAD);
        if (entry.type == MADT_BAD) {
            check_reason(entry.reason);
        }
    }
    FUZZ_CHECK(!madt_next(&madt, &cursor, &entry));
}

static void walk_fadt(struct acpi *acpi) {
    struct fadt fadt;
    const char *reason = fadt_parse(acpi, &fadt);
    if (reason != NULL) {
        check_reason(reason);
        fadt.dsdt = acpi_seed_address(seed.dsdt);
    }
    struct acpi_s5 s5;
    reason = acpi_find_s5(acpi, &fadt, &s5);
    if (reason != NULL) {
        check_reason(reason);
    } else {
        FUZZ_CHECK(s5.slp_typ_a <= 7 && s5.slp_typ_b <= 7);
    }
}

static void walk(struct acpi *acpi) {
    walk_madt(acpi);
    walk_fadt(acpi);
    struct hpet hpet;
    const char *reason = hpet_parse(acpi, &hpet);
    if (reason != NULL) {
        check_reason(reason);
    } else {
        FUZZ_CHECK(hpet.address != 0);
    }
}

static void seal(struct fuzz *fuzz) {
    const size_t tables[] = {seed.rsdt, seed.xsdt, seed.fadt, seed.dsdt,
                             seed.madt, seed.hpet, seed.ssdt};
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        bool inside = tables[i] + 36 <= seed.memory.size;
        if (inside && !fuzz_chance(fuzz, 8)) {
            acpi_seed_seal(&seed, tables[i]);
        }
    }
    if (seed.rsdp + 36 <= seed.memory.size && !fuzz_chance(fuzz, 8)) {
        acpi_seed_seal_rsdp(&seed);
    }
}

static void once(struct fuzz *fuzz) {
    acpi_seed(&seed);
    fuzz_mutate(fuzz, &seed.memory);
    seal(fuzz);
    size_t start = seed.rsdp < seed.memory.size ? seed.rsdp : seed.memory.size;
    size_t size = seed.memory.size - start;
    void *rsdp = exact_copy(seed.memory.at + start, size);
    struct acpi acpi;
    const char *reason = acpi_init(&acpi, rsdp, size, acpi_seed_map, &seed);
    if (reason == NULL) {
        fuzz->accepted++;
        walk(&acpi);
    } else {
        check_reason(reason);
    }
    acpi_scan_rsdp(rsdp, size);
    acpi_seed_forget(&seed);
    free(rsdp);
}

int main(int argc, char *argv[]) {
    return fuzz_main("acpi", 30000, argc, argv, once);
}
