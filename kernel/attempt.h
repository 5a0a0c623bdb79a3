// SPDX-License-Identifier: MIT
// Call code that may fault, and live on.
#pragma once

#include "kernel/base/types.h"

struct regs;

// A call that is under way, and how it ended.
struct attempt {
    uintptr_t start; // of the code: only exceptions in it end the attempt
    uintptr_t end;
    uint32_t vector; // that ended it
    uintptr_t rip;
    uint64_t rsp; // where attempt_call() left off
};

// Call the function at attempt->start with these arguments. Returns false if it
// faulted: attempt->vector and rip say how. What it changed stays changed.
//
// Context: thread context; not within another attempt of this thread.
bool attempt_run(struct attempt *attempt, const uint64_t arguments[6])
    MUST_CHECK;

// On an exception in ring 0: end the attempt that it happened in. Returns false
// if there is none.
bool attempt_end(struct regs *regs, uint32_t vector);
