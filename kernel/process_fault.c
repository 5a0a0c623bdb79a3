// SPDX-License-Identifier: MIT
// What a program did wrong: one line, and the end of its process.
#include "kernel/base/format.h"
#include "kernel/base/vectors.h"
#include "kernel/console.h"
#include "kernel/process.h"
#include "kernel/process_signal.h"
#include "kernel/traps.h"

// Page-fault error code (Intel SDM volume 3, "Page-Fault Exceptions").
#define FAULT_WRITE 0x2
#define FAULT_EXEC 0x10

static const char *access_name(uint32_t error) {
    if (error & FAULT_EXEC) {
        return "execute at";
    }
    return (error & FAULT_WRITE) ? "write to" : "read from";
}

static void fault_print(
    const struct regs *regs, unsigned vector, uint32_t error, uintptr_t address,
    const char *what) {
    const struct process *process = process_current();
    if (vector == VECTOR_PAGE_FAULT) {
        kprintf(
            "tollgate: %s (pid %u): %s: %s 0x%lx, rip 0x%lx\n", process->name,
            process->pid, what, access_name(error), address, regs->rip);
    } else {
        kprintf(
            "tollgate: %s (pid %u): %s: %s, error 0x%x, rip 0x%lx\n",
            process->name, process->pid, what, trap_name(vector), error,
            regs->rip);
    }
}

void process_fault(
    const struct regs *regs, unsigned vector, uint32_t error,
    uintptr_t address) {
    bool no_memory =
        vector == VECTOR_PAGE_FAULT && thread_current()->out_of_memory;
    const struct fault fault = fault_of_trap(vector, regs->rip, address);
    if (!no_memory && process_handles_fault(&fault)) {
        return;
    }
    fault_print(
        regs, vector, error, address,
        no_memory ? "killed, out of memory" : signal_name(fault.signal));
    process_kill_self(no_memory ? SIGKILL : fault.signal);
}
