; SPDX-License-Identifier: MIT
; mkcallout: --slot 43
;
; Its patcher faults: it writes where nothing is.
%include "callouts/callout.inc"

PATCHER patch_faulty, custom_faulty
        mov     rax, SYSPAGE_VADDR - 0x1000
        mov     [rax], ecx
        PATCH   .site, ecx
        ret

CALLOUT_START custom_faulty, 0, patch_faulty
        mov     eax, CALLOUT_PATTERN
.site equ $ - 4
        ret
CALLOUT_END custom_faulty

        section .note.GNU-stack noalloc noexec nowrite progbits
