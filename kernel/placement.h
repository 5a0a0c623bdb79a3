// SPDX-License-Identifier: MIT
// Which CPU is told about a thread that is ready: an idle one, best the one
// where the thread ran last; else, for a thread of the preemptive classes, the
// one that runs the lowest priority below the thread's. That CPU is claimed for
// the thread and kicked, so that the next thread gets another. It takes what is
// first in the run queue then, whatever that is; a claim that is not met so is
// placed anew. So no thread waits while a CPU where it may run has less to do
// and has not been told.
//
// Locks: the scheduler's, for all of it.
#pragma once

#include "kernel/base/types.h"

struct percpu;
struct thread;

// This CPU schedules from now on.
void placement_add_cpu(cpu_id_t cpu);

// A thread has become ready, or may run on other CPUs now.
void placement_find(struct thread *thread);

// A thread is not what it was placed as: it goes, or its priority does.
void placement_forget(struct thread *thread);

// A CPU is about to run a thread, its idle one included; or the priority of the
// one that it runs has changed.
void placement_runs(cpu_id_t cpu, struct thread *thread);

// Have a CPU look at the run queue before it is next in ring 3.
void placement_kick(cpu_id_t cpu);
