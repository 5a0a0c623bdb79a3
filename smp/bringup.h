// SPDX-License-Identifier: MIT
// Start the other CPUs, all at once, with bounded waits. One that does not come
// is reported, parked and left out.
//
// Protocol: each CPU of the system page's cpuinfo has a state, changed by
// compare-and-exchange only. ABSENT -> WAITING (boot CPU, before INIT) ->
// ARRIVED (the CPU itself, when it has touched only what is its own) or ->
// PARKED (the boot CPU, out of patience) -> LATE (the CPU itself). From there
// it waits in the smp_spin callout, in the system page. When all have arrived,
// or the patience is over, the boot CPU lets those that have ARRIVED go on, and
// the others stay there for good, whenever they come; no memory of their start
// is on anybody's stack.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

// What the higher folders hand to the bring-up.
struct bringup {
    void *trampoline;        // one page below 1 MiB, through the direct map
    paddr_t trampoline_page; // the same, as the AP sees it: executable there
    paddr_t tables;          // page tables below 4 GiB that map both worlds
    paddr_t kernel_root;     // page tables to go on with
    cycles_t cycles_per_sec;
    // Called on the AP, on its idle stack: make what is its own fit to take an
    // NMI; then, let go by the boot CPU, take part. The latter doesn't return.
    void (*prepare)(cpu_id_t cpu);
    void (*ready)(cpu_id_t cpu);
    void (*failed)(cpu_id_t cpu, uint32_t apic_id, const char *why);
};

// Start the CPUs 1..limit-1 whose per-CPU blocks are mapped. Interrupts may be
// on or off. Returns how many CPUs are up, this one included.
uint32_t bringup_start(
    struct syspage_entry *syspage, const struct bringup *how, uint32_t limit);
