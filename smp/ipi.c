// SPDX-License-Identifier: MIT
// See ipi.h.
#include "smp/ipi.h"

#include "callouts/call.h"
#include "smp/irq.h"
#include "smp/percpu.h"

struct cpu_set cpus_up;
_Atomic uint32_t num_cpus_up;

static struct syspage_entry *ipi_syspage;
static struct callout_call send_ipi;
// [a] the send_ipi callout sets bits, the CPU itself takes them
static unsigned ipi_commands[MAX_CPUS];

void ipi_init(struct syspage_entry *syspage) {
    ipi_syspage = syspage;
    send_ipi = callout_find(syspage, SYSPAGE_ENTRY(syspage, smp)->send_ipi);
}

void ipi_send(cpu_id_t cpu, uint32_t commands) {
    if (send_ipi.code == 0) {
        return;
    }
    bool irq = irq_save(); // the callout writes two registers of the APIC
    CALLOUT_CALL(
        send_ipi, send_ipi_fn, ipi_syspage, cpu, commands, ipi_commands);
    irq_restore(irq);
}

void ipi_send_others(uint32_t commands) {
    cpu_id_t self = this_cpu()->cpu_id;
    for (cpu_id_t cpu = 0; cpu < ipi_syspage->num_cpu; cpu++) {
        if (cpu != self && cpu_set_has(&cpus_up, cpu)) {
            ipi_send(cpu, commands);
        }
    }
}

uint32_t ipi_take(void) {
    return __atomic_exchange_n(
        &ipi_commands[this_cpu()->cpu_id], 0, __ATOMIC_SEQ_CST);
}
