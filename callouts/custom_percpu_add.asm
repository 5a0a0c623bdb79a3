; SPDX-License-Identifier: MIT
; Slot 2: add a1 to this CPU's counter and return it. No other CPU touches it
; and interrupts are off, so it needs neither a lock nor an atomic instruction.
%include "callouts/callout.inc"

; void patch_percpu_add(...), data = struct custom_slot
PATCHER patch_percpu_add, custom_percpu_add
        mov     ecx, [r8 + CUSTOM_SLOT_PERCPU]
        PATCH   .load, ecx
        PATCH   .store, ecx
        ret

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_percpu_add, 0, patch_percpu_add
        mov     rcx, [gs:abs PERCPU_STORAGE]
        mov     rax, [rdx + REG_RDI]
        add     rax, [dword rcx + CALLOUT_PATTERN]
.load equ $ - 4
        mov     [dword rcx + CALLOUT_PATTERN], rax
.store equ $ - 4
        ret
CALLOUT_END custom_percpu_add

        section .note.GNU-stack noalloc noexec nowrite progbits
