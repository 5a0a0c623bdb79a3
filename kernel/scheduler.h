// SPDX-License-Identifier: MIT
// Who runs where. The kernel is not preemptive: a thread gives its CPU up when
// it blocks, yields, or is about to return to ring 3 after its slice. One lock
// guards all of it and is held across the switch of stacks: the thread that is
// switched to releases it.
//
// Order of the kernel's locks, outermost first. A lock is taken only while
// those above it, at most, are held:
//
//   mutexes (struct space: changes)    sleeping; never inside a spinlock
//   process_lock
//   futex, pipe, mutex, file table,    never two of them
//   suspend, sleep, tty
//   struct space: lock
//   scheduler
//   timers
//   heap, pages, stacks
//   console
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/spinlock.h"
#include "kernel/thread.h"
#include "smp/cpu_set.h"

// CPUs that schedule: the ones that are up.
extern struct cpu_set scheduler_cpus;

// init: once, on the boot CPU. create_idle: for each CPU, on the boot CPU;
// false without memory. init_cpu: each CPU; what runs on it now is its idle
// thread from here on. idle: what that thread then does for ever.
void scheduler_init(void);
MUST_CHECK bool scheduler_create_idle(cpu_id_t cpu);
void scheduler_init_cpu(void);
_Noreturn void scheduler_idle(void);

// At each tick, interrupts off: ends the slice if another thread is ready,
// unless so many CPUs are about that already that a later tick will do.
void scheduler_tick(void);

// When the event of this CPU's timer is due, interrupts off: wake whose
// deadline has come by `now`.
void scheduler_wake_sleepers(uint64_t now);

// From the IPI that smp_kick() sends, interrupts off.
void scheduler_kicked(void);

// How many CPUs schedule.
uint32_t scheduler_cpu_count(void);

// Let others run. The thread stays ready.
//
// Context: thread context, no lock held. Interrupts stay as they are.
void scheduler_yield(void);

// Between the parts of a long call: let others run if the slice is over. False
// if the thread is being killed.
//
// Context: thread context, no spinlock held.
bool scheduler_may_go_on(void);

// Make a new thread ready.
void scheduler_start(struct thread *thread);

// Release `lock`, which is held, and block until thread_wake(), the deadline,
// or one of the THREAD_* bits of `wakes_by`. Interrupts stay off.
//
// Context:  thread context, `lock` held and no other.
// Ordering: who takes `lock` after this released it finds the thread blocked.
void thread_block(struct spinlock *lock, uint64_t deadline, uint8_t wakes_by);

// Wake a thread if it is blocked.
//
// Context: any; the thread can't be freed meanwhile.
void thread_wake(struct thread *thread);

// Block until a time of clock_now_ns(). False if the thread is interrupted.
MUST_CHECK bool scheduler_sleep_until(uint64_t deadline);

// Restrict a thread to a set of CPUs, some of them up; false if none is.
MUST_CHECK bool scheduler_set_affinity(
    struct thread *thread, const struct cpu_mask *mask);
void scheduler_get_affinity(struct thread *thread, struct cpu_mask *mask);

// Give a thread a policy and a priority that fit each other. It goes behind its
// new equals.
void scheduler_set(struct thread *thread, const struct schedule *schedule);
struct schedule scheduler_get(struct thread *thread);

// A new thread may run where the other may, and is scheduled as it is; it is
// not ready yet.
void scheduler_inherit(struct thread *to, const struct thread *from);

// Tell every CPU that runs a thread of the process about its type ID.
void scheduler_update_type(const struct process *process);

// End the current thread for good: it is dead and never comes back.
_Noreturn void scheduler_exit(void);

// The first thing that a new thread does: release the scheduler's lock, free
// the thread that ran before if it is dead.
void scheduler_finish_switch(struct thread *previous);
