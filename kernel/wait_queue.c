// SPDX-License-Identifier: MIT
// See wait_queue.h.
#include "kernel/wait_queue.h"

#include "kernel/scheduler.h"
#include "kernel/thread.h"

static void waiter_remove(struct wait_queue *queue, struct waiter *waiter) {
    struct waiter **link = &queue->first;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

static void wait_once(
    struct wait_queue *queue, struct spinlock *lock, uint64_t deadline,
    uint8_t wakes_by) {
    struct waiter waiter = {thread_current(), queue->first};
    queue->first = &waiter;
    thread_block(lock, deadline, wakes_by);
    spin_lock_irq_off(lock);
    waiter_remove(queue, &waiter);
}

void wait_on_until(
    struct wait_queue *queue, struct spinlock *lock, uint64_t deadline) {
    wait_once(queue, lock, deadline, THREAD_ANY);
}

bool wait_on(struct wait_queue *queue, struct spinlock *lock) {
    wait_on_until(queue, lock, WAIT_FOREVER);
    return !thread_is_interrupted(thread_current());
}

bool wait_on_killable(struct wait_queue *queue, struct spinlock *lock) {
    wait_once(queue, lock, WAIT_FOREVER, THREAD_KILLED);
    return !thread_is_killed(thread_current());
}

void wait_on_uninterruptible(struct wait_queue *queue, struct spinlock *lock) {
    wait_once(queue, lock, WAIT_FOREVER, 0);
}

void wait_wake_all(struct wait_queue *queue) {
    for (struct waiter *w = queue->first; w != NULL; w = w->next) {
        thread_wake(w->thread);
    }
}

void mutex_lock(struct mutex *mutex) {
    bool irq = spin_lock(&mutex->lock);
    while (mutex->held) {
        wait_on_uninterruptible(&mutex->waiters, &mutex->lock);
    }
    mutex->held = true;
    spin_unlock(&mutex->lock, irq);
}

void mutex_unlock(struct mutex *mutex) {
    bool irq = spin_lock(&mutex->lock);
    mutex->held = false;
    wait_wake_all(&mutex->waiters);
    spin_unlock(&mutex->lock, irq);
}
