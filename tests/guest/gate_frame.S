// SPDX-License-Identifier: MIT
// Kernel calls and forbidden instructions that C can not express. The contracts
// are in tests/guest/gate_frame.h.

// Offsets in struct gate_frame.
#define FRAME_RAX 0
#define FRAME_RDI 8
#define FRAME_RSI 16
#define FRAME_RDX 24
#define FRAME_R10 32
#define FRAME_R8 40
#define FRAME_R9 48
#define FRAME_RBX 56
#define FRAME_RBP 64
#define FRAME_R12 72
#define FRAME_R13 80
#define FRAME_R14 88
#define FRAME_R15 96
#define FRAME_RFLAGS 104
#define FRAME_RCX 112
#define FRAME_R11 120
#define FRAME_RIP 128

#define RFLAGS_TF 0x100
#define NONCANONICAL 0x8000000000000000

        .macro  FUNC name
        .p2align 4
        .global \name
        .type   \name, @function
\name:
        .endm

        .macro  ENDFUNC name
        .size   \name, . - \name
        .endm

        // A function of one instruction.
        .macro  FORBIDDEN name, insn:vararg
FUNC \name
        \insn
        ret
ENDFUNC \name
        .endm

        .text

// Stack during the call, from the top: r11 as the call left it is pushed
// afterwards; out; the six registers that C wants kept.
FUNC gate_frame_call
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %rsi
        mov     FRAME_RAX(%rdi), %rax
        mov     FRAME_RSI(%rdi), %rsi
        mov     FRAME_RDX(%rdi), %rdx
        mov     FRAME_R10(%rdi), %r10
        mov     FRAME_R8(%rdi), %r8
        mov     FRAME_R9(%rdi), %r9
        mov     FRAME_RBX(%rdi), %rbx
        mov     FRAME_RBP(%rdi), %rbp
        mov     FRAME_R12(%rdi), %r12
        mov     FRAME_R13(%rdi), %r13
        mov     FRAME_R14(%rdi), %r14
        mov     FRAME_R15(%rdi), %r15
        push    FRAME_RFLAGS(%rdi)
        mov     FRAME_RDI(%rdi), %rdi
        popfq
        syscall
1:      pushfq
        cld
        push    %rcx
        mov     16(%rsp), %rcx          // out
        mov     %rax, FRAME_RAX(%rcx)
        mov     %rdi, FRAME_RDI(%rcx)
        mov     %rsi, FRAME_RSI(%rcx)
        mov     %rdx, FRAME_RDX(%rcx)
        mov     %r10, FRAME_R10(%rcx)
        mov     %r8, FRAME_R8(%rcx)
        mov     %r9, FRAME_R9(%rcx)
        mov     %rbx, FRAME_RBX(%rcx)
        mov     %rbp, FRAME_RBP(%rcx)
        mov     %r12, FRAME_R12(%rcx)
        mov     %r13, FRAME_R13(%rcx)
        mov     %r14, FRAME_R14(%rcx)
        mov     %r15, FRAME_R15(%rcx)
        mov     %r11, FRAME_R11(%rcx)
        popq    FRAME_RCX(%rcx)
        popq    FRAME_RFLAGS(%rcx)
        lea     1b(%rip), %rax
        mov     %rax, FRAME_RIP(%rcx)
        pop     %rsi
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
ENDFUNC gate_frame_call

FUNC gate_call_on_stack
        push    %rbx
        mov     %rsp, %rbx
        mov     %rdi, %rax
        mov     %rsi, %rsp
        syscall
        mov     %rbx, %rsp
        pop     %rbx
        ret
ENDFUNC gate_call_on_stack

FUNC gate_call_with_segments
        mov     %rdi, %rax
        mov     %esi, %ds
        mov     %esi, %es
        mov     %esi, %gs
        syscall
        xor     %esi, %esi
        mov     %esi, %ds
        mov     %esi, %es
        mov     %esi, %gs
        ret
ENDFUNC gate_call_with_segments

FUNC gate_call_single_step
        mov     %rdi, %rax
        pushfq
        orq     $RFLAGS_TF, (%rsp)
        popfq
        syscall
        pushfq
        andq    $~RFLAGS_TF, (%rsp)
        popfq
        ret
ENDFUNC gate_call_single_step

FORBIDDEN gate_hlt, hlt
FORBIDDEN gate_cli, cli
FORBIDDEN gate_in, inb $0x80, %al
FORBIDDEN gate_rdmsr, rdmsr
FORBIDDEN gate_mov_cr3, mov %cr3, %rax
FORBIDDEN gate_swapgs, swapgs
FORBIDDEN gate_ud2, ud2
FORBIDDEN gate_int3, int3
FORBIDDEN gate_int_80, int $0x80

FUNC gate_divide
        xor     %ecx, %ecx
        div     %ecx
        ret
ENDFUNC gate_divide

FUNC gate_noncanonical_load
        movabs  $NONCANONICAL, %rax
        mov     (%rax), %rax
        ret
ENDFUNC gate_noncanonical_load

FUNC gate_noncanonical_jump
        movabs  $NONCANONICAL, %rax
        jmp     *%rax
ENDFUNC gate_noncanonical_jump

        .section .note.GNU-stack, "", @progbits
