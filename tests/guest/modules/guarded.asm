; SPDX-License-Identifier: MIT
; mkcallout: --slot 44 --resource cmos --port 0x70-0x71 --guards-itself
;
; Read CMOS register a1, as slot 5 does, but slowly, with time between naming the
; register and reading it: right only if slot 5 keeps out. Only that part is
; guarded; a2 turns of an empty loop come before. The pauses let an emulator that
; has one thread for all CPUs go on to another one.
; a3 asks for what is not allowed: 1 take the lock twice, one in the other;
; 2 keep it; 3 release it without having it; 4 take it again.
%include "callouts/callout.inc"

PAUSES equ 4

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_guarded, 0, 0
        mov     rcx, [rdx + REG_RSI]
        test    rcx, rcx
        jz      .ready
.turn:  dec     rcx
        jnz     .turn
.ready:
        cmp     dword [rdx + REG_RDX], 3
        je      .unlock
        RESOURCE_LOCK
        cmp     dword [rdx + REG_RDX], 1
        jne     .once
        RESOURCE_LOCK
.once:
        mov     eax, [rdx + REG_RDI]
        out     CMOS_INDEX, al
        mov     ecx, PAUSES
.wait:  pause
        dec     ecx
        jnz     .wait
        xor     eax, eax
        in      al, CMOS_DATA
        mov     esi, eax                ; what RESOURCE_UNLOCK keeps
        cmp     dword [rdx + REG_RDX], 2
        je      .done
.unlock:
        RESOURCE_UNLOCK
        cmp     dword [rdx + REG_RDX], 4
        jne     .done
        RESOURCE_LOCK
        RESOURCE_UNLOCK
.done:
        mov     eax, esi
        ret
CALLOUT_END custom_guarded

        section .note.GNU-stack noalloc noexec nowrite progbits
