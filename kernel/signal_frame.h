// SPDX-License-Identifier: MIT
// What a signal's handler finds on its stack, and what is taken from there when
// it returns: Linux's rt_sigframe for x86-64. Programs can change all of it and
// call sigreturn with frames of their own, so only what ring 3 may set by
// itself is taken from one. Pure C: tests/host/signal_frame_test.c.
//
//   at - 8 + ...    top of the interrupted stack, less its red zone
//   SIGNAL_FRAME_FX the SSE and x87 registers, FXSAVE's area, 64-byte aligned
//   at              the frame: the return address, which is the restorer,
//                   ucontext, siginfo; 8 below a multiple of 16, as a function
//                   expects its stack
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/signal.h"

// struct ucontext, with struct sigcontext in line.
struct signal_context {
    uint64_t flags;
    uint64_t link;
    uint64_t stack[3]; // of sigaltstack(2), which is not there
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    uint16_t cs, gs, fs, ss; // not taken from a frame
    uint64_t error, trap, old_mask, cr2;
    uint64_t fx; // address of the registers that FXSAVE has, or 0
    uint64_t reserved[8];
    uint64_t mask;
};

// struct siginfo, as far as it is filled in.
struct signal_info {
    int32_t signal;
    int32_t error;
    int32_t code; // SI_USER; SI_FAULT
    int32_t padding;
    uint64_t address; // of a fault
    uint64_t rest[13];
};

struct signal_frame {
    uint64_t restorer;
    struct signal_context context;
    struct signal_info info;
};

#define SI_USER 0

#define SIGNAL_FX_SIZE 512
#define SIGNAL_FRAME_FX(at)                                                    \
    ALIGN_UP((at) + sizeof(struct signal_frame), (uintptr_t)64)

// What else goes into a frame.
struct signal_state {
    uint64_t mask;      // that sigreturn restores
    struct fault fault; // signal 0: it was sent, by kill(2) or the like
};

// Fill in the frame of a signal for a handler. Returns its address, to which it
// is to be stored, with the FXSAVE area at SIGNAL_FRAME_FX(); 0 if the handler,
// the restorer or the stack can't be.
uintptr_t signal_frame_build(
    struct signal_frame *frame, const struct regs *regs, unsigned signal,
    const struct signal_action *action, const struct signal_state *state);

// Change the registers to those with which the handler starts.
void signal_frame_enter(
    struct regs *regs, uintptr_t at, unsigned signal,
    const struct signal_action *action);

// Take a program's context for its registers. False if it would go on where no
// program can be: the registers are as they were.
MUST_CHECK bool signal_frame_restore(
    struct regs *regs, const struct signal_context *context);

// Make an FXSAVE area one that FXRSTOR takes without a fault. `own` is one that
// this CPU has written: it says which bits of MXCSR there are.
void signal_frame_clean_fx(
    uint8_t fx[SIGNAL_FX_SIZE], const uint8_t own[SIGNAL_FX_SIZE]);
