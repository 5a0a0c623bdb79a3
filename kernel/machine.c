// SPDX-License-Identifier: MIT
// See machine.h.
#include "kernel/machine.h"

#include "callouts/syspage.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/console.h"

// Not by the power callout: no interrupt may bring this CPU back.
void machine_halt(void) {
    for (;;) {
        cli();
        __asm__ volatile("hlt");
    }
}

static _Noreturn void reset(bool abnormal) {
    callout_reboot(abnormal);
    kprintf("tollgate: this machine can't be reset: stopped\n");
    machine_halt();
}

void machine_reset(void) {
    cli();
    reset(false);
}

void machine_power_off(bool abnormal) {
    cli();
    (void)callout_power(POWER_OFF);
    kprintf("tollgate: this machine can't be turned off: resetting it\n");
    reset(abnormal);
}
