; SPDX-License-Identifier: MIT
; mkcallout: --slot 41 --percpu 4096
;
; Count calls on this CPU, in the last word of its storage.
%include "callouts/callout.inc"

LAST equ 4096 - 8

; void patch_slice(...), data = struct custom_slot
PATCHER patch_slice, custom_slice
        mov     ecx, [r8 + CUSTOM_SLOT_PERCPU]
        add     ecx, LAST
        PATCH   .count, ecx
        ret

CALLOUT_START custom_slice, 0, patch_slice
        mov     rcx, [gs:abs PERCPU_STORAGE]
        mov     edx, CALLOUT_PATTERN
.count equ $ - 4
        add     rcx, rdx
        mov     rax, [rcx]
        inc     rax
        mov     [rcx], rax
        ret
CALLOUT_END custom_slice

        section .note.GNU-stack noalloc noexec nowrite progbits
