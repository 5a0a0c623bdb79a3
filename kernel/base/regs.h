// SPDX-License-Identifier: MIT
// The register frame: one layout for the custom call, every other kernel call,
// traps and interrupts. The order is QNX's X86_64_CPU_REGISTERS.
#pragma once

#include <stdint.h>

// By index, as a callout sees it: 0 rdi ... 5 r9 are the six arguments of a
// call, 15..19 are what IRET takes.
struct regs {
    uint64_t rdi, rsi, rdx, r10, r8, r9;
    uint64_t rax, rbx, rbp, rcx, r11;
    uint64_t r12, r13, r14, r15;
    uint64_t rip, cs, rflags, rsp, ss;
};
