// SPDX-License-Identifier: MIT
// What a call costs in instructions: the time-stamp counter before and after.
// Under QEMU's -icount shift=0 it advances by one for each instruction.

#define TSC_HIGH_SHIFT 32

        // rax = the time-stamp counter; rdx is lost
        .macro  READ_TSC
        rdtsc
        shl     $TSC_HIGH_SHIFT, %rdx
        or      %rdx, %rax
        .endm

        // uint64_t NAME(unsigned long (*stub)(unsigned long, unsigned long),
        //               unsigned long a, unsigned long b, uint64_t *result)
        .macro  MEASURE name, call_insn:vararg
        .p2align 4
        .global \name
        .type   \name, @function
\name:
        push    %rbx
        push    %r12
        push    %r13
        mov     %rdi, %rbx
        mov     %rcx, %r13
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        READ_TSC
        mov     %rax, %r12
        \call_insn
        mov     %rax, (%r13)
        READ_TSC
        sub     %r12, %rax
        pop     %r13
        pop     %r12
        pop     %rbx
        ret
        .size   \name, . - \name
        .endm

        .text

// instructions_of_call - ticks from before `call stub` to after it, with the
// frame around
        MEASURE instructions_of_call, call *%rbx

// instructions_of_nothing - ticks of the frame alone, to be subtracted
        MEASURE instructions_of_nothing

        .section .note.GNU-stack, "", @progbits
