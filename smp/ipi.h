// SPDX-License-Identifier: MIT
// Inter-processor interrupts: one vector, a command word for each CPU, raised
// by the system page's send_ipi callout. What a command does is the kernel's.
#pragma once

#include "kernel/base/types.h"
#include "smp/cpu_set.h"

struct syspage_entry;

#define IPI_RESCHEDULE 0x1 // look for another thread
#define IPI_SHOOTDOWN 0x2  // kernel/shootdown.h
#define IPI_RENDEZVOUS 0x4 // kernel/rendezvous.h
#define IPI_TICK 0x8       // the machine has one timer, on the boot CPU
#define IPI_STOP 0x10      // a panic elsewhere: stop for good

// The CPUs that run; it grows only while they are started.
extern struct cpu_set cpus_up;
extern _Atomic uint32_t num_cpus_up;

void ipi_init(struct syspage_entry *syspage);

// Raise commands on another CPU that is up. Any context.
//
// Ordering: what was written before is seen by the CPU when it takes them.
void ipi_send(cpu_id_t cpu, uint32_t commands);

// The same on every CPU that is up but this one.
void ipi_send_others(uint32_t commands);

// Take the commands that were raised on this CPU; each is taken once.
// Interrupts off.
uint32_t ipi_take(void);

// Make a CPU look for another thread soon; may be this one.
static inline void smp_kick(cpu_id_t cpu) {
    ipi_send(cpu, IPI_RESCHEDULE);
}
