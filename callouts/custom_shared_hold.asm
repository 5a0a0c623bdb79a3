; SPDX-License-Identifier: MIT
; Slot 4: hold the resource for a1 turns of an empty loop; returns how many
; calls came before this one.
%include "callouts/callout.inc"

CALLOUT_RW shared_hold_rw, 8

; void patch_shared_hold(...)
PATCHER patch_shared_hold, custom_shared_hold
        PATCH   .load, ecx
        PATCH   .store, ecx
        ret

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_shared_hold, shared_hold_rw, patch_shared_hold
        mov     rax, [dword rdi + CALLOUT_PATTERN]
.load equ $ - 4
        mov     rcx, [rdx + REG_RDI]
        test    rcx, rcx
        jz      .done
.turn:
        dec     rcx
        jnz     .turn
.done:
        lea     rcx, [rax + 1]
        mov     [dword rdi + CALLOUT_PATTERN], rcx
.store equ $ - 4
        ret
CALLOUT_END custom_shared_hold

        section .note.GNU-stack noalloc noexec nowrite progbits
