; SPDX-License-Identifier: MIT
; Slot 3: add a1 to a counter that all CPUs share and return it: read, add,
; write back, three steps on purpose. Updates get lost unless the resource's
; lock does its work.
%include "callouts/callout.inc"

CALLOUT_RW shared_add_rw, 8

; void patch_shared_add(...)
PATCHER patch_shared_add, custom_shared_add
        PATCH   .load, ecx
        PATCH   .store, ecx
        ret

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_shared_add, shared_add_rw, patch_shared_add
        mov     rax, [dword rdi + CALLOUT_PATTERN]
.load equ $ - 4
        add     rax, [rdx + REG_RDI]
        mov     [dword rdi + CALLOUT_PATTERN], rax
.store equ $ - 4
        ret
CALLOUT_END custom_shared_add

        section .note.GNU-stack noalloc noexec nowrite progbits
