; SPDX-License-Identifier: MIT
; Interrupt callouts for the messages of an HPET's comparators: a comparator is
; masked by its own enable bit. Startup has written where the messages go.
%include "callouts/callout.inc"

LEGACY_COMPARATORS      equ 2           ; in legacy replacement, they interrupt
                                        ; as the 8254 and the CMOS clock

; void patch_msi(...), data = struct hpet_data
PATCHER patch_msi, interrupt_mask_msi
        mov     rcx, [r8 + HPET_DATA_VADDR]
        PATCH   .hpet, rcx
        mov     ecx, [r8 + HPET_DATA_NUM_COMPARATORS]
        PATCH   .count, ecx
        ret

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for none of ours
CALLOUT_START interrupt_mask_msi, 0, patch_msi
        LOAD_PATCHED r8, .hpet
        LOAD_PATCHED ecx, .count
        or      eax, -1
        cmp     esi, ecx
        jae     .done
        imul    esi, esi, HPET_TIMER_BYTES
        and     dword [r8 + rsi + HPET_TIMER0_CONFIG], ~HPET_TIMER_ENABLE
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_mask_msi

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_msi, 0, patch_msi
        LOAD_PATCHED r8, .hpet
        LOAD_PATCHED ecx, .count
        or      eax, -1
        cmp     esi, ecx
        jae     .done
        imul    esi, esi, HPET_TIMER_BYTES
        or      dword [r8 + rsi + HPET_TIMER0_CONFIG], HPET_TIMER_ENABLE
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_unmask_msi

; unsigned config(struct syspage_entry *rdi, struct intrinfo_entry *rsi,
;                 int vector edx): INTR_CONFIG_FLAG_*
CALLOUT_START interrupt_config_msi, 0, patch_msi
        LOAD_PATCHED r8, .hpet
        LOAD_PATCHED ecx, .count
        mov     eax, INTR_CONFIG_FLAG_DISALLOWED
        cmp     edx, ecx
        jae     .done
        cmp     edx, LEGACY_COMPARATORS
        jae     .free
        test    dword [r8 + HPET_CONFIG], HPET_LEGACY
        jnz     .done
.free:
        imul    edx, edx, HPET_TIMER_BYTES
        test    dword [r8 + rdx + HPET_TIMER0_CONFIG], HPET_TIMER_HAS_FSB
        jz      .done
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_config_msi

; id - each message has an IDT entry of its own, so the level that the entry
; code loads is the vector.
;
; Entry   eax = level (INTR_GENFLAG_LOAD_LEVEL)
; Exit    falls through; eax = vector, or -1 when spurious
CALLOUT_START interrupt_id_msi, 0, patch_id_msi
        LOAD_PATCHED ecx, .count
        cmp     eax, ecx
        jb      .known
        or      eax, -1
.known:
CALLOUT_END interrupt_id_msi

; void patch_id_msi(...), data = struct hpet_data
PATCHER patch_id_msi, interrupt_id_msi
        mov     ecx, [r8 + HPET_DATA_NUM_COMPARATORS]
        PATCH   .count, ecx
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
