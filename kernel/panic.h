// SPDX-License-Identifier: MIT
// The end: our own fault. Names CPU, place and reason, prints a backtrace with
// symbols, stops the other CPUs, tells tools/boot, ends the machine.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"

#define panic(...) panic_at(__FILE__, __LINE__, __VA_ARGS__)
#define ASSERT(condition)                                                      \
    do {                                                                       \
        if (!(condition)) {                                                    \
            panic("assertion failed: " #condition);                            \
        }                                                                      \
    } while (0)

_Noreturn void panic_at(const char *file, int line, const char *format, ...)
    PRINTF_LIKE(3, 4);

// A panic in a trap: prints the frame's registers and its backtrace.
_Noreturn void panic_with_regs(const struct regs *regs, const char *format, ...)
    PRINTF_LIKE(2, 3);
