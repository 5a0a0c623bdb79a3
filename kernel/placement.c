// SPDX-License-Identifier: MIT
// See placement.h.
#include "kernel/placement.h"

#include "kernel/scheduler.h"
#include "kernel/thread.h"
#include "smp/ipi.h"

#define LEVEL_IDLE (-1)

// What a CPU runs, or will once it has answered its kick.
struct place {
    int32_t level;        // priority, or LEVEL_IDLE
    struct thread *claim; // whom it was kicked for; NULL: it has answered
};

static struct place places[MAX_CPUS];
static struct cpu_mask cpus; // that schedule
static struct cpu_mask idle; // those of them at LEVEL_IDLE

static void mask_set(struct cpu_mask *mask, cpu_id_t cpu, bool on) {
    uint64_t bit = 1ul << cpu % 64;
    uint64_t *word = &mask->bits[cpu / 64];
    *word = on ? *word | bit : *word & ~bit;
}

static void level_set(cpu_id_t cpu, int32_t level) {
    places[cpu].level = level;
    mask_set(&idle, cpu, level == LEVEL_IDLE);
}

static int32_t level_of(cpu_id_t cpu, const struct thread *thread) {
    return thread == percpu_of(cpu)->idle ? LEVEL_IDLE
                                          : thread->schedule.priority;
}

void placement_add_cpu(cpu_id_t cpu) {
    mask_set(&cpus, cpu, true);
    level_set(cpu, PRIORITY_ORDINARY); // it runs what starts it
}

void placement_kick(cpu_id_t cpu) {
    __atomic_store_n(&percpu_of(cpu)->need_resched, 1, __ATOMIC_RELAXED);
    if (cpu != this_cpu()->cpu_id) {
        smp_kick(cpu);
    }
}

static cpu_id_t idle_find(const struct thread *thread) {
    if (cpu_mask_has(&idle, thread->cpu) &&
        cpu_mask_has(&thread->affinity, thread->cpu)) {
        return thread->cpu;
    }
    for (size_t i = 0; i < ARRAY_SIZE(idle.bits); i++) {
        uint64_t fit = idle.bits[i] & thread->affinity.bits[i];
        if (fit != 0) {
            return (cpu_id_t)(i * 64) + (cpu_id_t)__builtin_ctzl(fit);
        }
    }
    return CPU_NONE;
}

// The CPU with the lowest priority below the thread's.
static cpu_id_t lowest_find(const struct thread *thread) {
    cpu_id_t lowest = CPU_NONE;
    int32_t level = thread->schedule.priority;
    for (size_t i = 0; i < ARRAY_SIZE(cpus.bits); i++) {
        uint64_t fit = cpus.bits[i] & thread->affinity.bits[i];
        for (; fit != 0; fit &= fit - 1) {
            cpu_id_t cpu = (cpu_id_t)(i * 64) + (cpu_id_t)__builtin_ctzl(fit);
            bool equal = lowest != CPU_NONE && places[cpu].level == level;
            if (places[cpu].level < level || (equal && cpu == thread->cpu)) {
                lowest = cpu;
                level = places[cpu].level;
            }
        }
    }
    return lowest;
}

// Claim a CPU for a thread, if one is to be had. Returns the thread of lower
// priority that had claimed it before, or NULL.
static struct thread *claim(struct thread *thread) {
    cpu_id_t cpu = idle_find(thread);
    if (cpu == CPU_NONE && thread->schedule.priority > PRIORITY_ORDINARY) {
        cpu = lowest_find(thread);
    }
    if (cpu == CPU_NONE) {
        return NULL;
    }
    struct thread *displaced = places[cpu].claim;
    if (displaced != NULL) {
        displaced->claimed = CPU_NONE;
    }
    places[cpu].claim = thread;
    thread->claimed = cpu;
    level_set(cpu, thread->schedule.priority);
    placement_kick(cpu);
    return displaced;
}

void placement_find(struct thread *thread) {
    placement_forget(thread);
    while (thread != NULL) {
        thread = claim(thread); // each lower than the one before
    }
}

void placement_forget(struct thread *thread) {
    cpu_id_t cpu = thread->claimed;
    if (cpu != CPU_NONE) {
        thread->claimed = CPU_NONE;
        places[cpu].claim = NULL;
        level_set(cpu, level_of(cpu, percpu_of(cpu)->current));
    }
}

void placement_runs(cpu_id_t cpu, struct thread *thread) {
    placement_forget(thread);
    struct thread *claimant = places[cpu].claim;
    places[cpu].claim = NULL;
    level_set(cpu, level_of(cpu, thread));
    if (claimant != NULL) {
        claimant->claimed = CPU_NONE;
        placement_find(claimant);
    }
}
