; SPDX-License-Identifier: MIT
; Callouts for NASM, of which twin.S has the twins for GNU as: both must give
; the same records and the same modules.
%include "callouts/callout.inc"

CALLOUT_RW twin_rw, 24

CALLOUT_START twin_plain, 0, 0
        cmp     esi, 47
        jne     .refuse
        mov     rax, [rdx + REG_RDI]
        add     rax, [rdx + REG_R9]
        xor     rax, [rdx + REG_RFLAGS]
        mov     ecx, INTR_GENFLAG_LOAD_SYSPAGE | INTR_GENFLAG_ID_LOOP
        ret
.refuse:
        mov     eax, EPERM
        ret
CALLOUT_END twin_plain

CALLOUT_START twin_patched, twin_rw, patch_twin
        LOAD_PATCHED ecx, .count
        LOAD_PATCHED rax, .data
        mov     rax, [dword rdi + CALLOUT_PATTERN]
.load equ $ - 4
        add     rax, [gs:abs PERCPU_STORAGE]
        ret
CALLOUT_END twin_patched

PATCHER patch_twin, twin_patched
        PATCH   .count, ecx
        PATCH   .data, r8
        PATCH   .load, ecx
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
