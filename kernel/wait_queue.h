// SPDX-License-Identifier: MIT
// Wait queues: threads that wait for a condition which a spinlock guards. The
// lock that guards the condition guards the queue too, so no wake-up is lost.
#pragma once

#include "kernel/base/types.h"
#include "kernel/spinlock.h"

struct thread;

// No deadline.
#define WAIT_FOREVER UINT64_MAX

// One waiting thread; lies on that thread's stack.
struct waiter {
    struct thread *thread;
    struct waiter *next;
};

// All zero is an empty queue.
struct wait_queue {
    struct waiter *first;
};

// Release `lock`, wait for a wake-up, take it again. The caller looks at its
// condition again: wake-ups may be spurious.
//
// Context: thread context, `lock` held and no other.
// Returns: false if the thread is interrupted (thread_is_interrupted()), and
//          then maybe at once.
MUST_CHECK bool wait_on(struct wait_queue *queue, struct spinlock *lock);

// The same, at most until a time of clock_now_ns(). The caller looks at what
// ended it.
void wait_on_until(
    struct wait_queue *queue, struct spinlock *lock, uint64_t deadline);

// The same; only a kill ends it, or nothing does.
MUST_CHECK bool wait_on_killable(
    struct wait_queue *queue, struct spinlock *lock);
void wait_on_uninterruptible(struct wait_queue *queue, struct spinlock *lock);

// Wake every thread of the queue.
//
// Context: the queue's lock is held.
void wait_wake_all(struct wait_queue *queue);

// A lock that is held while other threads run. All zero is free.
struct mutex {
    struct spinlock lock;
    bool held;                 // [lock]
    struct wait_queue waiters; // [lock]
};

// Context: thread context, no spinlock held. Not interrupted by a kill.
void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
