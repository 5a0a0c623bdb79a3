// SPDX-License-Identifier: MIT
// The APICs: interrupt groups for the local APIC and each I/O APIC, and the SMP
// callouts.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define LAPIC_VECTOR_BASE 0x100 // system numbers; I/O APIC inputs are from 0
#define IOAPIC_DESTINATION_SHIFT 24

extern const struct callout_rtn interrupt_mask_lapic, interrupt_unmask_lapic,
    interrupt_config_lapic, interrupt_id_lapic, interrupt_eoi_lapic,
    interrupt_mask_ioapic, interrupt_unmask_ioapic, interrupt_config_ioapic,
    interrupt_id_ioapic, interrupt_mask_x2apic, interrupt_unmask_x2apic,
    interrupt_eoi_x2apic, send_ipi_xapic, start_cpu_xapic, init_cpu_xapic,
    send_ipi_x2apic, start_cpu_x2apic, init_cpu_x2apic, smp_spin_shared;

static struct apic_data lapic = {.lint0 = LAPIC_LVT_MASKED};

bool fits_xapic(const struct machine *machine) {
    return machine->has_lapic && !machine->x2apic;
}

bool fits_x2apic(const struct machine *machine) {
    return machine->has_lapic && machine->x2apic;
}

uint32_t lapic_read(const struct machine *machine, uint32_t reg) {
    if (machine->x2apic) {
        return (uint32_t)rdmsr(X2APIC_MSR(reg));
    }
    return *(volatile uint32_t *)(machine->lapic_address + reg);
}

void lapic_write(const struct machine *machine, uint32_t reg, uint32_t value) {
    if (machine->x2apic) {
        wrmsr(X2APIC_MSR(reg), value);
    } else {
        *(volatile uint32_t *)(machine->lapic_address + reg) = value;
    }
}

bool fits_lapic(const struct machine *machine) {
    return machine->has_lapic;
}

bool has_ioapics(const struct machine *machine) {
    return machine->has_lapic && machine->num_ioapics != 0;
}

bool fits_apic(const struct machine *machine) {
    return has_ioapics(machine) && !machine->x2apic;
}

bool fits_apic_x2apic(const struct machine *machine) {
    return has_ioapics(machine) && machine->x2apic;
}

void *lapic_data(const struct machine *machine) {
    lapic.vaddr =
        callout_memory_map(PAGE_SIZE, machine->lapic_address, DEVICE_ATTR);
    return &lapic;
}

const struct callout_rtn *lapic_eoi(const struct machine *machine) {
    return machine->x2apic ? &interrupt_eoi_x2apic : &interrupt_eoi_lapic;
}

void lapic_take_8259(void) {
    lapic.lint0 = LAPIC_LVT_EXTINT;
}

// --- the local APIC's group -------------------------------------------------

void add_lapic_group(const struct machine *machine) {
    bool x2apic = machine->x2apic;
    struct startup_intrinfo group = {
        .name = "lapic",
        .version = x2apic ? "x2apic" : "lapic",
        .vector_base = LAPIC_VECTOR_BASE,
        .num_vectors = NUM_LAPIC_VECTORS,
        .cascade_vector = INTR_NO_CASCADE,
        .cpu_intr_base = VECTOR_LAPIC,
        .cpu_intr_stride = 1,
        .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
        .id = &interrupt_id_lapic,
        .eoi = lapic_eoi(machine),
        .mask = x2apic ? &interrupt_mask_x2apic : &interrupt_mask_lapic,
        .unmask = x2apic ? &interrupt_unmask_x2apic : &interrupt_unmask_lapic,
        .config = &interrupt_config_lapic,
        .patch_data = lapic_data(machine),
        .eoi_patch_data = lapic_data(machine),
    };
    add_interrupt(&group);
    add_msi_group(machine); // messages go to local APICs
}

// --- I/O APICs --------------------------------------------------------------

static void ioapic_write(paddr_t address, uint32_t reg, uint32_t value) {
    *(volatile uint32_t *)(address + IOAPIC_SELECT) = reg;
    *(volatile uint32_t *)(address + IOAPIC_WINDOW) = value;
}

// Trigger and polarity of a global interrupt: as the MADT says for ISA's, else
// PCI's, level and active low.
static uint32_t gsi_mode(const struct machine *machine, uint32_t gsi) {
    for (uint32_t i = 0; i < ISA_INTERRUPTS; i++) {
        if (machine->isa[i].gsi != gsi) {
            continue;
        }
        uint16_t flags = machine->isa[i].flags;
        uint32_t mode = 0; // ISA: edge, active high
        if ((flags & MADT_TRIGGER_MASK) == MADT_TRIGGER_LEVEL) {
            mode |= IOAPIC_LEVEL;
        }
        if ((flags & MADT_POLARITY_MASK) == MADT_POLARITY_LOW) {
            mode |= IOAPIC_ACTIVE_LOW;
        }
        return mode;
    }
    return IOAPIC_LEVEL | IOAPIC_ACTIVE_LOW;
}

// All inputs masked, to the boot CPU, each with its own vector.
static void ioapic_init(
    const struct machine *machine, const struct machine_ioapic *io) {
    for (uint32_t i = 0; i < io->num_inputs; i++) {
        uint32_t gsi = io->gsi_base + i;
        uint32_t reg = IOAPIC_REDIRECTION + 2 * i;
        ioapic_write(
            io->address, reg,
            IOAPIC_MASKED | gsi_mode(machine, gsi) | (VECTOR_IOAPIC + gsi));
        ioapic_write(
            io->address, reg + 1,
            machine->apic_ids[0] << IOAPIC_DESTINATION_SHIFT);
    }
}

static void add_ioapic_group(const struct machine *machine, uint32_t index) {
    static struct apic_data data[MACHINE_MAX_IOAPICS];
    const struct machine_ioapic *io = &machine->ioapics[index];
    data[index].vaddr = callout_memory_map(
        IOAPIC_WINDOW + sizeof(uint32_t), io->address, DEVICE_ATTR);
    data[index].num_inputs = io->num_inputs;
    struct startup_intrinfo group = {
        .name = "ioapic",
        .version = "ioapic",
        .vector_base = io->gsi_base,
        .num_vectors = io->num_inputs,
        .cascade_vector = INTR_NO_CASCADE,
        .cpu_intr_base = VECTOR_IOAPIC + io->gsi_base,
        .cpu_intr_stride = 1,
        .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
        .id = &interrupt_id_ioapic,
        .eoi = lapic_eoi(machine),
        .mask = &interrupt_mask_ioapic,
        .unmask = &interrupt_unmask_ioapic,
        .config = &interrupt_config_ioapic,
        .patch_data = &data[index],
        .eoi_patch_data = lapic_data(machine),
    };
    add_interrupt(&group);
}

void init_ioapics(const struct machine *machine) {
    for (uint32_t i = 0; i < machine->num_ioapics; i++) {
        ioapic_init(machine, &machine->ioapics[i]);
    }
}

// With the I/O APICs masked, for whoever unmasks them, or nobody.
void add_lapic_alone(const struct machine *machine) {
    add_lapic_group(machine);
    init_ioapics(machine);
}

void init_intrinfo(const struct machine *machine) {
    add_lapic_alone(machine);
    for (uint32_t i = 0; i < machine->num_ioapics; i++) {
        add_ioapic_group(machine, i);
    }
}

// --- SMP --------------------------------------------------------------------

// This CPU's own part, which also one CPU has.
static struct smp_entry *add_smp(const struct machine *machine) {
    struct smp_entry *smp = section_at(&lsp.smp, 0);
    if (machine->has_lapic) {
        bool x2apic = machine->x2apic;
        add_callout_at(
            &smp->init_cpu, x2apic ? &init_cpu_x2apic : &init_cpu_xapic,
            "init_cpu", x2apic ? "x2apic" : "xapic", lapic_data(machine));
    }
    add_callout_at(
        &smp->smp_spin, &smp_spin_shared, "smp_spin", "shared", NULL);
    return smp;
}

// One CPU: nothing to start, nobody to send to; smp_spin is where it stops.
void add_smp_up(const struct machine *machine) {
    (void)add_smp(machine);
}

static void add_smp_others(
    const struct machine *machine, const struct callout_rtn *send_ipi,
    const struct callout_rtn *start_cpu, const char *version) {
    void *data = lapic_data(machine);
    struct smp_entry *smp = add_smp(machine);
    add_callout_at(&smp->send_ipi, send_ipi, "send_ipi", version, data);
    add_callout_at(&smp->start_cpu, start_cpu, "start_cpu", version, data);
}

void add_smp_xapic(const struct machine *machine) {
    add_smp_others(machine, &send_ipi_xapic, &start_cpu_xapic, "xapic");
}

void add_smp_x2apic(const struct machine *machine) {
    add_smp_others(machine, &send_ipi_x2apic, &start_cpu_x2apic, "x2apic");
}
