// SPDX-License-Identifier: MIT
// Tollgate's own calls about locks and tolls; syscall/abi.h documents them.
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/kernel_sections.h"
#include "kernel/process.h"
#include "kernel/rendezvous.h"
#include "kernel/stop_machine.h"
#include "kernel/symbols.h"
#include "kernel/tolls.h"
#include "kernel/wait_queue.h"
#include "smp/ipi.h"
#include "smp/irq.h"
#include "syscall/abi.h"
#include "syscall/calls.h"
#include "syscall/gate.h"
#include "syscall/user_memory.h"

#define NOISE_LIMIT_US 100000
#define SYMBOL_SIZE 96 // of an address's name, with its final 0
#define NS_PER_US 1000

static bool is_administrator(void) {
    return process_current()->type_id == 0;
}

static void fold(void *unused) {
    (void)unused;
    tolls_fold();
}

long call_set_lock(uint64_t resource, uint64_t kind) {
    if (!is_administrator()) {
        return -EPERM;
    }
    if (resource > UINT32_MAX || kind > UINT32_MAX ||
        !gate_set_lock((uint32_t)resource, (uint32_t)kind)) {
        return -EINVAL;
    }
    return 0;
}

long call_set_fence(uint64_t slot, uint64_t on) {
    if (!is_administrator()) {
        return -EPERM;
    }
    if (slot > UINT32_MAX || on > 1) {
        return -EINVAL;
    }
    return gate_set_fence((uint32_t)slot, on != 0);
}

// The mode is two things, the gate's and the sections', that change together.
static struct mutex toll_mutex;

long call_set_toll(uint64_t toll) {
    if (!is_administrator()) {
        return -EPERM;
    }
    if (toll > TOLL_FULL) {
        return -EINVAL;
    }
    mutex_lock(&toll_mutex);
    bool possible = kernel_sections_set(toll == TOLL_FULL);
    long before = possible ? gate_set_toll((int)toll) : -ENOMEM;
    mutex_unlock(&toll_mutex);
    return before;
}

long call_toll_fold(void) {
    rendezvous(fold, NULL);
    kernel_sections_fold();
    return 0;
}

static void reset(void *unused) {
    (void)unused;
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu)) {
            tolls_reset_cpu(percpu_of(cpu));
        }
    }
}

long call_toll_reset(void) {
    if (!is_administrator()) {
        return -EPERM;
    }
    stop_machine(reset, NULL);
    kernel_sections_reset();
    return 0;
}

long call_symbol(uint64_t address, uint64_t to, uint64_t size) {
    char name[SYMBOL_SIZE];
    symbol_name(address, name, sizeof(name));
    size_t length = strnlen(name, sizeof(name) - 1);
    if (size <= length && size != 0) {
        name[size - 1] = '\0';
    }
    size = size < length + 1 ? size : length + 1;
    return copy_to_user(to, name, size) ? (long)length : -EFAULT;
}

// Nothing but readings of the clock: whatever lies between two of them was
// taken from this CPU by its host, or by an NMI.
long call_noise_floor(uint64_t us) {
    if (us > NOISE_LIMIT_US) {
        return -EINVAL;
    }
    cycles_t length = clock_cycles(us * NS_PER_US);
    cycles_t largest = 0;
    bool irq = irq_save();
    cycles_t start = rdtsc();
    cycles_t last = start;
    while (last - start < length) {
        cycles_t now = rdtsc();
        if (now - last > largest) {
            largest = now - last;
        }
        last = now;
    }
    irq_restore(irq);
    return (long)largest;
}
