; SPDX-License-Identifier: MIT
; Slot 5: CMOS register a1 (0..127), or -EINVAL. Index and data are two ports:
; CPUs that take turns in between read each other's registers, hence the lock.
%include "callouts/callout.inc"

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_cmos_read, 0, 0
        mov     rax, [rdx + REG_RDI]
        cmp     rax, CMOS_REGISTERS
        jae     .invalid
        out     CMOS_INDEX, al
        in      al, CMOS_DATA
        movzx   eax, al
        ret
.invalid:
        mov     rax, -EINVAL
        ret
CALLOUT_END custom_cmos_read

        section .note.GNU-stack noalloc noexec nowrite progbits
