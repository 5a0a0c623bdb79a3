// SPDX-License-Identifier: MIT
// The 8259 pair: two interrupt groups, the slave's below the master's. Where
// there is a local APIC, the boot CPU's hands the master's interrupts on
// (ExtINT on LINT0: Intel MultiProcessor Specification, "Virtual Wire Mode"),
// and its own group is there for IPIs.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define PIC_VECTOR_BASE 0 // system numbers: those of ISA interrupts
#define NO_CASCADE 0xffffffffu
#define PROBE 0x5a // a pattern for the masks, which read as written

extern const struct callout_rtn interrupt_mask_8259, interrupt_unmask_8259,
    interrupt_config_8259, interrupt_id_8259, interrupt_eoi_8259;

static bool pic_answers(uint16_t masks) {
    outb(masks, PROBE);
    bool answers = inb(masks) == PROBE;
    outb(masks, PIC_ALL_MASKED);
    return answers && inb(masks) == PIC_ALL_MASKED;
}

bool fits_8259(const struct machine *machine) {
    (void)machine;
    return pic_answers(PIC_MASTER + PIC_MASKS) &&
           pic_answers(PIC_SLAVE + PIC_MASKS);
}

// One chip, which hangs at `cascade_vector`, and whose own input `cascade` is
// taken by the next one.
static void add_chip(
    struct pic_data *data, uint32_t first, uint32_t cascade_vector) {
    struct startup_intrinfo group = {
        .name = "8259",
        .version = "8259",
        .vector_base = PIC_VECTOR_BASE + first,
        .num_vectors = PIC_CHIP_INPUTS,
        .cascade_vector = cascade_vector,
        .cpu_intr_base = VECTOR_PIC + first,
        .cpu_intr_stride = 1,
        .id = &interrupt_id_8259,
        .eoi_genflags = INTR_GENFLAG_LOAD_LEVEL,
        .eoi = &interrupt_eoi_8259,
        .mask = &interrupt_mask_8259,
        .unmask = &interrupt_unmask_8259,
        .config = &interrupt_config_8259,
        .patch_data = data,
        .eoi_patch_data = data,
    };
    data->port = callout_io_map(PIC_PORTS, data->port);
    add_interrupt(&group);
}

void add_8259(const struct machine *machine) {
    static struct pic_data master = {PIC_MASTER, PIC_CASCADE_INPUT};
    static struct pic_data slave = {PIC_SLAVE, NO_CASCADE};
    if (machine->has_lapic) {
        add_lapic_alone(machine);
        lapic_take_8259();
    }
    add_chip(&master, 0, INTR_NO_CASCADE);
    add_chip(&slave, PIC_CHIP_INPUTS, PIC_VECTOR_BASE + PIC_CASCADE_INPUT);
    outb(
        PIC_MASTER + PIC_MASKS,
        (uint8_t)(PIC_ALL_MASKED & ~(1u << PIC_CASCADE_INPUT)));
}
