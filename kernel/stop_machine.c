// SPDX-License-Identifier: MIT
// See stop_machine.h. A rendezvous in which everyone waits for the leader.
#include "kernel/stop_machine.h"

#include <stdatomic.h>

#include "kernel/base/x86.h"
#include "kernel/panic.h"
#include "kernel/rendezvous.h"
#include "kernel/wait.h"
#include "smp/ipi.h"
#include "smp/percpu.h"

struct stop {
    void (*fn)(void *argument);
    void (*each)(void *argument); // or NULL
    void *argument;
    cpu_id_t leader;
    _Atomic uint32_t stopped; // CPUs that stand still
    _Atomic bool done;        // they may go on
};

static void follow(struct stop *stop) {
    atomic_fetch_add_explicit(&stop->stopped, 1, memory_order_acq_rel);
    cycles_t start = rdtsc();
    while (!atomic_load_explicit(&stop->done, memory_order_acquire)) {
        pause();
        if (wait_is_over(start)) {
            panic(
                "CPU %u leads a stop of the machine and does not end it",
                stop->leader);
        }
    }
}

static void lead(struct stop *stop) {
    uint32_t others =
        atomic_load_explicit(&num_cpus_up, memory_order_relaxed) - 1;
    cycles_t start = rdtsc();
    while (atomic_load_explicit(&stop->stopped, memory_order_acquire) !=
           others) {
        pause();
        if (wait_is_over(start)) {
            panic(
                "%u of %u CPUs do not stop",
                others -
                    atomic_load_explicit(&stop->stopped, memory_order_relaxed),
                others);
        }
    }
    stop->fn(stop->argument);
    atomic_store_explicit(&stop->done, true, memory_order_release);
}

static void stop_here(void *argument) {
    struct stop *stop = argument;
    if (this_cpu()->cpu_id == stop->leader) {
        lead(stop);
    } else {
        follow(stop);
    }
    if (stop->each != NULL) {
        stop->each(stop->argument);
    }
}

void stop_machine(void (*fn)(void *argument), void *argument) {
    stop_machine_then(fn, NULL, argument);
}

void stop_machine_then(
    void (*fn)(void *argument), void (*each)(void *argument), void *argument) {
    // The kernel is not preemptive: the caller stays on this CPU.
    struct stop stop = {
        .fn = fn,
        .each = each,
        .argument = argument,
        .leader = this_cpu()->cpu_id};
    rendezvous(stop_here, &stop);
}
