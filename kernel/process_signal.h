// SPDX-License-Identifier: MIT
// Signals sent and received. One that kills does so at once, unless it is
// blocked; one that has a handler waits, as a bit, for a thread that does not
// block it, which acts on it on its way to ring 3. There is no job control:
// what would stop a process is dropped.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/signal.h"

// Send a signal: to a process (tid 0), or to a thread (pid 0: of whichever
// process). 0 only looks. Returns 0, -ESRCH, -EINVAL.
//
// Context of all that send: any, no spinlock held.
long process_signal(uint32_t pid, uint32_t tid, unsigned signal);

// Send a signal to all processes of a group. Returns as above.
long process_signal_group(uint32_t group, unsigned signal);

// On the way to ring 3: act on one signal that is pending for the calling
// thread, or find that there is none any more. `regs` are its user registers.
//
// Context: thread context, interrupts on, no lock held.
void process_deliver_signal(struct regs *regs);

// A wait ended because the thread is interrupted. Returns -EINTR, and the call
// is made again unless a handler without SA_RESTART runs first.
//
// Context: in the kernel call, before its result is stored.
MUST_CHECK long process_restart_call(void);

// Have the program handle a fault of the calling thread's; false if it has no
// handler, or blocks the signal.
MUST_CHECK bool process_handles_fault(const struct fault *fault);

// Replace the calling thread's mask of blocked signals, bit 0 being signal 1.
void process_set_mask(uint64_t mask);

// Which signals are pending for the calling thread, blocked ones included.
uint64_t process_pending(void);

// sigsuspend(2): wait for a signal under another mask. Returns -EINTR; the old
// mask holds again once handlers have returned.
long process_suspend(uint64_t mask);

// Record a signal's action and give back the one before; either may be NULL.
void process_signal_action(
    unsigned signal, const struct signal_action *new,
    struct signal_action *old);
