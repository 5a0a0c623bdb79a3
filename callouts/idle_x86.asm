; SPDX-License-Identifier: MIT
; The idle callouts: wait for an interrupt by HLT or by MWAIT. Both come with
; interrupts off, open them exactly when the wait begins - STI holds them off
; for one more instruction - and return with interrupts off.
%include "callouts/callout.inc"

; int idle(struct syspage_entry *rdi, unsigned mode esi, uint64_t *rdx): 0, or
; -1 for a mode other than POWER_IDLE
CALLOUT_START idle_hlt, 0, 0
        or      eax, -1
        cmp     esi, POWER_IDLE
        jne     .done
        sti
        hlt
        cli
        xor     eax, eax
.done:
        ret
CALLOUT_END idle_hlt

; The same; an interrupt ends MWAIT, and so may a write to the line that MONITOR
; names: this CPU's own stack, which nobody else writes. Hint 0 is C1, which
; every processor with MWAIT has (Intel SDM volume 2, "MWAIT").
CALLOUT_START idle_mwait, 0, 0
        or      eax, -1
        cmp     esi, POWER_IDLE
        jne     .done
        mov     rax, rsp
        xor     ecx, ecx                ; no extensions
        xor     edx, edx                ; no hints
        monitor
        xor     eax, eax
        sti
        mwait
        nop                             ; where interrupts strike if MWAIT does
                                        ; not wait, as on emulators
        cli
        xor     eax, eax
.done:
        ret
CALLOUT_END idle_mwait

        section .note.GNU-stack noalloc noexec nowrite progbits
