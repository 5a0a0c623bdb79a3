; SPDX-License-Identifier: MIT
; Slot 1: a1 + 2 a2 + 3 a3 + 4 a4 + 5 a5 + 6 a6, so that the order of the
; arguments can be seen.
%include "callouts/callout.inc"

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_args6, 0, 0
        mov     rax, [rdx + REG_RDI]
        mov     rcx, [rdx + REG_RSI]
        lea     rax, [rax + rcx * 2]
        imul    rcx, [rdx + REG_RDX], 3
        add     rax, rcx
        mov     rcx, [rdx + REG_R10]
        lea     rax, [rax + rcx * 4]
        imul    rcx, [rdx + REG_R8], 5
        add     rax, rcx
        imul    rcx, [rdx + REG_R9], 6
        add     rax, rcx
        ret
CALLOUT_END custom_args6

        section .note.GNU-stack noalloc noexec nowrite progbits
