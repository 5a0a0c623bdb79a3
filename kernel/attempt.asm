; SPDX-License-Identifier: MIT
; The call of kernel/attempt.c, and the way out of one that faulted.
%include "kernel/base/func.inc"
        default rel

        section .text

; attempt_call - call a function that may fault
;
; Entry   rdi = function, rsi = its six arguments, rdx = where rsp is kept
; Exit    al = 1; 0 by way of attempt_ended, with rsp as kept
FUNC attempt_call
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        sub     rsp, 8                  ; aligned to 16 at the call
        mov     [rdx], rsp
        mov     rax, rdi
        mov     r10, rsi
        mov     rdi, [r10]
        mov     rsi, [r10 + 8]
        mov     rdx, [r10 + 16]
        mov     rcx, [r10 + 24]
        mov     r8, [r10 + 32]
        mov     r9, [r10 + 40]
        call    rax
        mov     eax, 1
attempt_out:
        cld
        add     rsp, 8
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
        global  attempt_ended
attempt_ended:
        xor     eax, eax
        jmp     attempt_out
ENDFUNC attempt_call

        section .note.GNU-stack noalloc noexec nowrite progbits
