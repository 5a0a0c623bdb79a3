// SPDX-License-Identifier: MIT
// Signals: numbers, actions, and what one does to a process. Linux's numbers.
// kernel/process_signal.h sends and delivers them.
#pragma once

#include "kernel/base/types.h"

#define NUM_SIGNALS 64
#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGWINCH 28

// A signal in a mask.
#define SIGNAL_BIT(signal) (1ul << ((signal)-1))

#define SIGNAL_DEFAULT 0 // handlers that are none
#define SIGNAL_IGNORE 1

// Flags of an action.
#define SA_RESTORER 0x04000000ul
#define SA_RESTART 0x10000000ul
#define SA_NODEFER 0x40000000ul
#define SA_RESETHAND 0x80000000ul

// The kernel's layout of rt_sigaction(2)'s argument.
struct signal_action {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

// "SIGSEGV"; "signal" for those without a name here.
const char *signal_name(unsigned signal);

// An exception, as the program that raised it is told.
struct fault {
    unsigned signal; // 0: none
    int32_t code;    // si_code
    uintptr_t address;
};

// What a vector means, at this instruction; `address` is a page fault's.
struct fault fault_of_trap(unsigned vector, uintptr_t rip, uintptr_t address);

// What a signal that is sent does to a process with this action.
enum signal_effect { SIGNAL_DROPPED, SIGNAL_KILLS, SIGNAL_HANDLED };
enum signal_effect signal_effect_of(
    unsigned signal, const struct signal_action *action);
