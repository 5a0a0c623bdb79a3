// SPDX-License-Identifier: MIT
// See rendezvous.h. One at a time, first come first served: who finds another
// one under way waits for it with interrupts on, so that it can answer that
// one.
#include "kernel/rendezvous.h"

#include "kernel/base/x86.h"
#include "kernel/panic.h"
#include "kernel/wait.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"
#include "smp/ticket.h"

static struct ticket turn; // whose rendezvous is under way
// [turn] set by its owner before the IPI
static void (*function)(void *argument);
static void *function_argument;
static struct cpu_set pending; // [a] CPUs that have not answered yet

void rendezvous_answer(void) {
    cpu_id_t self = this_cpu()->cpu_id;
    if (cpu_set_has(&pending, self)) {
        function(function_argument);
        cpu_set_remove(&pending, self);
    }
}

static void begin(void (*fn)(void *argument), void *argument) {
    uint32_t mine = ticket_take(&turn);
    cycles_t start = rdtsc();
    while (!ticket_is_served(&turn, mine)) {
        pause();
        if (wait_is_over(start)) {
            panic("ticket %u for a rendezvous waits too long", mine);
        }
    }
    function = fn;
    function_argument = argument;
}

static void ask(cpu_id_t cpu) {
    cpu_set_add(&pending, cpu);
    if (cpu != this_cpu()->cpu_id) {
        ipi_send(cpu, IPI_RENDEZVOUS);
    }
}

static void finish(void) {
    bool irq = irq_save();
    rendezvous_answer();
    irq_restore(irq);
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        cycles_t start = rdtsc();
        while (cpu_set_has(&pending, cpu)) {
            pause();
            if (wait_is_over(start)) {
                panic("CPU %u does not answer a rendezvous", cpu);
            }
        }
    }
    ticket_unlock(&turn);
}

void rendezvous(void (*fn)(void *argument), void *argument) {
    begin(fn, argument);
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu)) {
            ask(cpu);
        }
    }
    finish();
}
