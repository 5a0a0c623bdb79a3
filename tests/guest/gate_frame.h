// SPDX-License-Identifier: MIT
// A kernel call with every register under control.
#pragma once

#include <stdint.h>

// The registers around a SYSCALL. gate_frame.S knows the offsets.
struct gate_frame {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rflags;
    uint64_t rcx, r11; // after the call only
    uint64_t rip;      // after the call only: the instruction after SYSCALL
};

// Load all registers from `in`, execute SYSCALL, store them to `out`.
void gate_frame_call(const struct gate_frame *in, struct gate_frame *out);

// Execute SYSCALL number `nr` with the stack pointer `rsp`. Returns its result.
long gate_call_on_stack(long nr, uint64_t rsp);

// Execute SYSCALL number `nr` after loading `selector` into ds, es and gs.
// Returns its result; the selectors are null afterwards.
long gate_call_with_segments(long nr, uint16_t selector);

// Execute SYSCALL number `nr` with the trap flag set.
long gate_call_single_step(long nr);

// Instructions that a program may not execute; each kills its process.
void gate_hlt(void);
void gate_cli(void);
void gate_in(void);
void gate_rdmsr(void);
void gate_mov_cr3(void);
void gate_swapgs(void);
void gate_ud2(void);
void gate_divide(void);
void gate_int3(void);
void gate_int_80(void);
void gate_noncanonical_load(void);
void gate_noncanonical_jump(void);
