; SPDX-License-Identifier: MIT
; Debug callouts for a 16550 UART. Startup has set its speed; the port is
; patched in. A UART that doesn't get ready loses the character, not the system.
%include "callouts/callout.inc"

; void patch_16550(...), data = struct debug_data
PATCHER patch_16550, display_char_16550
        mov     ecx, [r8 + DEBUG_DATA_PORT]
        PATCH   .port, ecx
        ret

; void display_char(struct syspage_entry *rdi, char sil)
CALLOUT_START display_char_16550, 0, patch_16550
        LOAD_PATCHED edx, .port
        add     edx, UART_LINE_STATUS
        mov     ecx, UART_TRIES
.wait:
        in      al, dx
        test    al, UART_STATUS_EMPTY
        loopz   .wait
        jz      .lost
        sub     edx, UART_LINE_STATUS - UART_DATA
        mov     eax, esi
        out     dx, al
.lost:
        ret
CALLOUT_END display_char_16550

; int poll_key(struct syspage_entry *rdi): a character, or -1
CALLOUT_START poll_key_16550, 0, patch_16550
        LOAD_PATCHED edx, .port
        add     edx, UART_LINE_STATUS
        in      al, dx
        test    al, UART_STATUS_DATA
        jz      .none
        sub     edx, UART_LINE_STATUS - UART_DATA
        in      al, dx
        movzx   eax, al
        ret
.none:
        or      eax, -1
        ret
CALLOUT_END poll_key_16550

; int break_detect(struct syspage_entry *rdi): not 0 if a break was seen
CALLOUT_START break_detect_16550, 0, patch_16550
        LOAD_PATCHED edx, .port
        add     edx, UART_LINE_STATUS
        in      al, dx
        and     eax, UART_STATUS_BREAK
        ret
CALLOUT_END break_detect_16550

        section .note.GNU-stack noalloc noexec nowrite progbits
