// SPDX-License-Identifier: MIT
// The dispatcher of kernel calls.
#pragma once

#include "kernel/base/regs.h"

// Carry out the call regs->rax with the arguments rdi rsi rdx r10 r8 r9, and
// put its result in regs->rax.
//
// Context: called by syscall/entry.asm on the thread's kernel stack, interrupts
//          on; regs lies at its top.
void call_dispatch(struct regs *regs);
