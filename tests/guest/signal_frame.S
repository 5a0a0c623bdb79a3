// SPDX-License-Identifier: MIT
// signal_test's own ways into and out of the kernel.
        .section .note.GNU-stack, "", @progbits
        .text

// long signal_keeps(long pid, long signal): send a signal to the caller with
// all registers in use. Returns 0, or a bit for each that was changed.
        .globl  signal_keeps
        .type   signal_keeps, @function
signal_keeps:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     $0x1111111111111111, %rbx
        mov     $0x2222222222222222, %rbp
        mov     $0x3333333333333333, %r12
        mov     $0x4444444444444444, %r13
        mov     $0x5555555555555555, %r14
        mov     $0x6666666666666666, %r15
        mov     $0x7777777777777777, %r8
        mov     $0x0888888888888888, %r9
        mov     $0x0999999999999999, %r10
        mov     $0x0aaaaaaaaaaaaaaa, %rdx
        movq    %rbx, %xmm7
        movq    %r15, -128(%rsp)        // the red zone's end
        movq    %r14, -8(%rsp)
        mov     $62, %eax               // kill
        syscall
        mov     %rax, %rcx              // 0
        xor     %eax, %eax
        test    %rcx, %rcx
        setne   %al
.macro  SAME value, register, bit
        mov     $\value, %rcx
        cmp     %rcx, \register
        je      1f
        or      $1 << \bit, %eax
1:
.endm
        SAME    0x1111111111111111, %rbx, 1
        SAME    0x2222222222222222, %rbp, 2
        SAME    0x3333333333333333, %r12, 3
        SAME    0x4444444444444444, %r13, 4
        SAME    0x5555555555555555, %r14, 5
        SAME    0x6666666666666666, %r15, 6
        SAME    0x7777777777777777, %r8, 7
        SAME    0x0888888888888888, %r9, 8
        SAME    0x0999999999999999, %r10, 9
        SAME    0x0aaaaaaaaaaaaaaa, %rdx, 10
        movq    %xmm7, %rsi
        SAME    0x1111111111111111, %rsi, 11
        mov     -128(%rsp), %rsi
        SAME    0x6666666666666666, %rsi, 12
        mov     -8(%rsp), %rsi
        SAME    0x5555555555555555, %rsi, 13
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
        .size   signal_keeps, . - signal_keeps

// void signal_return(const struct ucontext *context): sigreturn with a context
// of the caller's. Does not come back.
        .globl  signal_return
        .type   signal_return, @function
signal_return:
        mov     %rdi, %rsp
        mov     $15, %eax               // rt_sigreturn
        syscall
        ud2
        .size   signal_return, . - signal_return

// void signal_on_stack(long pid, long signal, void *stack): send a signal to the
// caller, whose stack is elsewhere then.
        .globl  signal_on_stack
        .type   signal_on_stack, @function
signal_on_stack:
        push    %rbx
        mov     %rsp, %rbx
        mov     %rdx, %rsp
        mov     $62, %eax
        syscall
        mov     %rbx, %rsp
        pop     %rbx
        ret
        .size   signal_on_stack, . - signal_on_stack
