// SPDX-License-Identifier: MIT
// One kernel call with every register chosen. The contract is in fuzz_call.h.
#include <sys/syscall.h>

// Offsets in struct fuzz_regs.
#define REGS_RAX 0
#define REGS_RDI 8
#define REGS_RSI 16
#define REGS_RDX 24
#define REGS_R10 32
#define REGS_R8 40
#define REGS_R9 48
#define REGS_RBX 56
#define REGS_RBP 64
#define REGS_R12 72
#define REGS_R13 80
#define REGS_R14 88
#define REGS_R15 96
#define REGS_RSP 104
#define REGS_RFLAGS 112
#define REGS_RCX 120
#define REGS_R11 128

        .text

// What must outlive the call is in SSE registers, since nothing else is free:
//   xmm8  the stack pointer   xmm9  out   xmm10  the call's number
        .p2align 4
        .global fuzz_call, fuzz_call_return
        .type   fuzz_call, @function
fuzz_call:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        movq    %rsp, %xmm8
        movq    %rsi, %xmm9
        movq    REGS_RAX(%rdi), %xmm10
        mov     REGS_RAX(%rdi), %rax
        mov     REGS_RSI(%rdi), %rsi
        mov     REGS_RDX(%rdi), %rdx
        mov     REGS_R10(%rdi), %r10
        mov     REGS_R8(%rdi), %r8
        mov     REGS_R9(%rdi), %r9
        mov     REGS_RBX(%rdi), %rbx
        mov     REGS_RBP(%rdi), %rbp
        mov     REGS_R12(%rdi), %r12
        mov     REGS_R13(%rdi), %r13
        mov     REGS_R14(%rdi), %r14
        mov     REGS_R15(%rdi), %r15
        push    REGS_RFLAGS(%rdi)
        mov     REGS_RSP(%rdi), %rcx
        mov     REGS_RDI(%rdi), %rdi
        popfq                           // MOV and JRCXZ leave the flags alone
        jrcxz   1f
        mov     %rcx, %rsp
1:      syscall
fuzz_call_return:
        movq    %r11, %xmm11            // as the call left it
        test    %rax, %rax
        jnz     2f
        movq    %xmm10, %r11
        cmp     $SYS_clone, %r11
        je      3f
        cmp     $SYS_vfork, %r11
        je      3f
2:
        movq    %xmm8, %rsp
        cld
        push    %rcx
        movq    %xmm9, %rcx
        mov     %rax, REGS_RAX(%rcx)
        mov     %rdi, REGS_RDI(%rcx)
        mov     %rsi, REGS_RSI(%rcx)
        mov     %rdx, REGS_RDX(%rcx)
        mov     %r10, REGS_R10(%rcx)
        mov     %r8, REGS_R8(%rcx)
        mov     %r9, REGS_R9(%rcx)
        mov     %rbx, REGS_RBX(%rcx)
        mov     %rbp, REGS_RBP(%rcx)
        mov     %r12, REGS_R12(%rcx)
        mov     %r13, REGS_R13(%rcx)
        mov     %r14, REGS_R14(%rcx)
        mov     %r15, REGS_R15(%rcx)
        movq    %xmm11, REGS_R11(%rcx)
        pop     REGS_RCX(%rcx)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
3:      mov     $SYS_exit, %eax         // a clone: it has no stack of its own
        xor     %edi, %edi
        syscall
        ud2
        .size   fuzz_call, . - fuzz_call

        .section .note.GNU-stack, "", @progbits
