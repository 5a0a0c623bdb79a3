// SPDX-License-Identifier: MIT
// See machine.h.
#include "kernel/machine.h"

#include "callouts/syspage.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/console.h"

// What a UART may still have to send after the last display_char: two
// characters, at 9600 baud and 10 bits each.
#define CONSOLE_DRAIN_US 2100

static uint64_t cycles_per_sec;

void machine_init(const struct syspage_entry *syspage) {
    cycles_per_sec = SYSPAGE_ENTRY(syspage, qtime)->cycles_per_sec;
}

void machine_halt(void) {
    cli();
    callout_park();
}

// The debug callouts wait for room, not for the wire.
static void console_drain(void) {
    uint64_t start = rdtsc();
    while (rdtsc() - start < cycles_per_sec / 1000000 * CONSOLE_DRAIN_US) {
        pause();
    }
}

static _Noreturn void reset(bool abnormal) {
    console_drain();
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
    console_drain();
    (void)callout_power(POWER_OFF);
    kprintf("tollgate: this machine can't be turned off: resetting it\n");
    reset(abnormal);
}
