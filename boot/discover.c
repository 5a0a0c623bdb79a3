// SPDX-License-Identifier: MIT
// See machine.h: the boot loader's information, the boot CPU, ACPI.
#include "boot/machine.h"

#include "boot/boot.h"
#include "boot/console.h"
#include "callouts/hardware.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define COMMAND_LINE_MAX 4096

// Intel SDM volume 2, "CPUID"; AMD APM volume 3 for the extended leaves.
#define CPUID_FEATURES 1
#define CPUID_EXTENDED_FEATURES 7
#define CPUID_EXT_MAX 0x80000000u
#define CPUID_EXT_FEATURES 0x80000001u
#define CPUID_EXT_NAME 0x80000002u // and the next two
#define CPUID_EXT_NAME_LEAVES 3
#define CPUID_EXT_POWER 0x80000007u
#define FEATURES_EDX_APIC (1u << 9)
#define FEATURES_EDX_CLFLUSH (1u << 19)
#define LEAF7_EBX_CLFLUSHOPT (1u << 23)
#define FEATURES_ECX_X2APIC (1u << 21)
#define FEATURES_ECX_TSC_DEADLINE (1u << 24)
#define APIC_ID_OF_EBX(ebx) ((ebx) >> 24)

// Where a BIOS leaves the root of ACPI, and how long that is since ACPI 2.0.
#define BIOS_ROM 0xe0000ul
#define BIOS_ROM_SIZE 0x20000ul
#define RSDP_SIZE 36

#define FS_PER_SECOND 1000000000000000ul // the HPET counts femtoseconds

// The 8259s' initialization words (Intel 8259A data sheet).
#define PIC_ICW1_CASCADE_ICW4 0x11
#define PIC_ICW3_MASTER 0x04 // the slave is on input 2
#define PIC_ICW3_SLAVE 0x02
#define PIC_ICW4_8086 0x01

// --- what GRUB hands over ---------------------------------------------------

static void option_warn(void *context, const char *word, const char *reason) {
    (void)context;
    startup_print("option \"%s\": %s", word, reason);
}

void discover_boot_info(struct machine *machine, const void *info) {
    static char words[COMMAND_LINE_MAX];
    const char *reason =
        multiboot2_parse(info, MULTIBOOT2_INFO_MAX, &machine->info);
    if (reason != NULL) {
        startup_fail("multiboot2 information: %s", reason);
    }
    options_parse(
        machine->info.cmdline, words, sizeof(words), &machine->options,
        option_warn, NULL);
}

// --- the boot CPU -----------------------------------------------------------

static void cpu_read_name(char *to) {
    uint32_t *words = (uint32_t *)(void *)to;
    for (uint32_t i = 0; i < CPUID_EXT_NAME_LEAVES; i++) {
        struct cpuid r = cpuid(CPUID_EXT_NAME + i, 0);
        *words++ = r.eax;
        *words++ = r.ebx;
        *words++ = r.ecx;
        *words++ = r.edx;
    }
}

static uint32_t flag_if(uint32_t word, unsigned bit, uint32_t flag) {
    return (word >> bit & 1) != 0 ? flag : 0;
}

// Whether a category is forced to one of two versions that exclude each other.
static bool is_forced(
    const struct machine *machine, const char *category, const char *version) {
    const char *wanted = options_callout_version(&machine->options, category);
    return wanted != NULL && strcmp(wanted, version) == 0;
}

// Whether the command line wants xAPIC mode. The interrupt and the smp callouts
// use the same local APIC: where they disagree, the interrupt ones decide.
static bool xapic_is_forced(const struct machine *machine) {
    bool xapic = is_forced(machine, "interrupt", "apic");
    bool x2apic = is_forced(machine, "interrupt", "x2apic");
    if ((xapic && is_forced(machine, "smp", "x2apic")) ||
        (x2apic && is_forced(machine, "smp", "xapic"))) {
        startup_print(
            "options \"callout.interrupt\" and \"callout.smp\": xAPIC and "
            "x2APIC mode exclude each other, the first holds");
    }
    return xapic || (!x2apic && is_forced(machine, "smp", "xapic"));
}

// The local APIC's mode, once for all: there is no way back from x2APIC mode
// but by a reset of the local APIC.
static void discover_lapic(struct machine *machine, const struct cpuid *basic) {
    uint64_t base = rdmsr(MSR_APIC_BASE);
    machine->lapic_address = base & ~(PAGE_SIZE - 1) & (BOOT_MAPPED - 1);
    machine->has_lapic =
        (basic->edx & FEATURES_EDX_APIC) != 0 && (base & APIC_BASE_ENABLE) != 0;
    if (!machine->has_lapic) {
        return;
    }
    machine->has_tsc_deadline = (basic->ecx & FEATURES_ECX_TSC_DEADLINE) != 0;
    machine->x2apic = (base & APIC_BASE_X2APIC) != 0;
    if (!machine->x2apic && (basic->ecx & FEATURES_ECX_X2APIC) != 0 &&
        !xapic_is_forced(machine)) {
        wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2APIC);
        machine->x2apic = true;
    }
    if (machine->x2apic) {
        machine->apic_ids[0] = lapic_read(machine, LAPIC_ID);
    }
}

void discover_cpu(struct machine *machine) {
    static char name[CPUID_EXT_NAME_LEAVES * sizeof(struct cpuid) + 1] ALIGNED(
        sizeof(uint32_t));
    struct cpuid basic = cpuid(CPUID_FEATURES, 0);
    struct cpuid extended = cpuid(CPUID_EXT_FEATURES, 0);
    machine->cpu_signature = basic.eax;
    if ((basic.edx & FEATURES_EDX_CLFLUSH) != 0) {
        machine->clflush_size = (basic.ebx >> 8 & 0xff) * 8;
    }
    machine->cpu_flags = flag_if(extended.edx, 20, CPU_FLAG_NX) |
                         flag_if(basic.edx, 13, CPU_FLAG_PGE) |
                         flag_if(basic.ecx, 31, CPU_FLAG_HYPERVISOR);
    if (cpuid(0, 0).eax >= CPUID_EXTENDED_FEATURES) {
        struct cpuid leaf7 = cpuid(CPUID_EXTENDED_FEATURES, 0);
        machine->cpu_flags |= flag_if(leaf7.ebx, 7, CPU_FLAG_SMEP) |
                              flag_if(leaf7.ebx, 20, CPU_FLAG_SMAP) |
                              flag_if(leaf7.ecx, 2, CPU_FLAG_UMIP);
        machine->has_clflushopt = (leaf7.ebx & LEAF7_EBX_CLFLUSHOPT) != 0;
    }
    uint32_t last = cpuid(CPUID_EXT_MAX, 0).eax;
    if (last >= CPUID_EXT_POWER) {
        machine->cpu_flags |=
            flag_if(cpuid(CPUID_EXT_POWER, 0).edx, 8, CPU_FLAG_INVARIANT_TSC);
    }
    if (last >= CPUID_EXT_NAME + CPUID_EXT_NAME_LEAVES - 1) {
        cpu_read_name(name);
    }
    const char *text = name;
    while (*text == ' ') {
        text++; // some are padded on the left
    }
    memcpy(machine->cpu_name, text, strlen(text) + 1);

    machine->num_cpus = 1;
    machine->apic_ids[0] = APIC_ID_OF_EBX(basic.ebx);
    discover_lapic(machine, &basic);
}

// --- ACPI -------------------------------------------------------------------

// What the boot tables map. ACPI data above that are left out with a reason.
static const void *map_low(void *context, paddr_t address, uint64_t size) {
    (void)context;
    if (address == 0 || address >= BOOT_MAPPED ||
        size > BOOT_MAPPED - address) {
        return NULL;
    }
    return (const void *)address;
}

static const char *acpi_open(struct machine *machine) {
    const struct multiboot2_info *info = &machine->info;
    const void *rsdp = info->rsdp_new;
    size_t size = info->rsdp_new_size;
    if (rsdp == NULL) {
        rsdp = info->rsdp_old;
        size = info->rsdp_old_size;
    }
    if (rsdp == NULL && !info->efi) {
        rsdp = acpi_scan_rsdp((const void *)BIOS_ROM, BIOS_ROM_SIZE);
        size = rsdp != NULL ? RSDP_SIZE : 0;
    }
    if (rsdp == NULL) {
        return "no RSDP";
    }
    return acpi_init(&machine->acpi, rsdp, size, map_low, NULL);
}

static void cpu_add(struct machine *machine, const struct madt_entry *entry) {
    uint32_t apic_id = entry->lapic.apic_id;
    if (!entry->lapic.enabled || apic_id == machine->apic_ids[0]) {
        return;
    }
    if (apic_id >= XAPIC_BROADCAST && !machine->x2apic) {
        startup_print("CPU with APIC ID %u left out: needs x2APIC", apic_id);
        return;
    }
    for (uint32_t i = 0; i < machine->num_cpus; i++) {
        if (machine->apic_ids[i] == apic_id) {
            startup_print("APIC ID %u is in the MADT twice", apic_id);
            return;
        }
    }
    if (machine->num_cpus == MACHINE_MAX_CPUS) {
        startup_print("CPU with APIC ID %u left out: too many", apic_id);
        return;
    }
    machine->apic_ids[machine->num_cpus++] = apic_id;
}

static uint32_t ioapic_read(paddr_t address, uint32_t reg) {
    volatile uint32_t *window = (volatile uint32_t *)(address + IOAPIC_WINDOW);
    *(volatile uint32_t *)(address + IOAPIC_SELECT) = reg;
    return *window;
}

static void ioapic_add(
    struct machine *machine, const struct madt_entry *entry) {
    paddr_t address = entry->ioapic.address;
    uint32_t gsi = entry->ioapic.gsi_base;
    uint32_t room = VECTOR_LAPIC - VECTOR_IOAPIC;
    if (machine->num_ioapics == MACHINE_MAX_IOAPICS || gsi >= room ||
        map_low(NULL, address, PAGE_SIZE) == NULL) {
        startup_print(
            "I/O APIC at %lx, interrupt %u left out: no room for it", address,
            gsi);
        return;
    }
    uint32_t inputs = (ioapic_read(address, IOAPIC_VERSION) >> 16 & 0xff) + 1;
    if (inputs > room - gsi) {
        inputs = room - gsi;
    }
    machine->ioapics[machine->num_ioapics++] =
        (struct machine_ioapic){address, gsi, inputs};
}

static void madt_entry_take(
    struct machine *machine, const struct madt_entry *entry) {
    switch (entry->type) {
    case MADT_LAPIC:
        cpu_add(machine, entry);
        break;
    case MADT_IOAPIC:
        ioapic_add(machine, entry);
        break;
    case MADT_OVERRIDE:
        if (entry->override.source < ISA_INTERRUPTS) {
            machine->isa[entry->override.source] = (struct machine_isa){
                entry->override.gsi, entry->override.flags};
        }
        break;
    case MADT_LAPIC_NMI: // init_cpu sets LINT1 up, where all PCs have it
        break;
    case MADT_BAD:
        startup_print("ACPI: %s", entry->reason);
        break;
    }
}

static void discover_madt(struct machine *machine) {
    struct madt madt;
    const char *reason = madt_parse(&machine->acpi, &madt);
    if (reason != NULL) {
        startup_print("ACPI: %s: one CPU, no I/O APIC", reason);
        return;
    }
    if (map_low(NULL, madt.lapic_address, PAGE_SIZE) != NULL) {
        machine->lapic_address = madt.lapic_address;
    }
    struct madt_entry entry;
    for (size_t cursor = 0; madt_next(&madt, &cursor, &entry);) {
        madt_entry_take(machine, &entry);
    }
}

static void discover_power(struct machine *machine) {
    const char *reason = fadt_parse(&machine->acpi, &machine->fadt);
    if (reason == NULL) {
        reason = acpi_find_s5(&machine->acpi, &machine->fadt, &machine->s5);
    }
    if (reason != NULL) {
        startup_print("ACPI: %s: power off by emulators' ports", reason);
        return;
    }
    machine->has_s5 = true;
}

static uint32_t hpet_read(paddr_t address, uint32_t reg) {
    return *(volatile uint32_t *)(address + reg);
}

static bool hpet_comparator_can(
    const struct machine *machine, uint32_t comparator, uint32_t what) {
    uint32_t config = hpet_read(
        machine->hpet_address,
        HPET_TIMER0_CONFIG + comparator * HPET_TIMER_BYTES);
    return (config & what) == what;
}

// The callouts need a periodic comparator that takes the 8254's place, or that
// sends messages.
static void discover_hpet(struct machine *machine) {
    struct hpet hpet;
    const char *reason = hpet_parse(&machine->acpi, &hpet);
    if (reason != NULL || map_low(NULL, hpet.address, HPET_SIZE) == NULL) {
        return;
    }
    uint32_t period_fs = hpet_read(hpet.address, HPET_PERIOD);
    if (period_fs == 0 || period_fs > HPET_PERIOD_MAX) {
        return;
    }
    uint32_t capabilities = hpet_read(hpet.address, HPET_CAPABILITIES);
    machine->hpet_address = hpet.address;
    machine->hpet_hz = FS_PER_SECOND / period_fs;
    machine->hpet_comparators = (capabilities >> 8 & 0x1f) + 1;
    machine->has_hpet =
        (capabilities & HPET_HAS_LEGACY) != 0 &&
        hpet_comparator_can(machine, 0, HPET_TIMER_HAS_PERIODIC);
    for (uint32_t i = machine->hpet_comparators; i-- > 0;) {
        if (hpet_comparator_can(
                machine, i, HPET_TIMER_HAS_PERIODIC | HPET_TIMER_HAS_FSB)) {
            machine->has_hpet_msi = true;
            machine->hpet_msi = i;
        }
    }
}

// Mechanism 1 keeps an address; an empty bus does not.
static bool pci_answers(void) {
    outl(PCI_ADDRESS, PCI_ENABLE);
    bool answers = inl(PCI_ADDRESS) == PCI_ENABLE;
    outl(PCI_ADDRESS, 0);
    return answers;
}

void discover_pci(struct machine *machine) {
    machine->has_pci = pci_answers();
}

void discover_acpi(struct machine *machine) {
    for (uint32_t i = 0; i < ISA_INTERRUPTS; i++) {
        machine->isa[i].gsi = i;
    }
    const char *reason = acpi_open(machine);
    if (reason != NULL) {
        startup_print("no ACPI: %s: one CPU, no I/O APIC", reason);
        return;
    }
    machine->has_acpi = true;
    discover_madt(machine);
    if (machine->apic_ids[0] >= XAPIC_BROADCAST && machine->num_ioapics > 0) {
        startup_print(
            "I/O APICs left out: they can't reach the boot CPU's APIC ID %u",
            machine->apic_ids[0]);
        machine->num_ioapics = 0;
    }
    discover_power(machine);
    discover_hpet(machine);
    if (!machine->has_lapic) {
        machine->num_cpus = 1; // there is no way to start the others
        machine->num_ioapics = 0;
    }
}

bool machine_isa_input(
    const struct machine *machine, unsigned isa, uint32_t *ioapic,
    uint32_t *input) {
    uint32_t gsi = machine->isa[isa].gsi;
    for (uint32_t i = 0; i < machine->num_ioapics; i++) {
        const struct machine_ioapic *io = &machine->ioapics[i];
        if (gsi >= io->gsi_base && gsi - io->gsi_base < io->num_inputs) {
            *ioapic = i;
            *input = gsi - io->gsi_base;
            return true;
        }
    }
    return false;
}

// --- 8259s ------------------------------------------------------------------

static void pic_init(uint16_t port, uint8_t first_vector, uint8_t cascade) {
    uint16_t data = (uint16_t)(port + PIC_MASKS);
    outb(port, PIC_ICW1_CASCADE_ICW4);
    outb(data, first_vector);
    outb(data, cascade);
    outb(data, PIC_ICW4_8086);
    outb(data, PIC_ALL_MASKED);
}

void discover_legacy_interrupts(void) {
    pic_init(PIC_MASTER, VECTOR_PIC, PIC_ICW3_MASTER);
    pic_init(PIC_SLAVE, VECTOR_PIC + PIC_CHIP_INPUTS, PIC_ICW3_SLAVE);
}
