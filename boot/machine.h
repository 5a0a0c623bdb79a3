// SPDX-License-Identifier: MIT
// What startup learns of the machine, before it describes it in the system
// page: one struct, filled in by boot/discover.c and boot/clock.c.
#pragma once

#include "boot/acpi.h"
#include "boot/multiboot2.h"
#include "boot/options.h"

#define MACHINE_MAX_CPUS OPTIONS_MAX_CPUS
#define MACHINE_MAX_IOAPICS 8
#define ISA_INTERRUPTS 16
#define ISA_TIMER 0 // the 8254's interrupt

struct machine_ioapic {
    paddr_t address;
    uint32_t gsi_base;   // its first global interrupt
    uint32_t num_inputs; // as many as there are IDT entries for
};

// Where an ISA interrupt arrives: identity unless the MADT says otherwise.
struct machine_isa {
    uint32_t gsi;
    uint16_t flags; // MADT_POLARITY_*, MADT_TRIGGER_*
};

struct machine {
    struct multiboot2_info info;
    struct options options;

    uint32_t cpu_signature; // CPUID.1:EAX
    uint32_t cpu_flags;     // CPU_FLAG_*
    char cpu_name[49];      // the brand string
    uint32_t clflush_size;  // bytes that CLFLUSH takes, 0: there is none
    bool has_clflushopt;

    struct acpi acpi;
    bool has_acpi;
    bool has_s5; // fadt and s5 are good
    struct fadt fadt;
    struct acpi_s5 s5;

    bool has_pci;      // by mechanism 1, so a chipset with its reset control
    bool has_hpet;     // one that can stand in for the 8254
    bool has_hpet_msi; // one that can send messages to local APICs
    paddr_t hpet_address;
    uint64_t hpet_hz;
    uint32_t hpet_comparators;
    uint32_t hpet_msi; // the first periodic one of them that sends messages

    bool has_lapic;
    bool x2apic; // it is in x2APIC mode, and every other CPU's is to be
    paddr_t lapic_address;
    uint32_t num_cpus;
    uint32_t apic_ids[MACHINE_MAX_CPUS]; // [0] is the boot CPU
    uint32_t num_ioapics;
    struct machine_ioapic ioapics[MACHINE_MAX_IOAPICS];
    struct machine_isa isa[ISA_INTERRUPTS];

    bool has_tsc_deadline; // as a mode of the local APIC's timer
    uint64_t tsc_hz;
    uint64_t lapic_timer_hz; // after the division by 16; 0 without one
    uint64_t boot_time;      // seconds since 1970
    uint64_t boot_cc;        // time-stamp counter then
};

// Take the multiboot2 information and the command line apart.
void discover_boot_info(struct machine *machine, const void *info);

// The boot CPU's features. Its local APIC goes to x2APIC mode if it can, unless
// the command line forces a version that takes xAPIC mode.
void discover_cpu(struct machine *machine);

// ACPI: processors, interrupt controllers, power. A machine without it has one
// processor and no I/O APIC.
void discover_acpi(struct machine *machine);

// Whether there is a PCI bus.
void discover_pci(struct machine *machine);

// Registers of the boot CPU's local APIC by their offset in xAPIC mode, through
// memory or as MSRs.
uint32_t lapic_read(const struct machine *machine, uint32_t reg);
void lapic_write(const struct machine *machine, uint32_t reg, uint32_t value);

// Silence the 8259s: moved away from the exceptions, all masked.
void discover_legacy_interrupts(void);

// The rates of the time-stamp counter and the local APIC's timer, measured
// against the 8254, and the date.
void discover_clocks(struct machine *machine);

// The I/O APIC input that an ISA interrupt arrives at: an index in ioapics, and
// the input there. False if there is none.
MUST_CHECK bool machine_isa_input(
    const struct machine *machine, unsigned isa, uint32_t *ioapic,
    uint32_t *input);
