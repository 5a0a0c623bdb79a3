// SPDX-License-Identifier: MIT
// See machine.h.
#include "kernel/machine.h"

#include "callouts/syspage.h"
#include "kernel/base/x86.h"
#include "kernel/console.h"

typedef int (*power)(
    struct syspage_entry *syspage, unsigned mode, uint64_t *argument);
typedef void (*reboot)(struct syspage_entry *syspage, int abnormal);

#define REBOOT_NORMAL 0

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

void machine_power_off(void) {
    cli();
    power off =
        (power)(uintptr_t)SYSPAGE_ENTRY(machine_syspage, callout)->power;
    if (off != NULL) {
        (void)off(machine_syspage, POWER_OFF, NULL);
    }
    kprintf("tollgate: this machine can't be turned off: resetting it\n");
    reboot reset =
        (reboot)(uintptr_t)SYSPAGE_ENTRY(machine_syspage, callout)->reboot;
    if (reset != NULL) {
        reset(machine_syspage, REBOOT_NORMAL);
    }
    kprintf("tollgate: nor reset: stopped\n");
    machine_halt();
}
