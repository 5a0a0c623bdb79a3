// SPDX-License-Identifier: MIT
// See scheduler.h. One queue, first come, first served, for all CPUs; a CPU
// takes the first thread that may run on it.
#include "kernel/scheduler.h"

#include <stdatomic.h>

#include "kernel/base/layout.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/space.h"
#include "kernel/traps.h"
#include "kernel/wait_queue.h"
#include "smp/ipi.h"

struct cpu_set scheduler_cpus;

static struct spinlock sched_lock = SPINLOCK_INITIALIZER("scheduler");
static struct thread *ready_head;       // [sched_lock]
static struct thread **ready_tail;      // [sched_lock]
static struct thread *sleepers;         // [sched_lock] ascending by deadline
static struct cpu_mask idle_cpus;       // [sched_lock]
static _Atomic uint32_t ready_count;    // changed under the lock, read without
static _Atomic uint64_t first_deadline; // the same

// --- the other CPUs ---------------------------------------------------------

static void need_resched_set(struct percpu *cpu) {
    __atomic_store_n(&cpu->need_resched, 1, __ATOMIC_RELAXED);
}

static bool need_resched(const struct percpu *cpu) {
    return __atomic_load_n(&cpu->need_resched, __ATOMIC_RELAXED) != 0;
}

static void kick(cpu_id_t cpu) {
    need_resched_set(percpu_of(cpu));
    if (cpu != this_cpu()->cpu_id) {
        smp_kick(cpu);
    }
}

static void idle_set(cpu_id_t cpu, bool idle) {
    uint64_t bit = 1ul << cpu % 64;
    uint64_t *word = &idle_cpus.bits[cpu / 64];
    *word = idle ? *word | bit : *word & ~bit;
}

// Find an idle CPU for a ready thread, best the one where it ran last, and
// claim it, so that the next thread gets another.
static void kick_idle_cpu(const struct thread *thread) {
    if (cpu_mask_has(&idle_cpus, thread->cpu) &&
        cpu_mask_has(&thread->affinity, thread->cpu)) {
        idle_set(thread->cpu, false);
        kick(thread->cpu);
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(idle_cpus.bits); i++) {
        uint64_t fit = idle_cpus.bits[i] & thread->affinity.bits[i];
        if (fit != 0) {
            cpu_id_t cpu = (cpu_id_t)(i * 64) + (cpu_id_t)__builtin_ctzl(fit);
            idle_set(cpu, false);
            kick(cpu);
            return;
        }
    }
}

// --- the run queue ----------------------------------------------------------

static void ready_push(struct thread *thread) {
    thread->state = THREAD_READY;
    thread->next_ready = NULL;
    *ready_tail = thread;
    ready_tail = &thread->next_ready;
    atomic_fetch_add_explicit(&ready_count, 1, memory_order_relaxed);
}

static struct thread *ready_take(cpu_id_t cpu) {
    struct thread **link = &ready_head;
    while (*link != NULL && !cpu_mask_has(&(*link)->affinity, cpu)) {
        link = &(*link)->next_ready;
    }
    struct thread *thread = *link;
    if (thread == NULL) {
        return NULL;
    }
    *link = thread->next_ready;
    if (*link == NULL) {
        ready_tail = link;
    }
    atomic_fetch_sub_explicit(&ready_count, 1, memory_order_relaxed);
    return thread;
}

// --- sleepers ---------------------------------------------------------------

static void first_deadline_update(void) {
    atomic_store_explicit(
        &first_deadline, sleepers != NULL ? sleepers->deadline : WAIT_FOREVER,
        memory_order_relaxed);
}

static void sleeper_insert(struct thread *thread) {
    struct thread **link = &sleepers;
    while (*link != NULL && (*link)->deadline <= thread->deadline) {
        link = &(*link)->next_sleeper;
    }
    thread->next_sleeper = *link;
    *link = thread;
    first_deadline_update();
}

static void sleeper_remove(struct thread *thread) {
    struct thread **link = &sleepers;
    while (*link != thread) {
        link = &(*link)->next_sleeper;
    }
    *link = thread->next_sleeper;
    first_deadline_update();
}

// --- the switch -------------------------------------------------------------

static void tss_set_rsp0(struct tss *tss, uintptr_t stack_top) {
    tss->rsp_low_high[0] = (uint32_t)stack_top;
    tss->rsp_low_high[1] = (uint32_t)(stack_top >> 32);
}

void scheduler_finish_switch(struct thread *previous) {
    bool dead = previous->state == THREAD_DEAD;
    spin_unlock(&sched_lock, false);
    if (dead) {
        thread_free(previous);
    }
}

static void switch_to(struct percpu *cpu, struct thread *next) {
    struct thread *previous = cpu->current;
    if (previous->space != NULL) {
        thread_user_save(previous);
    }
    if (next->space != previous->space) {
        space_switch(previous->space, next->space);
    }
    cpu->current = next;
    cpu->kernel_rsp = next->stack_top;
    tss_set_rsp0(&cpu->tss, next->stack_top);
    cpu->type_id = next->process != NULL ? next->process->type_id : 0;
    if (next->space != NULL) {
        thread_user_load(next);
    }
    scheduler_finish_switch(thread_switch(previous, next));
}

// Give the CPU to the next thread. The lock is held, and released when the
// caller's thread runs again.
static void schedule(void) {
    struct percpu *cpu = this_cpu();
    // With interrupts on, one could strike on the way out, after SWAPGS.
    ASSERT((read_rflags() & RFLAGS_IF) == 0);
    struct thread *previous = cpu->current;
    __atomic_store_n(&cpu->need_resched, 0, __ATOMIC_RELAXED);
    if (previous->state == THREAD_RUNNING && previous != cpu->idle) {
        ready_push(previous);
    }
    struct thread *next = ready_take(cpu->cpu_id);
    if (next == NULL) {
        next = cpu->idle;
    }
    idle_set(cpu->cpu_id, next == cpu->idle);
    if (previous->state == THREAD_READY && previous != next) {
        kick_idle_cpu(previous);
    }
    next->state = THREAD_RUNNING;
    next->cpu = cpu->cpu_id;
    if (next != previous) {
        switch_to(cpu, next);
    } else {
        spin_unlock(&sched_lock, false);
    }
}

void scheduler_yield(void) {
    bool irq = spin_lock(&sched_lock);
    schedule();
    irq_restore(irq);
}

bool scheduler_may_go_on(void) {
    if (need_resched(this_cpu())) {
        scheduler_yield();
    }
    return !thread_is_killed(thread_current());
}

_Noreturn void scheduler_exit(void) {
    spin_lock_irq_off(&sched_lock);
    thread_current()->state = THREAD_DEAD;
    schedule();
    panic("a dead thread runs");
}

// --- blocking and waking ----------------------------------------------------

// The caller holds the scheduler's lock.
static void wake_locked(struct thread *thread) {
    if (thread->state != THREAD_BLOCKED) {
        return;
    }
    if (thread->deadline != WAIT_FOREVER) {
        sleeper_remove(thread);
    }
    ready_push(thread);
    kick_idle_cpu(thread);
}

void thread_block(
    struct spinlock *lock, uint64_t deadline, bool interruptible) {
    struct thread *thread = thread_current();
    spin_lock_irq_off(&sched_lock);
    bool killed = interruptible && thread_is_killed(thread);
    if (!killed) {
        thread->state = THREAD_BLOCKED;
        thread->interruptible = interruptible;
        thread->deadline = deadline;
        if (deadline != WAIT_FOREVER) {
            sleeper_insert(thread);
        }
    }
    spin_unlock(lock, false);
    if (killed) {
        spin_unlock(&sched_lock, false);
        return;
    }
    schedule();
}

void thread_wake(struct thread *thread) {
    bool irq = spin_lock(&sched_lock);
    wake_locked(thread);
    spin_unlock(&sched_lock, irq);
}

void scheduler_start(struct thread *thread) {
    bool irq = spin_lock(&sched_lock);
    ready_push(thread);
    kick_idle_cpu(thread);
    spin_unlock(&sched_lock, irq);
}

void thread_kill(struct thread *thread) {
    __atomic_store_n(&thread->killed, true, __ATOMIC_RELAXED);
    bool irq = spin_lock(&sched_lock);
    if (thread->interruptible) {
        wake_locked(thread);
    }
    if (thread->state == THREAD_RUNNING && thread != thread_current()) {
        kick(thread->cpu);
    }
    spin_unlock(&sched_lock, irq);
}

bool scheduler_sleep_until(uint64_t deadline) {
    static struct spinlock sleep_lock = SPINLOCK_INITIALIZER("sleep");
    struct thread *thread = thread_current();
    while (clock_now_ns() < deadline && !thread_is_killed(thread)) {
        bool irq = spin_lock(&sleep_lock);
        thread_block(&sleep_lock, deadline, true);
        irq_restore(irq);
    }
    return !thread_is_killed(thread);
}

// --- affinity and types -----------------------------------------------------

static bool mask_has_cpu_up(const struct cpu_mask *mask) {
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_mask_has(mask, cpu) && cpu_set_has(&scheduler_cpus, cpu)) {
            return true;
        }
    }
    return false;
}

bool scheduler_set_affinity(
    struct thread *thread, const struct cpu_mask *mask) {
    if (!mask_has_cpu_up(mask)) {
        return false;
    }
    bool irq = spin_lock(&sched_lock);
    thread->affinity = *mask;
    if (thread->state == THREAD_READY) {
        kick_idle_cpu(thread);
    }
    if (thread->state == THREAD_RUNNING && !cpu_mask_has(mask, thread->cpu)) {
        kick(thread->cpu);
    }
    spin_unlock(&sched_lock, irq);
    return true;
}

void scheduler_get_affinity(struct thread *thread, struct cpu_mask *mask) {
    bool irq = spin_lock(&sched_lock);
    for (size_t i = 0; i < ARRAY_SIZE(mask->bits); i++) {
        mask->bits[i] =
            thread->affinity.bits[i] &
            atomic_load_explicit(&scheduler_cpus.bits[i], memory_order_relaxed);
    }
    spin_unlock(&sched_lock, irq);
}

void scheduler_copy_affinity(struct thread *to, const struct thread *from) {
    bool irq = spin_lock(&sched_lock);
    to->affinity = from->affinity;
    spin_unlock(&sched_lock, irq);
}

// The lock keeps `current` of all CPUs in place.
void scheduler_update_type(const struct process *process) {
    bool irq = spin_lock(&sched_lock);
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&scheduler_cpus, cpu) &&
            percpu_of(cpu)->current->process == process) {
            __atomic_store_n(
                &percpu_of(cpu)->type_id, process->type_id, __ATOMIC_RELAXED);
        }
    }
    spin_unlock(&sched_lock, irq);
}

uint32_t scheduler_cpu_count(void) {
    uint32_t count = 0;
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        count += cpu_set_has(&scheduler_cpus, cpu);
    }
    return count;
}

// --- interrupts -------------------------------------------------------------

static void sleepers_wake(void) {
    uint64_t now = clock_now_ns();
    if (atomic_load_explicit(&first_deadline, memory_order_relaxed) > now) {
        return;
    }
    bool irq = spin_lock(&sched_lock);
    while (sleepers != NULL && sleepers->deadline <= now) {
        wake_locked(sleepers);
    }
    spin_unlock(&sched_lock, irq);
}

void scheduler_tick(void) {
    struct percpu *cpu = this_cpu();
    if (cpu->cpu_id == 0) {
        sleepers_wake();
    }
    if (atomic_load_explicit(&ready_count, memory_order_relaxed) == 0) {
        return;
    }
    need_resched_set(cpu);
}

void scheduler_kicked(void) {
    need_resched_set(this_cpu());
}

void before_user(struct regs *regs) {
    (void)regs;
    for (;;) {
        if (thread_is_killed(thread_current())) {
            thread_exit();
        }
        if (!need_resched(this_cpu())) {
            return;
        }
        scheduler_yield();
    }
}

// --- start ------------------------------------------------------------------

void scheduler_init(void) {
    ready_tail = &ready_head;
    first_deadline_update();
}

bool scheduler_create_idle(cpu_id_t cpu) {
    percpu_of(cpu)->idle = thread_create_idle(cpu);
    return percpu_of(cpu)->idle != NULL;
}

void scheduler_init_cpu(void) {
    struct percpu *cpu = this_cpu();
    ASSERT(cpu->idle != NULL);
    cpu->current = cpu->idle;
    cpu_set_add(&scheduler_cpus, cpu->cpu_id);
}

_Noreturn void scheduler_idle(void) {
    cli();
    scheduler_yield();
    for (;;) {
        if (need_resched(this_cpu())) {
            scheduler_yield();
        } else {
            callout_idle();
        }
    }
}
