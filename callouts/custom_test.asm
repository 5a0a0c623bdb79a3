; SPDX-License-Identifier: MIT
; Callouts that break the rules on purpose; see custom_test.def.
%include "callouts/callout.inc"

FRAME_WORDS             equ REGS_SIZE / 8

; Slot 60: put a2 into word a1 of the caller's frame; a1 itself, or -1 where
; there is no such word.
CALLOUT_START custom_test_poke, 0, 0
        mov     rax, [rdx + REG_RDI]
        mov     rcx, [rdx + REG_RSI]
        cmp     rax, FRAME_WORDS
        jae     .none
        mov     [rdx + rax * 8], rcx
        ret
.none:  or      rax, -1
        ret
CALLOUT_END custom_test_poke

; Slot 61: turn interrupts on.
CALLOUT_START custom_test_sti, 0, 0
        sti
        xor     eax, eax
        ret
CALLOUT_END custom_test_sti

; Slot 62: return without taking the return address off the stack.
CALLOUT_START custom_test_stack, 0, 0
        jmp     [rsp]
CALLOUT_END custom_test_stack

; Slot 63: an invalid instruction.
CALLOUT_START custom_test_fault, 0, 0
        ud2
        ret
CALLOUT_END custom_test_fault

        section .note.GNU-stack noalloc noexec nowrite progbits
