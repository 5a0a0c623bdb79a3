; SPDX-License-Identifier: MIT
; mkcallout: --slot 43
;
; The patcher breaks its word: it changes the first byte of an instruction,
; which would then read the counter of time.
%include "callouts/callout.inc"

RDTSC_OPCODE equ 0x310f

PATCHER patch_rogue, custom_rogue
        PATCH   .site, ecx
        mov     ecx, RDTSC_OPCODE
        PATCH   .end_of_site, cx
        ret

CALLOUT_START custom_rogue, 0, patch_rogue
        mov     eax, CALLOUT_PATTERN
.site equ $ - 4
.end_of_site equ $
        nop
        nop
        ret
CALLOUT_END custom_rogue

        section .note.GNU-stack noalloc noexec nowrite progbits
