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

// price_call - ticks from before `call stub` to after it, and the frame around
        MEASURE price_call, call *%rbx

// price_nothing - ticks of the frame alone, to be subtracted
        MEASURE price_nothing

// price_stub - the custom call of price_number, in as many instructions as a
// stub takes that has the number in itself
        .p2align 4
        .global price_stub
        .type   price_stub, @function
price_stub:
        movq    price_number(%rip), %rax
        syscall
        ret
        .size   price_stub, . - price_stub

        .bss
        .global price_number
        .p2align 3
        .type   price_number, @object
price_number:
        .skip   8
        .size   price_number, 8

        .section .note.GNU-stack, "", @progbits
