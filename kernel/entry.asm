; SPDX-License-Identifier: MIT
; Where startup hands over to the kernel.
%include "offsets.inc"
%include "kernel/base/func.inc"
        default rel
        extern  kernel_main

        section .text

; kernel_start - the kernel's first instruction, on startup's stack
;
; Entry   rdi = the system page, long mode, boot page tables, interrupts off
; Exit    never
FUNC kernel_start
        xor     ebp, ebp                ; backtraces end here
        call    kernel_main
        ud2
ENDFUNC kernel_start

; stack_switch - go on in a function on another stack, never to return
;
; Entry   rdi = top of the new stack, rsi = function, rdx = its argument
; Exit    never
FUNC stack_switch
        mov     rsp, rdi
        xor     ebp, ebp
        mov     rdi, rdx
        call    rsi
        ud2
ENDFUNC stack_switch

        section .note.GNU-stack noalloc noexec nowrite progbits
