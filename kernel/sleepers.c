// SPDX-License-Identifier: MIT
// See sleepers.h. A list for each timer, ascending by deadline; the first one
// is the timer's event.
#include "kernel/sleepers.h"

#include "kernel/thread.h"
#include "kernel/timer.h"
#include "kernel/wait_queue.h"

static struct thread *sleepers[MAX_CPUS]; // by timer

static void first_changed(cpu_id_t timer) {
    const struct thread *first = sleepers[timer];
    timer_set_event(timer, first != NULL ? first->deadline : WAIT_FOREVER);
}

void sleeper_insert(struct thread *thread) {
    cpu_id_t timer = timer_of(this_cpu()->cpu_id);
    struct thread **link = &sleepers[timer];
    while (*link != NULL && (*link)->deadline <= thread->deadline) {
        link = &(*link)->next_sleeper;
    }
    thread->timer = timer;
    thread->next_sleeper = *link;
    *link = thread;
    if (link == &sleepers[timer]) {
        first_changed(timer);
    }
}

void sleeper_remove(struct thread *thread) {
    struct thread **link = &sleepers[thread->timer];
    while (*link != thread) {
        link = &(*link)->next_sleeper;
    }
    *link = thread->next_sleeper;
    if (link == &sleepers[thread->timer]) {
        first_changed(thread->timer);
    }
}

struct thread *sleeper_due(uint64_t now) {
    struct thread *first = sleepers[this_cpu()->cpu_id];
    return first != NULL && first->deadline <= now ? first : NULL;
}
