// SPDX-License-Identifier: MIT
// See attempt.h. Where to go on is kept with the thread: it may be interrupted
// meanwhile, and run on another CPU later.
#include "kernel/attempt.h"

#include "kernel/base/layout.h"
#include "kernel/base/regs.h"
#include "kernel/thread.h"

// In attempt.asm. Returns true, or false by way of attempt_ended.
bool attempt_call(
    uintptr_t function, const uint64_t arguments[6], uint64_t *rsp);
void attempt_ended(void);

bool attempt_run(struct attempt *attempt, const uint64_t arguments[6]) {
    struct thread *self = thread_current();
    self->attempt = attempt;
    bool done = attempt_call(attempt->start, arguments, &attempt->rsp);
    self->attempt = NULL;
    return done;
}

bool attempt_end(struct regs *regs, uint32_t vector) {
    struct thread *self = thread_current();
    struct attempt *attempt = self != NULL ? self->attempt : NULL;
    if (attempt == NULL || regs->rip < attempt->start ||
        regs->rip >= attempt->end) {
        return false;
    }
    attempt->vector = vector;
    attempt->rip = regs->rip;
    regs->rip = (uintptr_t)attempt_ended;
    regs->rsp = attempt->rsp;
    regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
    return true;
}
