; SPDX-License-Identifier: MIT
; Slot 0, the sample of QNX's documentation: for processes of type 47 the sum of
; the first two arguments, for others -1.
%include "callouts/callout.inc"

SUM_TYPE                equ 47

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_sum, 0, 0
        cmp     esi, SUM_TYPE
        jne     .refuse
        mov     rax, [rdx + REG_RDI]
        add     rax, [rdx + REG_RSI]
        ret
.refuse:
        or      rax, -1
        ret
CALLOUT_END custom_sum

        section .note.GNU-stack noalloc noexec nowrite progbits
