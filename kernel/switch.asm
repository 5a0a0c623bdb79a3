; SPDX-License-Identifier: MIT
; From one kernel stack to another. Only what the C calling convention keeps is
; saved: a switch is a function call that returns on another stack.
%include "offsets.inc"
%include "kernel/base/func.inc"
        default rel
        extern  thread_begin

        section .text

; thread_switch - see kernel/thread.h
;
; Entry   rdi = thread to leave, rsi = thread to go on with; interrupts off,
;         the scheduler's lock held
; Exit    rax = the thread that was left, on the stack of the other
; Clobber what C functions may
; Stack   the six registers below the return address; thread_create() builds
;         the same picture with thread_start as the return address
FUNC thread_switch
        push    rbp
        push    rbx
        push    r12
        push    r13
        push    r14
        push    r15
        mov     [rdi + THREAD_RSP], rsp
        mov     rsp, [rsi + THREAD_RSP]
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbx
        pop     rbp
        mov     rax, rdi
        ret
ENDFUNC thread_switch

; thread_start - a new thread's first instruction
;
; Entry   rax = the thread that ran before, rsp = the new thread's registers,
;         16-byte aligned; interrupts off, the scheduler's lock held
; Exit    never
FUNC thread_start
        mov     rdi, rax
        mov     rsi, rsp
        xor     ebp, ebp                ; backtraces end here
        call    thread_begin
        ud2
ENDFUNC thread_start

        section .note.GNU-stack noalloc noexec nowrite progbits
