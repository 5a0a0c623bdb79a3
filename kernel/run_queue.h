// SPDX-License-Identifier: MIT
// Threads that are ready to run, all CPUs' together: by priority, first come,
// first served within one.
//
// Locks: the scheduler's, for all but run_queue_is_empty().
#pragma once

#include "kernel/base/types.h"

struct thread;

void run_queue_init(void);

// Make a thread ready: behind its equals, or, if it lost its CPU before its
// turn was over, before them.
void run_queue_push(struct thread *thread);
void run_queue_push_front(struct thread *thread);

// Take the first of the highest priority that may run on a CPU; NULL if none
// may.
struct thread *run_queue_take(cpu_id_t cpu);

// Take a certain one, which is ready.
void run_queue_remove(struct thread *thread);

// Whether nobody is ready. Any context; it may change at once.
bool run_queue_is_empty(void);
