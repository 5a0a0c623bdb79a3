; SPDX-License-Identifier: MIT
; Debug callout for the debug port of QEMU and Bochs: characters out, none in.
%include "callouts/callout.inc"

; void display_char(struct syspage_entry *rdi, char sil)
CALLOUT_START display_char_debugcon, 0, 0
        mov     eax, esi
        out     DEBUGCON_PORT, al
        ret
CALLOUT_END display_char_debugcon

        section .note.GNU-stack noalloc noexec nowrite progbits
