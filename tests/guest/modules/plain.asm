; SPDX-License-Identifier: MIT
; mkcallout: --slot 42 --types 0,47 --budget 1000000 --port 0x70-0x71 --msr 0x6e0
;
; Neither storage nor a patcher: argument 1 minus argument 2.
%include "callouts/callout.inc"

CALLOUT_START custom_plain, 0, 0
        mov     rax, [rdx + REG_RDI]
        sub     rax, [rdx + REG_RSI]
        ret
CALLOUT_END custom_plain

        section .note.GNU-stack noalloc noexec nowrite progbits
