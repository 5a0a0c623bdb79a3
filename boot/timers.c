// SPDX-License-Identifier: MIT
// The versions of the timer callouts: local APIC, TSC deadline, 8254, HPET.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/vectors.h"

extern const struct callout_rtn timer_load_lapic, timer_reload_lapic,
    timer_value_lapic, timer_load_hpet, timer_reload_hpet, timer_value_hpet,
    timer_load_hpet_msi, timer_reload_hpet_msi, timer_value_hpet_msi,
    timer_load_x2apic, timer_value_x2apic, timer_load_tsc_deadline,
    timer_load_tsc_deadline_x2apic, timer_reload_tsc_deadline,
    timer_value_tsc_deadline, timer_load_pit, timer_reload_pit, timer_value_pit;

static struct qtime_entry *qtime_entry(void) {
    return section_at(&lsp.qtime, 0);
}

bool fits_timer_lapic(const struct machine *machine) {
    return machine->has_lapic && machine->lapic_timer_hz != 0;
}

void add_timer_lapic(const struct machine *machine) {
    static const struct callout_slot slots[] = {
        CALLOUT_SLOT(timer_load, _lapic),
        CALLOUT_SLOT(timer_reload, _lapic),
        CALLOUT_SLOT(timer_value, _lapic),
    };
    static const struct callout_slot slots_x2apic[] = {
        {offsetof(struct callout_entry, timer_load), &timer_load_x2apic,
         "timer_load", "lapic"},
        CALLOUT_SLOT(timer_reload, _lapic),
        {offsetof(struct callout_entry, timer_value), &timer_value_x2apic,
         "timer_value", "lapic"},
    };
    callout_register_data(&timer_load_lapic, lapic_data(machine));
    callout_register_data(&timer_value_lapic, lapic_data(machine));
    struct qtime_entry *qtime = qtime_entry();
    qtime->timer_hz = machine->lapic_timer_hz;
    qtime->intr = VECTOR_LAPIC + LAPIC_TIMER;
    qtime->flags = QTIME_PER_CPU;
    if (machine->x2apic) {
        add_callout_array(slots_x2apic, sizeof(slots_x2apic));
    } else {
        add_callout_array(slots, sizeof(slots));
    }
}

bool fits_timer_tsc_deadline(const struct machine *machine) {
    return machine->has_lapic && machine->has_tsc_deadline;
}

void add_timer_tsc_deadline(const struct machine *machine) {
    const struct callout_slot slots[] = {
        {offsetof(struct callout_entry, timer_load),
         machine->x2apic ? &timer_load_tsc_deadline_x2apic
                         : &timer_load_tsc_deadline,
         "timer_load", "tsc_deadline"},
        CALLOUT_SLOT(timer_reload, _tsc_deadline),
        CALLOUT_SLOT(timer_value, _tsc_deadline),
    };
    callout_register_data(&timer_load_tsc_deadline, lapic_data(machine));
    struct qtime_entry *qtime = qtime_entry();
    qtime->timer_hz = machine->tsc_hz;
    qtime->intr = VECTOR_LAPIC + LAPIC_TIMER;
    qtime->flags = QTIME_PER_CPU | QTIME_ONE_SHOT;
    add_callout_array(slots, sizeof(slots));
}

// The IDT entry that the 8254's interrupt arrives at, by the groups that there
// are; 0 if none.
static uint32_t isa_timer_entry(const struct machine *machine) {
    uint32_t ioapic, input;
    if (group_has_entry(VECTOR_PIC + ISA_TIMER)) {
        return VECTOR_PIC + ISA_TIMER;
    }
    if (machine_isa_input(machine, ISA_TIMER, &ioapic, &input) &&
        group_has_entry(VECTOR_IOAPIC + machine->isa[ISA_TIMER].gsi)) {
        return VECTOR_IOAPIC + machine->isa[ISA_TIMER].gsi;
    }
    return 0;
}

bool fits_timer_pit(const struct machine *machine) {
    return isa_timer_entry(machine) != 0;
}

void add_timer_pit(const struct machine *machine) {
    static const struct callout_slot slots[] = {
        CALLOUT_SLOT(timer_load, _pit),
        CALLOUT_SLOT(timer_reload, _pit),
        CALLOUT_SLOT(timer_value, _pit),
    };
    struct qtime_entry *qtime = qtime_entry();
    qtime->timer_hz = PIT_HZ;
    qtime->intr = isa_timer_entry(machine);
    qtime->flags = 0;
    add_callout_array(slots, sizeof(slots));
}

bool fits_timer_hpet(const struct machine *machine) {
    return machine->has_hpet && fits_timer_pit(machine); // its interrupt
}

void add_timer_hpet(const struct machine *machine) {
    static const struct callout_slot slots[] = {
        CALLOUT_SLOT(timer_load, _hpet),
        CALLOUT_SLOT(timer_reload, _hpet),
        CALLOUT_SLOT(timer_value, _hpet),
    };
    static struct hpet_data data;
    data.vaddr =
        callout_memory_map(HPET_SIZE, machine->hpet_address, DEVICE_ATTR);
    callout_register_data(&timer_load_hpet, &data);
    callout_register_data(&timer_value_hpet, &data);
    struct qtime_entry *qtime = qtime_entry();
    qtime->timer_hz = machine->hpet_hz;
    qtime->intr = isa_timer_entry(machine);
    qtime->flags = 0;
    add_callout_array(slots, sizeof(slots));
}

bool fits_timer_hpet_msi(const struct machine *machine) {
    return machine->has_hpet_msi &&
           group_has_entry(VECTOR_MSI + machine->hpet_msi);
}

void add_timer_hpet_msi(const struct machine *machine) {
    static const struct callout_slot slots[] = {
        CALLOUT_SLOT(timer_load, _hpet_msi),
        CALLOUT_SLOT(timer_reload, _hpet_msi),
        CALLOUT_SLOT(timer_value, _hpet_msi),
    };
    static struct hpet_data data;
    data.vaddr =
        callout_memory_map(HPET_SIZE, machine->hpet_address, DEVICE_ATTR);
    data.comparator = machine->hpet_msi * HPET_TIMER_BYTES;
    callout_register_data(&timer_load_hpet_msi, &data);
    callout_register_data(&timer_value_hpet_msi, &data);
    struct qtime_entry *qtime = qtime_entry();
    qtime->timer_hz = machine->hpet_hz;
    qtime->intr = VECTOR_MSI + machine->hpet_msi;
    qtime->flags = 0;
    add_callout_array(slots, sizeof(slots));
}
