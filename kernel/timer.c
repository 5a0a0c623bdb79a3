// SPDX-License-Identifier: MIT
// See timer.h. The timer runs in periods of its own if it can, but each is
// ended by a new load; the interrupt of one that was too short finds nothing
// due.
#include "kernel/timer.h"

#include "callouts/syspage.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/interrupt.h"
#include "kernel/panic.h"
#include "kernel/scheduler.h"
#include "kernel/spinlock.h"
#include "kernel/tty.h"
#include "kernel/wait_queue.h"
#include "smp/ipi.h"
#include "smp/percpu.h"

// The shortest time to load, for timers that go on in periods: they strike
// again meanwhile.
#define SHORTEST_NS 1000ul

// The timer's interrupt is being dealt with, which ends with a load.
#define AT_WORK 0

// [l] this lock
struct timer {
    struct spinlock lock;
    uint64_t next_tick; // [l]
    uint64_t event;     // [l] WAIT_FOREVER: none
    uint64_t armed;     // [l] what it was loaded for; AT_WORK
};

static struct qtime_entry *qtime;
static struct timer timers[MAX_CPUS]; // those of CPUs that have one are used
static uint64_t ns_per_count;         // rounded up

void timer_init(struct syspage_entry *syspage) {
    qtime = SYSPAGE_ENTRY(syspage, qtime);
    ns_per_count = NS_PER_SECOND / qtime->timer_hz + 1;
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        timers[cpu].lock.name = "timer";
        timers[cpu].event = WAIT_FOREVER;
    }
}

static bool is_per_cpu(void) {
    return (qtime->flags & QTIME_PER_CPU) != 0;
}

cpu_id_t timer_of(cpu_id_t cpu) {
    return is_per_cpu() ? cpu : 0;
}

// The lock is held. The callout rounds down to whole counts: one more, and the
// interrupt is not too early, as far as the timer keeps to the clock.
static void load(struct timer *timer) {
    uint64_t now = clock_now_ns();
    uint64_t next =
        timer->event < timer->next_tick ? timer->event : timer->next_tick;
    uint64_t distance = next > now + SHORTEST_NS ? next - now : SHORTEST_NS;
    struct qtime_entry shot = *qtime;
    shot.flags |= QTIME_ONE_SHOT;
    shot.nsec_inc = distance + ns_per_count;
    callout_timer_load(&shot);
    timer->armed = next;
}

void timer_start_cpu(void) {
    cpu_id_t cpu = this_cpu()->cpu_id;
    if (timer_of(cpu) != cpu) {
        return;
    }
    struct timer *timer = &timers[cpu];
    bool irq = spin_lock(&timer->lock);
    callout_timer_load(qtime); // notes the counts of a tick there
    timer->next_tick = clock_now_ns() + TICK_NS;
    load(timer);
    spin_unlock(&timer->lock, irq);
}

void timer_set_event(cpu_id_t cpu, uint64_t at) {
    struct timer *timer = &timers[cpu];
    bool irq = spin_lock(&timer->lock);
    timer->event = at;
    if (at < timer->armed) {
        load(timer);
    }
    spin_unlock(&timer->lock, irq);
}

// What is due, by the clock.
struct due {
    uint64_t ticks; // since the last one
    bool event;
};

static struct due due_take(struct timer *timer, uint64_t now) {
    struct due due = {0};
    spin_lock_irq_off(&timer->lock);
    if (now >= timer->next_tick) {
        due.ticks = (now - timer->next_tick) / TICK_NS + 1;
        timer->next_tick += due.ticks * TICK_NS;
    }
    due.event = now >= timer->event;
    timer->armed = AT_WORK;
    spin_unlock(&timer->lock, false);
    return due;
}

void timer_interrupt(void) {
    struct percpu *cpu = this_cpu();
    struct timer *timer = &timers[cpu->cpu_id];
    uint64_t now = clock_now_ns();
    struct due due = due_take(timer, now);
    if (due.event) {
        scheduler_wake_sleepers(now);
    }
    if (due.ticks != 0) {
        cpu->ticks += due.ticks;
        if (!is_per_cpu()) {
            ipi_send_others(IPI_TICK);
        }
        scheduler_tick();
        if (cpu->cpu_id == 0) {
            tty_tick();
        }
    }
    spin_lock_irq_off(&timer->lock);
    load(timer);
    spin_unlock(&timer->lock, false);
}
