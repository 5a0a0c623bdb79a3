; SPDX-License-Identifier: MIT
; The instruction that touches user memory for the kernel, and the only window
; in which SMAP lets it.
%include "kernel/base/func.inc"
%include "kernel/extable.inc"
        default rel
        extern  trap_has_smap

        section .text

; user_copy - copy between kernel and user memory
;
; Entry   rdi = to, rsi = from, rdx = bytes; the range is below USER_END,
;         interrupts on, direction flag clear
; Exit    rax = bytes that were not copied: 0, or from the first bad page on
; Clobber rcx rsi rdi
FUNC user_copy
        mov     rcx, rdx
        cmp     byte [trap_has_smap], 0
        je      .copy
        stac
.copy:  rep movsb
.done:  cmp     byte [trap_has_smap], 0
        je      .out
        clac
.out:   mov     rax, rcx
        ret
ENDFUNC user_copy
        EXTABLE user_copy.copy, user_copy.done

        section .note.GNU-stack noalloc noexec nowrite progbits
