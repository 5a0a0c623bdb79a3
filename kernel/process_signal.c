// SPDX-License-Identifier: MIT
// See process_signal.h.
#include "kernel/process_signal.h"

#include "kernel/base/layout.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/process_priv.h"
#include "kernel/scheduler.h"
#include "kernel/signal_frame.h"
#include "kernel/space.h"

#define SYSCALL_SIZE 2 // bytes of the instruction

// Signals of a fault, which come before all others: nothing else may run first.
#define FAULTS                                                                 \
    (SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGBUS) |           \
     SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV))

// --- sending ----------------------------------------------------------------
// The process lock is held by the callers of these.

// The thread that will act on a signal: one that does not block it, and that
// exec() does not end just now.
static struct thread *receiver_find(
    const struct process *process, unsigned signal) {
    for (struct thread *t = process->threads; t != NULL; t = t->sibling) {
        if ((t->signal_mask & SIGNAL_BIT(signal)) == 0 &&
            !thread_is_killed(t)) {
            return t;
        }
    }
    return NULL;
}

void process_pass_signals_on(struct process *process, uint64_t signals) {
    for (struct thread *t = process->threads; t != NULL && signals != 0;
         t = t->sibling) {
        if ((signals & ~t->signal_mask) != 0 && !thread_is_killed(t)) {
            signals &= t->signal_mask;
            thread_attend(t, THREAD_SIGNALED);
        }
    }
}

// `thread` is whom it is for, or NULL: any thread of the process.
static void signal_send(
    struct process *process, struct thread *thread, unsigned signal) {
    enum signal_effect effect =
        signal_effect_of(signal, &process->actions[signal]);
    struct thread *receiver = thread == NULL ? receiver_find(process, signal)
                              : (thread->signal_mask & SIGNAL_BIT(signal)) == 0
                                  ? thread
                                  : NULL;
    if (signal == SIGKILL || (effect == SIGNAL_KILLS && receiver != NULL)) {
        process_kill_locked(process, (int)signal);
        return;
    }
    if (effect == SIGNAL_DROPPED && receiver != NULL) {
        return;
    }
    if (thread != NULL) {
        thread->pending |= SIGNAL_BIT(signal);
    } else {
        process->pending |= SIGNAL_BIT(signal);
    }
    if (receiver != NULL) {
        thread_attend(receiver, THREAD_SIGNALED);
    }
}

static long signal_locked(uint32_t pid, uint32_t tid, unsigned signal) {
    struct thread *thread = tid != 0 ? process_find_thread(pid, tid) : NULL;
    struct process *process = tid == 0         ? process_find_any(pid)
                              : thread != NULL ? thread->process
                                               : NULL;
    if (process == NULL) {
        return -ESRCH;
    }
    if (signal != 0 && !process->zombie) {
        signal_send(process, thread, signal);
    }
    return 0;
}

long process_signal(uint32_t pid, uint32_t tid, unsigned signal) {
    if (signal > NUM_SIGNALS) {
        return -EINVAL;
    }
    bool irq = spin_lock(&process_lock);
    long result = signal_locked(pid, tid, signal);
    spin_unlock(&process_lock, irq);
    return result;
}

long process_signal_group(uint32_t group, unsigned signal) {
    if (signal > NUM_SIGNALS) {
        return -EINVAL;
    }
    long result = -ESRCH;
    bool irq = spin_lock(&process_lock);
    for (struct process *p = processes; p != NULL; p = p->next) {
        if (p->group == group) {
            result = 0;
            if (signal != 0 && !p->zombie) {
                signal_send(p, NULL, signal);
            }
        }
    }
    spin_unlock(&process_lock, irq);
    return result;
}

void process_child_ended(struct process *parent, unsigned signal) {
    if (signal != 0) {
        signal_send(parent, NULL, signal);
    }
}

// --- receiving --------------------------------------------------------------

// The next signal for the calling thread, and its action; 0 if there is none.
static unsigned signal_take(struct thread *self, struct signal_action *action) {
    struct process *process = self->process;
    unsigned signal = 0;
    bool irq = spin_lock(&process_lock);
    uint64_t pending = (self->pending | process->pending) & ~self->signal_mask;
    if (pending == 0) {
        __atomic_fetch_and(
            &self->attention, (uint8_t)~THREAD_SIGNALED, __ATOMIC_RELAXED);
    } else {
        uint64_t faults = self->pending & pending & FAULTS;
        signal = (unsigned)__builtin_ctzl(faults != 0 ? faults : pending) + 1;
        uint64_t *from = (self->pending & SIGNAL_BIT(signal)) != 0
                             ? &self->pending
                             : &process->pending;
        *from &= ~SIGNAL_BIT(signal);
        *action = process->actions[signal];
        if ((action->flags & SA_RESETHAND) != 0 &&
            signal_effect_of(signal, action) == SIGNAL_HANDLED) {
            process->actions[signal].handler = SIGNAL_DEFAULT;
        }
    }
    spin_unlock(&process_lock, irq);
    return signal;
}

// The call that was interrupted, if one was, is made again.
static void call_restart(struct thread *self, struct regs *regs) {
    if (self->restart != NO_RESTART && (long)regs->rax == -EINTR) {
        regs->rax = self->restart;
        regs->rip -= SYSCALL_SIZE;
    }
    self->restart = NO_RESTART;
}

// No handler runs: a wait that was interrupted goes on.
static void wait_resume(struct thread *self, struct regs *regs) {
    call_restart(self, regs);
    if (self->suspends) {
        self->suspends = false;
        process_set_mask(self->suspended_mask);
    }
}

// Returns the frame's address, or 0.
static uintptr_t frame_push(
    struct thread *self, const struct regs *regs, unsigned signal,
    const struct signal_action *action) {
    struct signal_state state = {
        .mask = self->suspends ? self->suspended_mask : self->signal_mask,
        .fault = self->fault.signal == signal ? self->fault : (struct fault){0},
    };
    self->fault.signal = 0;
    struct signal_frame frame;
    uintptr_t at = signal_frame_build(&frame, regs, signal, action, &state);
    thread_fx_keep();
    bool stored =
        at != 0 &&
        space_store(
            self->space, SIGNAL_FRAME_FX(at), self->fx, sizeof(self->fx)) &&
        space_store(self->space, at, &frame, sizeof(frame));
    return stored ? at : 0;
}

static void handler_start(
    struct thread *self, struct regs *regs, unsigned signal,
    const struct signal_action *action) {
    if ((action->flags & SA_RESTART) != 0 && !self->suspends) {
        call_restart(self, regs);
    }
    self->restart = NO_RESTART;
    uintptr_t at = frame_push(self, regs, signal, action);
    if (at == 0) {
        const struct process *process = self->process;
        kprintf(
            "tollgate: %s (pid %u): SIGSEGV: signal %u can't be handled, "
            "handler "
            "0x%lx, rsp 0x%lx\n",
            process->name, process->pid, signal, action->handler, regs->rsp);
        process_kill_self(SIGSEGV);
        return;
    }
    self->suspends = false;
    signal_frame_enter(regs, at, signal, action);
    uint64_t own = (action->flags & SA_NODEFER) != 0 ? 0 : SIGNAL_BIT(signal);
    process_set_mask(self->signal_mask | action->mask | own);
}

void process_deliver_signal(struct regs *regs) {
    struct thread *self = thread_current();
    struct signal_action action;
    unsigned signal = signal_take(self, &action);
    if (signal == 0) {
        wait_resume(self, regs);
        return;
    }
    switch (signal_effect_of(signal, &action)) {
    case SIGNAL_KILLS:
        process_kill_self(signal);
        break;
    case SIGNAL_DROPPED:
        break;
    case SIGNAL_HANDLED:
        handler_start(self, regs, signal, &action);
        break;
    }
}

long process_restart_call(void) {
    struct thread *self = thread_current();
    self->restart = thread_regs(self)->rax;
    return -EINTR;
}

bool process_handles_fault(const struct fault *fault) {
    struct thread *self = thread_current();
    bool irq = spin_lock(&process_lock);
    const struct signal_action *action = &self->process->actions[fault->signal];
    bool handles = signal_effect_of(fault->signal, action) == SIGNAL_HANDLED &&
                   (self->signal_mask & SIGNAL_BIT(fault->signal)) == 0;
    if (handles) {
        self->pending |= SIGNAL_BIT(fault->signal);
        self->fault = *fault;
        thread_attend(self, THREAD_SIGNALED);
    }
    spin_unlock(&process_lock, irq);
    return handles;
}

// --- masks ------------------------------------------------------------------

void process_set_mask(uint64_t mask) {
    struct thread *self = thread_current();
    bool irq = spin_lock(&process_lock);
    const uint64_t before = self->signal_mask;
    self->signal_mask = mask & ~(SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP));
    if ((self->pending | self->process->pending) & ~self->signal_mask) {
        thread_attend(self, THREAD_SIGNALED);
    }
    process_pass_signals_on(
        self->process, self->process->pending & self->signal_mask & ~before);
    spin_unlock(&process_lock, irq);
}

uint64_t process_pending(void) {
    const struct thread *self = thread_current();
    bool irq = spin_lock(&process_lock);
    uint64_t pending = self->pending | self->process->pending;
    spin_unlock(&process_lock, irq);
    return pending;
}

// The thread waits on a queue of its own: only a signal ends that.
long process_suspend(uint64_t mask) {
    static struct spinlock suspend_lock = SPINLOCK_INITIALIZER("suspend");
    struct thread *self = thread_current();
    struct wait_queue queue = {0};
    self->suspended_mask = self->signal_mask;
    self->suspends = true;
    process_set_mask(mask);
    bool irq = spin_lock(&suspend_lock);
    while (wait_on(&queue, &suspend_lock)) {
    }
    spin_unlock(&suspend_lock, irq);
    return process_restart_call();
}

// What is pending and ignored from now on was never sent.
static void pending_drop(struct process *process, uint64_t signals) {
    process->pending &= ~signals;
    for (struct thread *t = process->threads; t != NULL; t = t->sibling) {
        t->pending &= ~signals;
    }
}

void process_signal_action(
    unsigned signal, const struct signal_action *new,
    struct signal_action *old) {
    struct signal_action *action = &process_current()->actions[signal];
    bool irq = spin_lock(&process_lock);
    if (old != NULL) {
        *old = *action;
    }
    if (new != NULL) {
        *action = *new;
        if (signal_effect_of(signal, new) == SIGNAL_DROPPED) {
            pending_drop(process_current(), SIGNAL_BIT(signal));
        }
    }
    spin_unlock(&process_lock, irq);
}
