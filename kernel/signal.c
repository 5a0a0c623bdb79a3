// SPDX-License-Identifier: MIT
// See signal.h.
#include "kernel/signal.h"

#include "kernel/base/vectors.h"

#define VECTOR_DIVIDE 0
#define VECTOR_DEBUG 1
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

unsigned signal_of_trap(unsigned vector) {
    switch (vector) {
    case VECTOR_DIVIDE:
    case VECTOR_X87:
    case VECTOR_SIMD:
        return SIGFPE;
    case VECTOR_DEBUG:
    case VECTOR_BREAKPOINT:
        return SIGTRAP;
    case VECTOR_INVALID_OPCODE:
        return SIGILL;
    case VECTOR_SEGMENT_NOT_PRESENT:
    case VECTOR_STACK:
    case VECTOR_ALIGNMENT:
        return SIGBUS;
    default:
        return SIGSEGV;
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
