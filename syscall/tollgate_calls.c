// SPDX-License-Identifier: MIT
// Tollgate's own kernel calls that are not about tolls (those:
// toll_calls.c), and the two samples of docs/adding-a-kernel-call.md.
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/process.h"
#include "kernel/scheduler.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"

// A type, once given, stays: callouts decide by it who may pass.
long call_set_type(uint64_t type) {
    if (process_current()->type_id != 0) {
        return -EPERM;
    }
    if (type > UINT32_MAX) {
        return -EINVAL;
    }
    process_set_type((uint32_t)type);
    return 0;
}

long call_get_type(void) {
    return (long)process_current()->type_id;
}

long call_cpus(uint64_t to) {
    struct cpu_mask mask;
    for (size_t i = 0; i < ARRAY_SIZE(mask.bits); i++) {
        mask.bits[i] =
            atomic_load_explicit(&scheduler_cpus.bits[i], memory_order_relaxed);
    }
    if (!copy_to_user(to, &mask, sizeof(mask))) {
        return -EFAULT;
    }
    return (long)scheduler_cpu_count();
}

long call_trace(uint64_t on) {
    process_current()->trace = on != 0;
    return 0;
}

// Everybody's favorite kernel call: the size of the caller's kernel stack.
long call_foo(void) {
    return (long)THREAD_STACK_SIZE;
}

long call_pk(void) {
    kprintf("this is my first sys call!\n");
    return 0;
}
