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
#include "kernel/base/format.h"
#include "kernel/base/string.h"

#define LIST_SIZE 160 // of names, in a message

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

// The first one that fits, or NULL.
static const struct callout_version *version_fitting(
    const struct machine *machine, const char *category) {
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (strcmp(versions[i].category, category) == 0 &&
            versions[i].fits(machine)) {
            return &versions[i];
        }
    }
    return NULL;
}

static void word_add(char list[LIST_SIZE], const char *word) {
    size_t length = strlen(list);
    format(list + length, LIST_SIZE - length, " %s", word);
}

// Say why what the command line wants is not had, and what is instead.
static void refusal_print(
    const char *category, const char *wanted,
    const struct callout_version *unfit, const struct callout_version *taken) {
    const char *instead = taken != NULL ? taken->version : "none";
    if (unfit != NULL) {
        startup_print(
            "option \"callout.%s=%s\": this machine lacks %s: %s is taken",
            category, wanted, unfit->needs, instead);
        return;
    }
    char list[LIST_SIZE] = "";
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        if (strcmp(versions[i].category, category) == 0) {
            word_add(list, versions[i].version);
        }
    }
    startup_print(
        "option \"callout.%s=%s\": no such version, there are%s: %s is taken",
        category, wanted, list, instead);
}

static const struct callout_version *version_choose(
    const struct machine *machine, const char *category) {
    const char *wanted = options_callout_version(&machine->options, category);
    const struct callout_version *v =
        wanted != NULL ? version_find(category, wanted) : NULL;
    if (v != NULL && v->fits(machine)) {
        return v;
    }
    const struct callout_version *fitting = version_fitting(machine, category);
    if (wanted != NULL) {
        refusal_print(category, wanted, v, fitting);
    }
    return fitting;
}

static bool category_is_known(const char *name) {
    for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
        if (strcmp(categories[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

// Name the options that force a category that there is none of.
static void forced_check(const struct options *options) {
    char list[LIST_SIZE] = "";
    for (size_t i = 0; i < ARRAY_SIZE(categories); i++) {
        word_add(list, categories[i].name);
    }
    for (uint32_t i = 0; i < options->num_callouts; i++) {
        const struct option_callout *forced = &options->callouts[i];
        if (!category_is_known(forced->name)) {
            startup_print(
                "option \"callout.%s=%s\": no such callout, there are%s",
                forced->name, forced->version, list);
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
