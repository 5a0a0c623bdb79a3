// SPDX-License-Identifier: MIT
// Messages to local APICs: an interrupt group whose vectors are the HPET's
// comparators (IA-PC HPET specification, "FSB interrupt"). They need no input
// of an interrupt controller.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"

#define MSI_VECTOR_BASE 0x200 // system numbers

extern const struct callout_rtn interrupt_mask_msi, interrupt_unmask_msi,
    interrupt_config_msi, interrupt_id_msi;

// A comparator that is silent, with its message for the boot CPU.
static void comparator_init(
    const struct machine *machine, uint32_t comparator) {
    volatile uint32_t *config =
        (volatile uint32_t
             *)(machine->hpet_address + HPET_TIMER0_CONFIG + comparator * HPET_TIMER_BYTES);
    volatile uint32_t *route =
        (volatile uint32_t
             *)(machine->hpet_address + HPET_TIMER0_ROUTE + comparator * HPET_TIMER_BYTES);
    if ((*config & HPET_TIMER_HAS_FSB) == 0) {
        return;
    }
    *config = 0;
    route[0] = VECTOR_MSI + comparator;
    route[1] = MSI_ADDRESS | machine->apic_ids[0] << MSI_DESTINATION_SHIFT;
    *config = HPET_TIMER_FSB;
}

void add_msi_group(const struct machine *machine) {
    static struct hpet_data data;
    if (!machine->has_hpet_msi) {
        return;
    }
    uint32_t count = machine->hpet_comparators < NUM_MSI_VECTORS
                         ? machine->hpet_comparators
                         : NUM_MSI_VECTORS;
    for (uint32_t i = 0; i < count; i++) {
        comparator_init(machine, i);
    }
    data.vaddr =
        callout_memory_map(HPET_SIZE, machine->hpet_address, DEVICE_ATTR);
    data.num_comparators = count;
    struct startup_intrinfo group = {
        .name = "msi",
        .version = "msi",
        .vector_base = MSI_VECTOR_BASE,
        .num_vectors = count,
        .cascade_vector = INTR_NO_CASCADE,
        .cpu_intr_base = VECTOR_MSI,
        .cpu_intr_stride = 1,
        .flags = INTR_FLAG_MSI,
        .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
        .id = &interrupt_id_msi,
        .eoi = lapic_eoi(machine),
        .mask = &interrupt_mask_msi,
        .unmask = &interrupt_unmask_msi,
        .config = &interrupt_config_msi,
        .patch_data = &data,
        .eoi_patch_data = lapic_data(machine),
    };
    add_interrupt(&group);
}
