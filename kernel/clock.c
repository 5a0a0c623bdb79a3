// SPDX-License-Identifier: MIT
// See clock.h.
#include "kernel/clock.h"

#include "callouts/syspage.h"
#include "kernel/base/x86.h"
#include "kernel/panic.h"

// ns = cycles * ns_per_cycle / 2^32. The product has 128 bits, so it holds for
// centuries; the fraction's error is below 1 in 10^9.
#define FRACTION_BITS 32

static const struct qtime_entry *qtime;
static uint64_t ns_per_cycle;

void clock_init(const struct syspage_entry *syspage) {
    qtime = SYSPAGE_ENTRY(syspage, qtime);
    if (qtime->cycles_per_sec == 0) {
        panic("the system page has no rate of the time-stamp counter");
    }
    ns_per_cycle = (NS_PER_SECOND << FRACTION_BITS) / qtime->cycles_per_sec;
}

uint64_t clock_ns_at(cycles_t tsc) {
    cycles_t cycles = tsc - qtime->boot_cc;
    unsigned __int128 product = (unsigned __int128)cycles * ns_per_cycle;
    return (uint64_t)(product >> FRACTION_BITS) + 1;
}

uint64_t clock_now_ns(void) {
    return clock_ns_at(rdtsc());
}

uint64_t clock_boot_ns(void) {
    return qtime->boot_time * NS_PER_SECOND;
}

// Seconds first, so that nothing overflows below centuries.
cycles_t clock_cycles(uint64_t ns) {
    uint64_t hz = qtime->cycles_per_sec;
    return ns / NS_PER_SECOND * hz + ns % NS_PER_SECOND * hz / NS_PER_SECOND;
}
