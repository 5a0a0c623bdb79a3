// SPDX-License-Identifier: MIT
// See shootdown.h. One at a time, as with rendezvous; but it is answered even
// by CPUs that wait for a kernel lock with interrupts off.
#include "kernel/shootdown.h"

#include "kernel/base/x86.h"
#include "kernel/panic.h"
#include "kernel/wait.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "smp/percpu.h"
#include "smp/ticket.h"

// From so many pages on, reloading CR3 is cheaper than INVLPG for each.
#define FLUSH_ALL_PAGES 32

static struct ticket turn;     // whose shoot-down is under way
static uintptr_t flush_start;  // [turn]
static uintptr_t flush_end;    // [turn]
static struct cpu_set pending; // [a] CPUs that have not flushed yet

static void flush(void) {
    if ((flush_end - flush_start) / PAGE_SIZE > FLUSH_ALL_PAGES) {
        write_cr3(read_cr3());
        return;
    }
    for (uintptr_t a = flush_start; a < flush_end; a += PAGE_SIZE) {
        invlpg(a);
    }
}

void shootdown_poll(void) {
    cpu_id_t self = this_cpu()->cpu_id;
    if (cpu_set_has(&pending, self)) {
        flush();
        cpu_set_remove(&pending, self);
    }
}

static void answer(void) {
    bool irq = irq_save();
    shootdown_poll();
    irq_restore(irq);
}

static void begin(uintptr_t start, uintptr_t end) {
    uint32_t mine = ticket_take(&turn);
    cycles_t since = rdtsc();
    while (!ticket_is_served(&turn, mine)) {
        pause();
        answer();
        if (wait_is_over(since)) {
            panic("ticket %u for a TLB shoot-down waits too long", mine);
        }
    }
    flush_start = ALIGN_DOWN(start, PAGE_SIZE);
    flush_end = end;
}

static void wait_for(cpu_id_t cpu) {
    cycles_t start = rdtsc();
    while (cpu_set_has(&pending, cpu)) {
        pause();
        answer();
        if (wait_is_over(start)) {
            panic("CPU %u does not answer a TLB shoot-down", cpu);
        }
    }
}

void shootdown(const struct cpu_set *cpus, uintptr_t start, uintptr_t end) {
    begin(start, end);
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(cpus, cpu) && cpu_set_has(&cpus_up, cpu)) {
            cpu_set_add(&pending, cpu);
            bool irq = irq_save(); // stay on this CPU for the comparison
            if (cpu != this_cpu()->cpu_id) {
                ipi_send(cpu, IPI_SHOOTDOWN);
            }
            irq_restore(irq);
        }
    }
    answer();
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        wait_for(cpu);
    }
    ticket_unlock(&turn);
}
