// SPDX-License-Identifier: MIT
// How the machine ends, and how its CPUs wait: the versions of the reset, power
// and idle callouts.
#include "boot/versions_priv.h"

#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"

#define IO_PORTS 0x10000u
#define CPUID_MONITOR (1u << 3) // leaf 1, ecx
#define PADDR_MAX (1ul << 52)

extern const struct callout_rtn reboot_acpi, reboot_cf9, reboot_8042,
    reboot_triple, power_acpi, power_ports, idle_hlt, idle_mwait;

// --- reset ------------------------------------------------------------------

bool fits_reset_acpi(const struct machine *machine) {
    const struct acpi_gas *reset = &machine->fadt.reset;
    paddr_t end = reset->space == ACPI_SPACE_IO       ? IO_PORTS
                  : reset->space == ACPI_SPACE_MEMORY ? PADDR_MAX
                                                      : 0;
    return reset->address != 0 && reset->address < end;
}

void add_reset_acpi(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _acpi)};
    static struct reset_data data;
    const struct acpi_gas *reset = &machine->fadt.reset;
    if (reset->space == ACPI_SPACE_MEMORY) {
        data.vaddr = callout_memory_map(1, reset->address, DEVICE_ATTR);
    } else {
        data.port = callout_io_map(1, (uint32_t)reset->address);
    }
    data.value = machine->fadt.reset_value;
    callout_register_data(&reboot_acpi, &data);
    add_callout_array(slots, sizeof(slots));
}

bool fits_reset_cf9(const struct machine *machine) {
    return machine->has_pci;
}

void add_reset_cf9(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _cf9)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// An empty bus reads as all ones.
bool fits_reset_8042(const struct machine *machine) {
    (void)machine;
    return inb(KEYBOARD_STATUS) != UINT8_MAX;
}

void add_reset_8042(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _8042)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

void add_reset_triple(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _triple)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

bool fits_power_acpi(const struct machine *machine) {
    return machine->has_s5 && machine->fadt.pm1a_control.space == ACPI_SPACE_IO;
}

static uint32_t pm1_port(const struct acpi_gas *gas) {
    if (gas->address == 0 || gas->space != ACPI_SPACE_IO) {
        return 0;
    }
    return callout_io_map(sizeof(uint16_t), (uint32_t)gas->address);
}

// Without a value to write there, ACPI mode is always on (ACPI specification,
// "Fixed ACPI Description Table (FADT)").
static uint32_t smi_port(const struct fadt *fadt) {
    if (fadt->acpi_enable == 0 || fadt->smi_command >= IO_PORTS) {
        return 0;
    }
    return callout_io_map(1, fadt->smi_command);
}

void add_power_acpi(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(power, _acpi)};
    static struct power_data data;
    data.pm1a_port = pm1_port(&machine->fadt.pm1a_control);
    data.pm1b_port = pm1_port(&machine->fadt.pm1b_control);
    data.smi_port = smi_port(&machine->fadt);
    data.values = machine->s5.slp_typ_a | (uint32_t)machine->s5.slp_typ_b << 8 |
                  (uint32_t)machine->fadt.acpi_enable << 16;
    callout_register_data(&power_acpi, &data);
    add_callout_array(slots, sizeof(slots));
}

void add_power_ports(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(power, _ports)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// Under a hypervisor only if it is asked for: HLT is how a CPU is given back to
// it, while MWAIT may spin. CPUID leaf 1 is in Intel SDM volume 2, "CPUID".
bool fits_idle_mwait(const struct machine *machine) {
    const char *wanted = options_callout_version(&machine->options, "idle");
    bool forced = wanted != NULL && strcmp(wanted, "mwait") == 0;
    return (cpuid(1, 0).ecx & CPUID_MONITOR) != 0 &&
           ((machine->cpu_flags & CPU_FLAG_HYPERVISOR) == 0 || forced);
}

void add_idle_mwait(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(idle, _mwait)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

void add_idle_hlt(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(idle, _hlt)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}
