// SPDX-License-Identifier: MIT
// A kernel call with every register chosen by the caller, the stack pointer
// too.
#pragma once

#include <stdint.h>

// The registers around a SYSCALL. fuzz_call.S knows the offsets.
struct fuzz_regs {
    uint64_t rax, rdi, rsi, rdx, r10, r8, r9;
    uint64_t rbx, rbp, r12, r13, r14, r15;
    uint64_t rsp; // 0: keep the stack
    uint64_t rflags;
    uint64_t rcx, r11; // after the call only
};

// Load all registers from `in`, execute SYSCALL, store them to `out`. What
// comes back as the child of a clone ends at once.
void fuzz_call(const struct fuzz_regs *in, struct fuzz_regs *out);

// The instruction behind the SYSCALL.
extern const char fuzz_call_return[];
