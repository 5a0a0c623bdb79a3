// SPDX-License-Identifier: MIT
// See scheduler.h. What is ready is in run_queue.c, who is told in placement.c.
#include "kernel/scheduler.h"

#include "kernel/base/layout.h"
#include "kernel/base/x86.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/panic.h"
#include "kernel/placement.h"
#include "kernel/process.h"
#include "kernel/process_signal.h"
#include "kernel/run_queue.h"
#include "kernel/shot.h"
#include "kernel/sleepers.h"
#include "kernel/space.h"
#include "kernel/traps.h"
#include "kernel/wait_queue.h"
#include "smp/irq.h"

struct cpu_set scheduler_cpus;

static struct spinlock sched_lock = SPINLOCK_INITIALIZER("scheduler");

// With so many CPUs at the scheduler's lock, a tick sends no other one there:
// the turn is over at a later tick. Else each tick has all CPUs stand in that
// queue while but one thread is ready; and on a host with few CPUs a hand-over
// takes a round of all, so that 255 did nothing else for minutes.
#define TICK_CROWD 4

static uint8_t attention_of(const struct thread *thread) {
    return __atomic_load_n(&thread->attention, __ATOMIC_RELAXED);
}

static void need_resched_set(struct percpu *cpu) {
    __atomic_store_n(&cpu->need_resched, 1, __ATOMIC_RELAXED);
}

static bool need_resched(const struct percpu *cpu) {
    return __atomic_load_n(&cpu->need_resched, __ATOMIC_RELAXED) != 0;
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

static uint32_t slice_of(const struct thread *thread) {
    return thread->schedule.policy == SCHED_RR ? SCHED_RR_TICKS : 1;
}

// A thread that runs goes back into the queue. Who loses its CPU to a higher
// priority does not lose its turn.
static void requeue(struct thread *thread, bool yields) {
    if (yields || thread->slice == 0) {
        thread->slice = slice_of(thread);
        run_queue_push(thread);
    } else {
        run_queue_push_front(thread);
    }
}

// Give the CPU to the next thread. The lock is held, and released when the
// caller's thread runs again.
static void schedule(bool yields) {
    struct percpu *cpu = this_cpu();
    // With interrupts on, one could strike on the way out, after SWAPGS.
    ASSERT((read_rflags() & RFLAGS_IF) == 0);
    struct thread *previous = cpu->current;
    __atomic_store_n(&cpu->need_resched, 0, __ATOMIC_RELAXED);
    if (previous->state == THREAD_RUNNING && previous != cpu->idle) {
        requeue(previous, yields);
    }
    struct thread *next = run_queue_take(cpu->cpu_id);
    if (next == NULL) {
        next = cpu->idle;
    }
    next->state = THREAD_RUNNING;
    next->cpu = cpu->cpu_id;
    placement_runs(cpu->cpu_id, next);
    if (previous->state == THREAD_READY) {
        placement_find(previous);
    }
    if (next != previous) {
        switch_to(cpu, next);
    } else {
        spin_unlock(&sched_lock, false);
    }
}

void scheduler_yield(void) {
    bool irq = spin_lock(&sched_lock);
    schedule(true);
    irq_restore(irq);
}

// Look for another thread because this CPU was told to.
static void preempt(void) {
    bool irq = spin_lock(&sched_lock);
    schedule(false);
    irq_restore(irq);
}

bool scheduler_may_go_on(void) {
    if (need_resched(this_cpu())) {
        preempt();
    }
    return !thread_is_killed(thread_current());
}

_Noreturn void scheduler_exit(void) {
    spin_lock_irq_off(&sched_lock);
    thread_current()->state = THREAD_DEAD;
    schedule(false);
    panic("a dead thread runs");
}

// --- blocking and waking ----------------------------------------------------

static void make_ready(struct thread *thread) {
    if (thread->slice == 0) {
        thread->slice = slice_of(thread);
    }
    run_queue_push(thread);
    placement_find(thread);
}

// The caller holds the scheduler's lock.
static void wake_locked(struct thread *thread) {
    if (thread->state != THREAD_BLOCKED) {
        return;
    }
    if (thread->deadline != WAIT_FOREVER) {
        sleeper_remove(thread);
    }
    make_ready(thread);
}

void thread_block(struct spinlock *lock, uint64_t deadline, uint8_t wakes_by) {
    struct thread *thread = thread_current();
    spin_lock_irq_off(&sched_lock);
    bool ends = (attention_of(thread) & wakes_by) != 0;
    if (!ends) {
        thread->state = THREAD_BLOCKED;
        thread->wakes_by = wakes_by;
        thread->deadline = deadline;
        if (deadline != WAIT_FOREVER) {
            sleeper_insert(thread);
        }
    }
    spin_unlock(lock, false);
    if (ends) {
        spin_unlock(&sched_lock, false);
        return;
    }
    schedule(false);
}

void thread_wake(struct thread *thread) {
    bool irq = spin_lock(&sched_lock);
    wake_locked(thread);
    spin_unlock(&sched_lock, irq);
}

void scheduler_start(struct thread *thread) {
    bool irq = spin_lock(&sched_lock);
    make_ready(thread);
    spin_unlock(&sched_lock, irq);
}

void thread_attend(struct thread *thread, uint8_t bits) {
    __atomic_fetch_or(&thread->attention, bits, __ATOMIC_RELAXED);
    bool irq = spin_lock(&sched_lock);
    if (thread->wakes_by & bits) {
        wake_locked(thread);
    }
    if (thread->state == THREAD_RUNNING && thread != thread_current()) {
        placement_kick(thread->cpu);
    }
    spin_unlock(&sched_lock, irq);
}

void thread_kill(struct thread *thread) {
    thread_attend(thread, THREAD_KILLED);
}

bool scheduler_sleep_until(uint64_t deadline) {
    static struct spinlock sleep_lock = SPINLOCK_INITIALIZER("sleep");
    struct thread *thread = thread_current();
    while (clock_now_ns() < deadline) {
        if (thread_is_interrupted(thread)) {
            return false;
        }
        bool irq = spin_lock(&sleep_lock);
        thread_block(&sleep_lock, deadline, THREAD_ANY);
        irq_restore(irq);
    }
    return !thread_is_killed(thread);
}

// --- affinity, schedules, types ---------------------------------------------

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
        placement_find(thread);
    }
    if (thread->state == THREAD_RUNNING && !cpu_mask_has(mask, thread->cpu)) {
        placement_kick(thread->cpu);
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

void scheduler_set(struct thread *thread, const struct schedule *schedule) {
    bool irq = spin_lock(&sched_lock);
    if (thread->state == THREAD_READY) {
        run_queue_remove(thread);
    }
    thread->schedule = *schedule;
    thread->slice = 0; // its turn begins anew
    if (thread->state == THREAD_READY) {
        make_ready(thread);
    }
    if (thread->state == THREAD_RUNNING) {
        placement_runs(thread->cpu, thread);
        placement_kick(thread->cpu);
    }
    spin_unlock(&sched_lock, irq);
}

struct schedule scheduler_get(struct thread *thread) {
    bool irq = spin_lock(&sched_lock);
    struct schedule schedule = thread->schedule;
    spin_unlock(&sched_lock, irq);
    return schedule;
}

void scheduler_inherit(struct thread *to, const struct thread *from) {
    bool irq = spin_lock(&sched_lock);
    to->affinity = from->affinity;
    if (!from->schedule.reset_on_fork) {
        to->schedule = from->schedule;
    }
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

void scheduler_wake_sleepers(uint64_t now) {
    struct thread *thread;
    bool irq = spin_lock(&sched_lock);
    while ((thread = sleeper_due(now)) != NULL) {
        if (thread->shot != NULL) {
            shot_take(thread->shot);
        }
        wake_locked(thread);
    }
    spin_unlock(&sched_lock, irq);
}

// Whether a tick ends the turn of the thread that runs. Its schedule may be
// changed meanwhile: then this tick goes by the one before.
static bool turn_is_over(struct thread *thread) {
    if (__atomic_load_n(&thread->schedule.policy, __ATOMIC_RELAXED) ==
        SCHED_FIFO) {
        return false;
    }
    return thread->slice == 0 || --thread->slice == 0;
}

void scheduler_tick(void) {
    struct percpu *cpu = this_cpu();
    if (!run_queue_is_empty() && turn_is_over(cpu->current) &&
        ticket_depth(&sched_lock.ticket) < TICK_CROWD) {
        need_resched_set(cpu);
    }
}

void scheduler_kicked(void) {
    need_resched_set(this_cpu());
}

// Kept out of line: nearly always there is nothing.
static __attribute__((noinline)) void attend(void) {
    if (thread_is_killed(thread_current())) {
        thread_exit();
    }
    irq_on();
    process_deliver_signal(thread_regs(thread_current()));
    irq_off();
}

void before_user(struct regs *regs) {
    (void)regs; // keeping it would cost every call
    for (;;) {
        if (thread_is_interrupted(thread_current())) {
            attend();
            continue;
        }
        if (!need_resched(this_cpu())) {
            return;
        }
        preempt();
    }
}

// --- start ------------------------------------------------------------------

void scheduler_init(void) {
    run_queue_init();
}

bool scheduler_create_idle(cpu_id_t cpu) {
    percpu_of(cpu)->idle = thread_create_idle(cpu);
    return percpu_of(cpu)->idle != NULL;
}

void scheduler_init_cpu(void) {
    struct percpu *cpu = this_cpu();
    ASSERT(cpu->idle != NULL);
    cpu->current = cpu->idle;
    bool irq = spin_lock(&sched_lock);
    placement_add_cpu(cpu->cpu_id);
    spin_unlock(&sched_lock, irq);
    cpu_set_add(&scheduler_cpus, cpu->cpu_id);
}

_Noreturn void scheduler_idle(void) {
    irq_off();
    scheduler_yield();
    for (;;) {
        if (need_resched(this_cpu())) {
            preempt();
        } else {
            callout_idle();
        }
    }
}
