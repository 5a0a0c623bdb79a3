// SPDX-License-Identifier: MIT
// Kernel calls about how threads are scheduled: Linux's sched_setscheduler(2)
// and its family. Who is not of type 0 may only give a preemptive policy up, or
// lower its priority, and only for threads of its own process.
#include "kernel/errno.h"
#include "kernel/process.h"
#include "kernel/schedule.h"
#include "kernel/scheduler.h"
#include "kernel/timer.h"
#include "syscall/calls.h"
#include "syscall/time.h"
#include "syscall/user_memory.h"

#define SCHED_RESET_ON_FORK 0x40000000u
#define KEEP_POLICY UINT32_MAX // sched_setparam(2)

// --- what is asked for ------------------------------------------------------

static bool is_policy(uint64_t policy) {
    return policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR;
}

static int32_t priority_max(uint32_t policy) {
    return policy == SCHED_OTHER ? PRIORITY_ORDINARY : PRIORITY_MAX;
}

static int32_t priority_min(uint32_t policy) {
    return policy == SCHED_OTHER ? PRIORITY_ORDINARY : PRIORITY_MIN;
}

static bool fits(const struct schedule *schedule) {
    return is_policy(schedule->policy) &&
           schedule->priority >= priority_min(schedule->policy) &&
           schedule->priority <= priority_max(schedule->policy);
}

static bool may_change(
    const struct thread *thread, const struct schedule *before,
    const struct schedule *after) {
    if (process_current()->type_id == 0) {
        return true;
    }
    bool gives_up =
        after->policy == SCHED_OTHER || (after->policy == before->policy &&
                                         after->priority <= before->priority);
    bool forgets = before->reset_on_fork && !after->reset_on_fork;
    return thread->process == process_current() && gives_up && !forgets;
}

static long schedule_set(struct thread *thread, void *argument) {
    struct schedule wanted = *(const struct schedule *)argument;
    struct schedule before = scheduler_get(thread);
    if (wanted.policy == KEEP_POLICY) {
        wanted.policy = before.policy;
        wanted.reset_on_fork = before.reset_on_fork;
    }
    if (!fits(&wanted)) {
        return -EINVAL;
    }
    if (!may_change(thread, &before, &wanted)) {
        return -EPERM;
    }
    scheduler_set(thread, &wanted);
    return 0;
}

static long schedule_get(struct thread *thread, void *argument) {
    *(struct schedule *)argument = scheduler_get(thread);
    return 0;
}

static long schedule_read(uint64_t tid, struct schedule *schedule) {
    if ((int32_t)tid < 0) {
        return -EINVAL;
    }
    return process_with_thread((uint32_t)tid, schedule_get, schedule);
}

// `from` is a struct sched_param, which is an int.
static long schedule_write(
    uint64_t tid, uint32_t policy, bool reset_on_fork, uint64_t from) {
    struct schedule wanted = {.policy = policy, .reset_on_fork = reset_on_fork};
    if (from == 0 || (int32_t)tid < 0) {
        return -EINVAL;
    }
    if (!copy_from_user(&wanted.priority, from, sizeof(wanted.priority))) {
        return -EFAULT;
    }
    return process_with_thread((uint32_t)tid, schedule_set, &wanted);
}

// --- the calls --------------------------------------------------------------

long call_sched_setscheduler(uint64_t tid, uint64_t policy, uint64_t from) {
    bool reset_on_fork = (policy & SCHED_RESET_ON_FORK) != 0;
    uint32_t plain = (uint32_t)policy & ~SCHED_RESET_ON_FORK;
    return is_policy(plain) ? schedule_write(tid, plain, reset_on_fork, from)
                            : -EINVAL;
}

long call_sched_setparam(uint64_t tid, uint64_t from) {
    return schedule_write(tid, KEEP_POLICY, false, from);
}

long call_sched_getscheduler(uint64_t tid) {
    struct schedule schedule;
    long result = schedule_read(tid, &schedule);
    if (result != 0) {
        return result;
    }
    return schedule.reset_on_fork
               ? (long)(schedule.policy | SCHED_RESET_ON_FORK)
               : (long)schedule.policy;
}

long call_sched_getparam(uint64_t tid, uint64_t to) {
    struct schedule schedule;
    if (to == 0) {
        return -EINVAL;
    }
    long result = schedule_read(tid, &schedule);
    if (result != 0) {
        return result;
    }
    return copy_to_user(to, &schedule.priority, sizeof(schedule.priority))
               ? 0
               : -EFAULT;
}

long call_sched_get_priority_max(uint64_t policy) {
    return is_policy(policy) ? priority_max((uint32_t)policy) : -EINVAL;
}

long call_sched_get_priority_min(uint64_t policy) {
    return is_policy(policy) ? priority_min((uint32_t)policy) : -EINVAL;
}

// The slice; 0 for SCHED_FIFO, which has none.
long call_sched_rr_get_interval(uint64_t tid, uint64_t to) {
    struct schedule schedule;
    long result = schedule_read(tid, &schedule);
    if (result != 0) {
        return result;
    }
    switch (schedule.policy) {
    case SCHED_FIFO:
        return time_to_user(to, 0);
    case SCHED_RR:
        return time_to_user(to, SCHED_RR_TICKS * TICK_NS);
    default:
        return time_to_user(to, TICK_NS);
    }
}
