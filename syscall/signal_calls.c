// SPDX-License-Identifier: MIT
// Kernel calls about signals: kill(2), sigaction(2), sigprocmask(2) and what
// returns from a handler.
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/process.h"
#include "kernel/process_signal.h"
#include "kernel/signal_frame.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"

#define SIGSET_SIZE 8

// --- sending ----------------------------------------------------------------

// To a process, its own group (0), or another group (-group).
long call_kill(uint64_t pid, uint64_t signal) {
    int32_t target = (int32_t)pid;
    if (signal > NUM_SIGNALS) {
        return -EINVAL;
    }
    if (target > 0) {
        return process_signal((uint32_t)target, 0, (unsigned)signal);
    }
    if (target == -1 || target == INT32_MIN) {
        return -ESRCH; // everybody is nobody in particular
    }
    uint32_t group =
        target == 0 ? (uint32_t)process_group(0) : -(uint32_t)target;
    return process_signal_group(group, (unsigned)signal);
}

static long thread_signal(uint32_t pid, uint64_t tid, uint64_t signal) {
    if ((int32_t)tid <= 0 || signal > NUM_SIGNALS) {
        return -EINVAL;
    }
    return process_signal(pid, (uint32_t)tid, (unsigned)signal);
}

long call_tkill(uint64_t tid, uint64_t signal) {
    return thread_signal(0, tid, signal);
}

long call_tgkill(uint64_t pid, uint64_t tid, uint64_t signal) {
    return (int32_t)pid > 0 ? thread_signal((uint32_t)pid, tid, signal)
                            : -EINVAL;
}

// --- actions and masks ------------------------------------------------------

long call_rt_sigaction(
    uint64_t signal, uint64_t new_from, uint64_t old_to, uint64_t size) {
    struct signal_action new, old;
    if (signal == 0 || signal > NUM_SIGNALS || size != SIGSET_SIZE ||
        (new_from != 0 && (signal == SIGKILL || signal == SIGSTOP))) {
        return -EINVAL;
    }
    if (new_from != 0 && !copy_from_user(&new, new_from, sizeof(new))) {
        return -EFAULT;
    }
    process_signal_action((unsigned)signal, new_from != 0 ? &new : NULL, &old);
    return old_to == 0 || copy_to_user(old_to, &old, sizeof(old)) ? 0 : -EFAULT;
}

static long mask_change(uint64_t *mask, uint64_t how, uint64_t set) {
    enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
    switch (how) {
    case SIG_BLOCK:
        *mask |= set;
        return 0;
    case SIG_UNBLOCK:
        *mask &= ~set;
        return 0;
    case SIG_SETMASK:
        *mask = set;
        return 0;
    default:
        return -EINVAL;
    }
}

long call_rt_sigprocmask(
    uint64_t how, uint64_t new_from, uint64_t old_to, uint64_t size) {
    const uint64_t old = thread_current()->signal_mask;
    uint64_t mask = old;
    uint64_t set;
    if (size != SIGSET_SIZE) {
        return -EINVAL;
    }
    if (new_from != 0) {
        if (!copy_from_user(&set, new_from, sizeof(set))) {
            return -EFAULT;
        }
        long result = mask_change(&mask, how, set);
        if (result != 0) {
            return result;
        }
        process_set_mask(mask);
    }
    return old_to == 0 || copy_to_user(old_to, &old, sizeof(old)) ? 0 : -EFAULT;
}

long call_rt_sigpending(uint64_t to, uint64_t size) {
    if (size > SIGSET_SIZE) {
        return -EINVAL;
    }
    const uint64_t pending = process_pending() & thread_current()->signal_mask;
    return copy_to_user(to, &pending, size) ? 0 : -EFAULT;
}

long call_rt_sigsuspend(uint64_t from, uint64_t size) {
    uint64_t mask;
    if (size != SIGSET_SIZE) {
        return -EINVAL;
    }
    return copy_from_user(&mask, from, sizeof(mask)) ? process_suspend(mask)
                                                     : -EFAULT;
}

long call_pause(void) {
    return process_suspend(thread_current()->signal_mask);
}

// --- the return from a handler ----------------------------------------------

// Nobody knows where the program would be: it is killed, as Linux does.
static long frame_refuse(void) {
    const struct process *process = process_current();
    kprintf(
        "tollgate: %s (pid %u): SIGSEGV: sigreturn with a bad frame, rsp "
        "0x%lx\n",
        process->name, process->pid, thread_regs(thread_current())->rsp);
    process_kill_self(SIGSEGV);
    return -EFAULT;
}

// The restorer has popped the return address, so the frame is 8 below. What
// call_dispatch() stores as the result is what rax was.
long call_rt_sigreturn(void) {
    struct regs *regs = thread_regs(thread_current());
    struct signal_context context;
    uint8_t fx[FX_SIZE];
    uintptr_t at =
        regs->rsp - sizeof(uint64_t) + offsetof(struct signal_frame, context);
    if (!copy_from_user(&context, at, sizeof(context)) ||
        (context.fx != 0 && !copy_from_user(fx, context.fx, sizeof(fx))) ||
        !signal_frame_restore(regs, &context)) {
        return frame_refuse();
    }
    if (context.fx != 0) {
        thread_fx_set(fx);
    }
    process_set_mask(context.mask);
    return (long)regs->rax;
}
