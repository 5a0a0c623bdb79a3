; SPDX-License-Identifier: MIT
; mkcallout: --slot 43
;
; The patcher breaks its word: it writes behind the code.
%include "callouts/callout.inc"

PATCHER patch_rogue_beyond, custom_rogue_beyond
        mov     eax, edx
        mov     [rdi + rax + 100], ecx
        ret

CALLOUT_START custom_rogue_beyond, 0, patch_rogue_beyond
        xor     eax, eax
        ret
CALLOUT_END custom_rogue_beyond

        section .note.GNU-stack noalloc noexec nowrite progbits
