// SPDX-License-Identifier: MIT
// Kernel calls about threads: clone(2), futex(2), affinity, thread-local
// storage.
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/futex.h"
#include "kernel/process.h"
#include "kernel/process_signal.h"
#include "kernel/scheduler.h"
#include "kernel/wait_queue.h"
#include "syscall/calls.h"
#include "syscall/time.h"
#include "syscall/user_memory.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_REQUEUE 3
#define FUTEX_CMP_REQUEUE 4
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10
#define FUTEX_PRIVATE_FLAG 128
#define FUTEX_CLOCK_REALTIME 256
#define FUTEX_FLAGS (FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

// --- life -------------------------------------------------------------------

long call_clone(
    uint64_t flags, uint64_t stack, uint64_t parent_tid, uint64_t child_tid,
    uint64_t tls) {
    struct clone_request request = {flags, stack, parent_tid, child_tid, tls};
    return process_clone(&request);
}

long call_vfork(void) {
    struct clone_request request = {.flags = CLONE_VM | CLONE_VFORK | SIGCHLD};
    return process_clone(&request);
}

long call_fork(void) {
    struct clone_request request = {.flags = SIGCHLD};
    return process_clone(&request);
}

long call_exit(uint64_t status) {
    process_exit_thread((int)status);
}

long call_gettid(void) {
    return (long)thread_current()->tid;
}

long call_set_tid_address(uint64_t address) {
    thread_current()->clear_child_tid = address;
    return (long)thread_current()->tid;
}

long call_sched_yield(void) {
    scheduler_yield();
    return 0;
}

long call_arch_prctl(uint64_t code, uint64_t argument) {
    switch (code) {
    case ARCH_SET_FS:
        if (argument >= USER_END) {
            return -EPERM;
        }
        thread_set_fs_base(argument);
        return 0;
    case ARCH_GET_FS:
        return copy_to_user(
                   argument, &thread_current()->fs_base, sizeof(uint64_t))
                   ? 0
                   : -EFAULT;
    default:
        return -EINVAL;
    }
}

// --- futex ------------------------------------------------------------------

// WAIT's time is a span, WAIT_BITSET's is a date.
static long futex_deadline(
    uint64_t operation, uint64_t timeout, uint64_t *deadline) {
    *deadline = WAIT_FOREVER;
    if (timeout == 0) {
        return 0;
    }
    uint64_t ns;
    long result = time_from_user(timeout, &ns);
    if (result != 0) {
        return result;
    }
    if ((operation & ~(uint64_t)FUTEX_FLAGS) == FUTEX_WAIT) {
        *deadline = time_after(clock_now_ns(), ns);
    } else if (operation & FUTEX_CLOCK_REALTIME) {
        *deadline = time_from_real(ns);
    } else {
        *deadline = ns;
    }
    return 0;
}

// Reading the word brings its page in, which futex_wait() relies on.
static long wait_on_word(
    uint64_t address, uint64_t operation, uint32_t expected, uint32_t bits,
    uint64_t timeout) {
    uint64_t deadline;
    uint32_t value;
    if (bits == 0) {
        return -EINVAL;
    }
    long result = futex_deadline(operation, timeout, &deadline);
    if (result != 0) {
        return result;
    }
    if (!copy_from_user(&value, address, sizeof(value))) {
        return -EFAULT;
    }
    result =
        futex_wait(process_current()->space, address, expected, bits, deadline);
    // What would be waited for anew would take longer.
    return result == -EINTR && timeout == 0 ? process_restart_call() : result;
}

// How many to wake, from an int of which negative ones mean none... but one.
static uint32_t count_of(uint64_t count) {
    return (int32_t)count < 0 ? 0 : (uint32_t)count;
}

long call_futex(
    uint64_t address, uint64_t operation, uint64_t value, uint64_t timeout,
    uint64_t address2, uint64_t value3) {
    struct space *space = process_current()->space;
    const uint32_t expected = (uint32_t)value3;
    uint32_t discarded;
    if (address % sizeof(uint32_t) != 0) {
        return -EINVAL;
    }
    switch (operation & ~(uint64_t)FUTEX_FLAGS) {
    case FUTEX_WAIT:
        return wait_on_word(
            address, operation, (uint32_t)value, FUTEX_ALL_BITS, timeout);
    case FUTEX_WAIT_BITSET:
        return wait_on_word(
            address, operation, (uint32_t)value, expected, timeout);
    case FUTEX_WAKE:
        return futex_wake(space, address, count_of(value), FUTEX_ALL_BITS);
    case FUTEX_WAKE_BITSET:
        return futex_wake(space, address, count_of(value), expected);
    case FUTEX_REQUEUE:
        return futex_requeue(
            space, address, count_of(value), count_of(timeout), address2, NULL);
    case FUTEX_CMP_REQUEUE:
        if (!copy_from_user(&discarded, address, sizeof(discarded))) {
            return -EFAULT;
        }
        return futex_requeue(
            space, address, count_of(value), count_of(timeout), address2,
            &expected);
    default:
        return -ENOSYS;
    }
}

// --- affinity ---------------------------------------------------------------

static long affinity_set(struct thread *thread, void *argument) {
    return scheduler_set_affinity(thread, argument) ? 0 : -EINVAL;
}

static long affinity_get(struct thread *thread, void *argument) {
    scheduler_get_affinity(thread, argument);
    return 0;
}

// A shorter mask leaves the other CPUs out; a longer one has none to name.
long call_sched_setaffinity(uint64_t tid, uint64_t size, uint64_t from) {
    struct cpu_mask mask = {0};
    size_t part = size < sizeof(mask) ? size : sizeof(mask);
    if (!copy_from_user(&mask, from, part)) {
        return -EFAULT;
    }
    return process_with_thread((uint32_t)tid, affinity_set, &mask);
}

// Returns the bytes written, as Linux does; the C library clears the rest.
long call_sched_getaffinity(uint64_t tid, uint64_t size, uint64_t to) {
    struct cpu_mask mask;
    size_t part = size < sizeof(mask) ? size : sizeof(mask);
    if (size % sizeof(uint64_t) != 0 || size == 0) {
        return -EINVAL;
    }
    long result = process_with_thread((uint32_t)tid, affinity_get, &mask);
    if (result != 0) {
        return result;
    }
    for (size_t i = part / sizeof(uint64_t); i < ARRAY_SIZE(mask.bits); i++) {
        if (mask.bits[i] != 0) {
            return -EINVAL;
        }
    }
    return copy_to_user(to, &mask, part) ? (long)part : -EFAULT;
}

// Nothing moves a thread between this answer and the copy.
long call_getcpu(uint64_t cpu, uint64_t node, uint64_t unused) {
    (void)unused;
    const uint32_t id = this_cpu()->cpu_id;
    const uint32_t zero = 0;
    if ((cpu != 0 && !copy_to_user(cpu, &id, sizeof(id))) ||
        (node != 0 && !copy_to_user(node, &zero, sizeof(zero)))) {
        return -EFAULT;
    }
    return 0;
}
