// SPDX-License-Identifier: MIT
// See machine.h.
#include "kernel/machine.h"

#include "callouts/syspage.h"
#include "kernel/base/x86.h"
#include "kernel/console.h"

typedef int (*power)(
    struct syspage_entry *syspage, unsigned mode, uint64_t *argument);
typedef void (*reboot)(struct syspage_entry *syspage, int abnormal);

// What a UART may still have to send after the last display_char: two
// characters, at 9600 baud and 10 bits each.
#define CONSOLE_DRAIN_US 2100

#define REBOOT_NORMAL 0
#define REBOOT_ABNORMAL 1

static struct syspage_entry *machine_syspage;

void machine_init(struct syspage_entry *syspage) {
    machine_syspage = syspage;
}

void machine_halt(void) {
    for (;;) {
        cli();
        __asm__ volatile("hlt");
    }
}

// The debug callouts wait for room, not for the wire.
static void console_drain(void) {
    uint64_t hz = SYSPAGE_ENTRY(machine_syspage, qtime)->cycles_per_sec;
    uint64_t start = rdtsc();
    while (rdtsc() - start < hz / 1000000 * CONSOLE_DRAIN_US) {
        pause();
    }
}

static _Noreturn void reset(bool abnormal) {
    console_drain();
    reboot end =
        (reboot)(uintptr_t)SYSPAGE_ENTRY(machine_syspage, callout)->reboot;
    if (end != NULL) {
        end(machine_syspage, abnormal ? REBOOT_ABNORMAL : REBOOT_NORMAL);
    }
    kprintf("tollgate: this machine can't be reset: stopped\n");
    machine_halt();
}

void machine_reset(void) {
    cli();
    reset(false);
}

void machine_power_off(bool abnormal) {
    cli();
    console_drain();
    power off =
        (power)(uintptr_t)SYSPAGE_ENTRY(machine_syspage, callout)->power;
    if (off != NULL) {
        (void)off(machine_syspage, POWER_OFF, NULL);
    }
    kprintf("tollgate: this machine can't be turned off: resetting it\n");
    reset(abnormal);
}
