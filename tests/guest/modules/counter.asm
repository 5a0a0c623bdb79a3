; SPDX-License-Identifier: MIT
; mkcallout: --slot 40 --resource bind_demo --source v1
;
; Count this module's calls in shared storage, in steps with time between them
; on purpose: right only under the lock. The pauses let an emulator that has one
; thread for all CPUs go on to another one, in the middle of the callout.
; Returns: EPOCH << 32 | calls until now, this one included.
%include "callouts/callout.inc"

EPOCH equ 0x45504f43    ; the test writes another one over it
PAUSES equ 4

CALLOUT_RW counter_rw, 4

; void patch_counter(...)
PATCHER patch_counter, custom_counter
        PATCH   .load, ecx
        PATCH   .store, ecx
        ret

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_counter, counter_rw, patch_counter
        mov     r8d, [dword rdi + CALLOUT_PATTERN]
.load equ $ - 4
        mov     ecx, PAUSES
.wait:  pause
        dec     ecx
        jnz     .wait
        inc     r8d
        mov     [dword rdi + CALLOUT_PATTERN], r8d
.store equ $ - 4
        mov     eax, EPOCH
        shl     rax, 32
        or      rax, r8
        ret
CALLOUT_END custom_counter

        section .note.GNU-stack noalloc noexec nowrite progbits
