// SPDX-License-Identifier: MIT
// Shots: the interrupt of a timer that was wanted at a known instant, and who
// is to blame for its lateness. Evidence is what the interrupted place tells:
// an interrupt that had to wait is taken at the first instruction with
// interrupts on, so
//
//   a custom call    is to blame only if it returns to where the interrupt
//                    struck, or is about to have its receipt folded
//   another handler  only if the interrupt struck where that one had
//   the kernel       only if its section ended just before; those are measured
//                    by TOLL_FULL alone
//
// and not what merely ended shortly before.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "syscall/toll_shot.h"

// Around the handling of each interrupt, interrupts off: note where it struck;
// note that it is over.
void shot_handler_begins(const struct regs *regs);
void shot_handler_ends(uint32_t vector);

// In the handler of the timer: the interrupt that was wanted at shot->due has
// been taken. Fills in the rest.
void shot_take(struct toll_shot *shot);

// Sleep until the time-stamp counter is shot->due, and have the shot taken. If
// that time is over already, no shot is: `taken` is 0.
//
// Context: thread context, on a CPU that has a timer of its own.
// Returns: false if the thread is being killed.
MUST_CHECK bool shot_sleep(struct toll_shot *shot);
