// SPDX-License-Identifier: MIT
// See signal.h.
#include "kernel/signal.h"

#include "kernel/base/vectors.h"

// si_code (Linux: include/uapi/asm-generic/siginfo.h).
#define SI_KERNEL 0x80
#define SEGV_MAPERR 1
#define FPE_INTDIV 1
#define ILL_ILLOPN 2
#define TRAP_TRACE 2

#define VECTOR_DIVIDE 0
#define VECTOR_BREAKPOINT 3
#define VECTOR_INVALID_OPCODE 6
#define VECTOR_SEGMENT_NOT_PRESENT 11
#define VECTOR_STACK 12
#define VECTOR_X87 16
#define VECTOR_ALIGNMENT 17
#define VECTOR_SIMD 19

static const char *const names[NUM_SIGNALS + 1] = {
    [SIGILL] = "SIGILL",   [SIGTRAP] = "SIGTRAP", [SIGABRT] = "SIGABRT",
    [SIGBUS] = "SIGBUS",   [SIGFPE] = "SIGFPE",   [SIGKILL] = "SIGKILL",
    [SIGSEGV] = "SIGSEGV",
};

const char *signal_name(unsigned signal) {
    return signal <= NUM_SIGNALS && names[signal] != NULL ? names[signal]
                                                          : "signal";
}

struct fault fault_of_trap(unsigned vector, uintptr_t rip, uintptr_t address) {
    switch (vector) {
    case VECTOR_PAGE_FAULT:
        return (struct fault){SIGSEGV, SEGV_MAPERR, address};
    case VECTOR_DIVIDE:
        return (struct fault){SIGFPE, FPE_INTDIV, rip};
    case VECTOR_X87:
    case VECTOR_SIMD:
        return (struct fault){SIGFPE, SI_KERNEL, 0};
    case VECTOR_DEBUG:
        return (struct fault){SIGTRAP, TRAP_TRACE, rip};
    case VECTOR_BREAKPOINT:
        return (struct fault){SIGTRAP, SI_KERNEL, 0};
    case VECTOR_INVALID_OPCODE:
        return (struct fault){SIGILL, ILL_ILLOPN, rip};
    case VECTOR_SEGMENT_NOT_PRESENT:
    case VECTOR_STACK:
    case VECTOR_ALIGNMENT:
        return (struct fault){SIGBUS, SI_KERNEL, 0};
    default:
        return (struct fault){SIGSEGV, SI_KERNEL, 0};
    }
}

// Signals that do nothing unless a handler wants them. There is no job control,
// so those that would stop a process are among them.
static bool is_harmless(unsigned signal) {
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG ||
           signal == SIGWINCH || (signal >= SIGSTOP && signal <= SIGTTOU);
}

enum signal_effect signal_effect_of(
    unsigned signal, const struct signal_action *action) {
    if (signal == SIGKILL) {
        return SIGNAL_KILLS;
    }
    if (action->handler == SIGNAL_IGNORE) {
        return SIGNAL_DROPPED;
    }
    if (action->handler != SIGNAL_DEFAULT) {
        return SIGNAL_HANDLED;
    }
    return is_harmless(signal) ? SIGNAL_DROPPED : SIGNAL_KILLS;
}
