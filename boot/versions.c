// SPDX-License-Identifier: MIT
// The callouts by version, and which machine each fits. The first version of a
// category that fits is taken; "callout.CATEGORY=VERSION" on the command line
// forces one, unless it can't run on this machine. To add a version, write its
// callouts, its fits and add functions, and its row.
#include "boot/versions_priv.h"

#include "boot/console.h"
#include "boot/library.h"
#include "boot/modules.h"
#include "boot/sections.h"
#include "callouts/hardware.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"

#define SLP_TYP_SHIFT 10 // PM1 control (ACPI specification)
#define SLP_EN (1u << 13)
#define IO_PORTS 0x10000u
#define CPUID_MONITOR (1u << 3) // leaf 1, ecx
#define PADDR_MAX (1ul << 52)

extern const struct callout_rtn timer_load_lapic, timer_reload_lapic,
    timer_value_lapic, timer_load_hpet, timer_reload_hpet, timer_value_hpet,
    timer_load_hpet_msi, timer_reload_hpet_msi, timer_value_hpet_msi,
    timer_load_x2apic, timer_value_x2apic, timer_load_tsc_deadline,
    timer_load_tsc_deadline_x2apic, timer_reload_tsc_deadline,
    timer_value_tsc_deadline, timer_load_pit, timer_reload_pit, timer_value_pit,
    reboot_acpi, reboot_cf9, reboot_8042, reboot_triple, power_acpi,
    power_ports, idle_hlt, idle_mwait, control_clflush, control_clflushopt,
    control_wbinvd, custom, custom_args6;

// One version of a category's callouts.
struct callout_version {
    const char *category;
    const char *version;
    bool (*fits)(const struct machine *machine);
    void (*add)(const struct machine *machine); // to the system page
    const char *needs; // for the line that says why it can't be taken
};

static bool fits_always(const struct machine *machine) {
    (void)machine;
    return true;
}

// --- timers -----------------------------------------------------------------

static struct qtime_entry *qtime_entry(void) {
    return section_at(&lsp.qtime, 0);
}

static bool fits_timer_lapic(const struct machine *machine) {
    return machine->has_lapic && machine->lapic_timer_hz != 0;
}

static void add_timer_lapic(const struct machine *machine) {
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

static bool fits_timer_tsc_deadline(const struct machine *machine) {
    return machine->has_lapic && machine->has_tsc_deadline;
}

static void add_timer_tsc_deadline(const struct machine *machine) {
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
    qtime->flags = QTIME_PER_CPU;
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

static bool fits_timer_pit(const struct machine *machine) {
    return isa_timer_entry(machine) != 0;
}

static void add_timer_pit(const struct machine *machine) {
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

static bool fits_timer_hpet(const struct machine *machine) {
    return machine->has_hpet && fits_timer_pit(machine); // its interrupt
}

static void add_timer_hpet(const struct machine *machine) {
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

static bool fits_timer_hpet_msi(const struct machine *machine) {
    return machine->has_hpet_msi &&
           group_has_entry(VECTOR_MSI + machine->hpet_msi);
}

static void add_timer_hpet_msi(const struct machine *machine) {
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

// --- reset and power --------------------------------------------------------

static bool fits_reset_acpi(const struct machine *machine) {
    const struct acpi_gas *reset = &machine->fadt.reset;
    paddr_t end = reset->space == ACPI_SPACE_IO       ? IO_PORTS
                  : reset->space == ACPI_SPACE_MEMORY ? PADDR_MAX
                                                      : 0;
    return reset->address != 0 && reset->address < end;
}

static void add_reset_acpi(const struct machine *machine) {
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

static bool fits_reset_cf9(const struct machine *machine) {
    return machine->has_pci;
}

static void add_reset_cf9(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _cf9)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// An empty bus reads as all ones.
static bool fits_reset_8042(const struct machine *machine) {
    (void)machine;
    return inb(KEYBOARD_STATUS) != UINT8_MAX;
}

static void add_reset_8042(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _8042)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

static void add_reset_triple(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(reboot, _triple)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

static bool fits_power_acpi(const struct machine *machine) {
    return machine->has_s5 && machine->fadt.pm1a_control.space == ACPI_SPACE_IO;
}

static uint32_t pm1_port(const struct acpi_gas *gas) {
    if (gas->address == 0 || gas->space != ACPI_SPACE_IO) {
        return 0;
    }
    return callout_io_map(sizeof(uint16_t), (uint32_t)gas->address);
}

static void add_power_acpi(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(power, _acpi)};
    static struct power_data data;
    data.pm1a_port = pm1_port(&machine->fadt.pm1a_control);
    data.pm1a_value = (uint32_t)machine->s5.slp_typ_a << SLP_TYP_SHIFT | SLP_EN;
    data.pm1b_port = pm1_port(&machine->fadt.pm1b_control);
    data.pm1b_value = (uint32_t)machine->s5.slp_typ_b << SLP_TYP_SHIFT | SLP_EN;
    callout_register_data(&power_acpi, &data);
    add_callout_array(slots, sizeof(slots));
}

static void add_power_ports(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(power, _ports)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// Under a hypervisor only if it is asked for: HLT is how a CPU is given back to
// it, while MWAIT may spin. CPUID leaf 1 is in Intel SDM volume 2, "CPUID".
static bool fits_idle_mwait(const struct machine *machine) {
    return (cpuid(1, 0).ecx & CPUID_MONITOR) != 0 &&
           ((machine->cpu_flags & CPU_FLAG_HYPERVISOR) == 0 ||
            options_callout_version(&machine->options, "idle") != NULL);
}

static void add_idle_mwait(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(idle, _mwait)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

static void add_idle_hlt(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(idle, _hlt)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// --- caches ---------------------------------------------------------------

static uint32_t num_caches(void) {
    return lsp.cacheattr.size / (uint32_t)sizeof(struct cacheattr_entry);
}

static bool fits_cache_wbinvd(const struct machine *machine) {
    (void)machine;
    return num_caches() != 0; // to hang it on
}

static bool fits_cache_clflush(const struct machine *machine) {
    return machine->clflush_size != 0;
}

static bool fits_cache_clflushopt(const struct machine *machine) {
    return fits_cache_clflush(machine) && machine->has_clflushopt;
}

// One copy for each level, as in QNX. Instruction caches follow by themselves.
static void add_cache(
    const struct machine *machine, const struct callout_rtn *rtn,
    const char *version) {
    static struct cache_data data;
    data.flush_size = machine->clflush_size;
    struct cacheattr_entry *caches = section_at(&lsp.cacheattr, 0);
    for (uint32_t i = 0; i < num_caches(); i++) {
        if ((caches[i].flags & CACHE_FLAG_DATA) != 0) {
            add_callout_at(&caches[i].control, rtn, "control", version, &data);
        }
    }
}

static void add_cache_clflushopt(const struct machine *machine) {
    add_cache(machine, &control_clflushopt, "clflushopt");
}

static void add_cache_clflush(const struct machine *machine) {
    add_cache(machine, &control_clflush, "clflush");
}

static void add_cache_wbinvd(const struct machine *machine) {
    add_cache(machine, &control_wbinvd, "wbinvd");
}

// --- custom -----------------------------------------------------------------

// Slot 0 as it ships comes with the other slots: boot/custom.c.
static void add_custom_sum(const struct machine *machine) {
    (void)machine;
}

// The sample of QNX's documentation: callouts/custom_qnx.S.
static void add_custom_qnx(const struct machine *machine) {
    (void)machine;
    add_callout(offsetof(struct callout_entry, custom), &custom);
}

// What slot 1 has: QNX's stubs, which call slot 0, can show six arguments.
static void add_custom_args6(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(custom, _args6)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}

// --- the table --------------------------------------------------------------

static const struct callout_version versions[] = {
    {"debug", "16550", fits_16550, add_debug_16550, "a UART at port 3f8"},
    {"debug", "debugcon", fits_debugcon, add_debug_debugcon,
     "a debug port at e9"},
    {"debug", "vga", fits_vga, add_debug_vga,
     "a VGA in text mode, under a BIOS"},
    {"timer", "tsc_deadline", fits_timer_tsc_deadline, add_timer_tsc_deadline,
     "a local APIC's timer with TSC deadline mode"},
    {"timer", "lapic", fits_timer_lapic, add_timer_lapic,
     "a local APIC with a timer"},
    {"timer", "hpet", fits_timer_hpet, add_timer_hpet,
     "an HPET that replaces the 8254, and an input for it"},
    {"timer", "hpet_msi", fits_timer_hpet_msi, add_timer_hpet_msi,
     "an HPET that sends messages, and a local APIC for them"},
    {"timer", "pit", fits_timer_pit, add_timer_pit,
     "an input of an interrupt controller for the 8254"},
    {"interrupt", "x2apic", fits_apic_x2apic, init_intrinfo,
     "x2APIC mode and an I/O APIC"},
    {"interrupt", "apic", fits_apic, init_intrinfo,
     "a local APIC and an I/O APIC, in xAPIC mode"},
    {"interrupt", "8259", fits_8259, add_8259, "a pair of 8259s"},
    {"interrupt", "lapic", fits_lapic, add_lapic_alone, "a local APIC"},
    {"smp", "x2apic", fits_x2apic, add_smp_x2apic, "x2APIC mode"},
    {"smp", "xapic", fits_xapic, add_smp_xapic, "a local APIC in xAPIC mode"},
    {"smp", "up", fits_always, add_smp_up, "nothing"},
    {"cache", "clflushopt", fits_cache_clflushopt, add_cache_clflushopt,
     "CLFLUSHOPT"},
    {"cache", "clflush", fits_cache_clflush, add_cache_clflush, "CLFLUSH"},
    {"cache", "wbinvd", fits_cache_wbinvd, add_cache_wbinvd, "a known cache"},
    {"reset", "acpi", fits_reset_acpi, add_reset_acpi,
     "a reset register in ACPI's tables"},
    {"reset", "cf9", fits_reset_cf9, add_reset_cf9, "a PCI bus"},
    {"reset", "8042", fits_reset_8042, add_reset_8042, "an 8042 at port 64"},
    {"reset", "triple", fits_always, add_reset_triple, "nothing"},
    {"power", "acpi", fits_power_acpi, add_power_acpi, "ACPI with state S5"},
    {"power", "ports", fits_always, add_power_ports, "nothing"},
    {"idle", "mwait", fits_idle_mwait, add_idle_mwait, "MONITOR and MWAIT"},
    {"idle", "hlt", fits_always, add_idle_hlt, "nothing"},
    {"custom", "sum", fits_always, add_custom_sum, "nothing"},
    {"custom", "qnx", fits_always, add_custom_qnx, "nothing"},
    {"custom", "args6", fits_always, add_custom_args6, "nothing"},
};

enum { CATEGORY_INTERRUPT = 1, CATEGORY_TIMER, CATEGORY_SMP };

// The categories, and which of them the system can do without. Interrupts come
// before what interrupts.
static const struct {
    const char *name;
    bool optional;
} categories[] = {
    {"debug", true},
    [CATEGORY_INTERRUPT] = {"interrupt", false},
    [CATEGORY_TIMER] = {"timer", false},
    [CATEGORY_SMP] = {"smp", false},
    {"cache", true},
    {"reset", false},
    {"power", false},
    {"idle", false},
    {"custom", true},
};

static const struct callout_version *version_find(
    const char *category, const char *version) {
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (strcmp(versions[i].category, category) == 0 &&
            strcmp(versions[i].version, version) == 0) {
            return &versions[i];
        }
    }
    return NULL;
}

// What the command line wants, if it can be had.
static const struct callout_version *version_forced(
    const struct machine *machine, const char *category) {
    const char *wanted = options_callout_version(&machine->options, category);
    if (wanted == NULL) {
        return NULL;
    }
    const struct callout_version *v = version_find(category, wanted);
    if (v == NULL) {
        startup_print(
            "option \"callout.%s=%s\": no such version", category, wanted);
    } else if (!v->fits(machine)) {
        startup_print(
            "option \"callout.%s=%s\": this machine lacks %s", category, wanted,
            v->needs);
        v = NULL;
    }
    return v;
}

static const struct callout_version *version_choose(
    const struct machine *machine, const char *category) {
    const struct callout_version *v = version_forced(machine, category);
    for (size_t i = 0; v == NULL && i < ARRAY_SIZE(versions); i++) {
        if (strcmp(versions[i].category, category) == 0 &&
            versions[i].fits(machine)) {
            v = &versions[i];
        }
    }
    return v;
}

// Name the options that force a category that there is none of.
static void forced_check(const struct options *options) {
    for (uint32_t i = 0; i < options->num_callouts; i++) {
        const char *name = options->callouts[i].name;
        bool known = false;
        for (size_t c = 0; c < ARRAY_SIZE(categories); c++) {
            known |= strcmp(categories[c].name, name) == 0;
        }
        if (!known) {
            startup_print("option \"callout.%s\": no such callout", name);
        }
    }
}

void init_callouts(const struct machine *machine) {
    const char *taken[ARRAY_SIZE(categories)] = {NULL};
    section_add(&lsp.callout, sizeof(struct callout_entry));
    forced_check(&machine->options);
    for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
        const struct callout_version *v =
            version_choose(machine, categories[i].name);
        if (v != NULL) {
            callout_version_set(v->version);
            v->add(machine);
            taken[i] = v->version;
        } else if (!categories[i].optional) {
            startup_fail("no %s callout fits this machine", categories[i].name);
        }
    }
    if (!has_ioapics(machine)) {
        startup_print(
            "no I/O APIC: interrupts by %s, timer by %s, other CPUs by %s",
            taken[CATEGORY_INTERRUPT], taken[CATEGORY_TIMER],
            taken[CATEGORY_SMP]);
    }
    modules_check_used();
    add_test_groups(machine);
}
