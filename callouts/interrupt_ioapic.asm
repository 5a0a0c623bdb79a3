; SPDX-License-Identifier: MIT
; Interrupt callouts for an I/O APIC. Startup has written each input's vector,
; trigger and polarity, masked. The registers are reached through a select
; register: the kernel calls mask and unmask of a group one at a time.
%include "callouts/callout.inc"

; void patch_ioapic(...), data = struct apic_data
PATCHER patch_ioapic, interrupt_mask_ioapic
        mov     rcx, [r8 + APIC_DATA_VADDR]
        PATCH   .ioapic, rcx
        mov     ecx, [r8 + APIC_DATA_NUM_INPUTS]
        PATCH   .inputs, ecx
        ret

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for none of ours
CALLOUT_START interrupt_mask_ioapic, 0, patch_ioapic
        LOAD_PATCHED r8, .ioapic
        LOAD_PATCHED ecx, .inputs
        or      eax, -1
        cmp     esi, ecx
        jae     .done
        lea     esi, [IOAPIC_REDIRECTION + rsi * 2]
        mov     [r8 + IOAPIC_SELECT], esi
        or      dword [r8 + IOAPIC_WINDOW], IOAPIC_MASKED
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_mask_ioapic

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_ioapic, 0, patch_ioapic
        LOAD_PATCHED r8, .ioapic
        LOAD_PATCHED ecx, .inputs
        or      eax, -1
        cmp     esi, ecx
        jae     .done
        lea     esi, [IOAPIC_REDIRECTION + rsi * 2]
        mov     [r8 + IOAPIC_SELECT], esi
        and     dword [r8 + IOAPIC_WINDOW], ~IOAPIC_MASKED
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_unmask_ioapic

; unsigned config(struct syspage_entry *rdi, struct intrinfo_entry *rsi,
;                 int vector edx): INTR_CONFIG_FLAG_*
CALLOUT_START interrupt_config_ioapic, 0, 0
        xor     eax, eax
        cmp     edx, [rsi + INTRINFO_NUM_VECTORS]
        jb      .done
        mov     eax, INTR_CONFIG_FLAG_DISALLOWED
.done:
        ret
CALLOUT_END interrupt_config_ioapic

; id - each input has an IDT entry of its own, so the level that the entry code
; loads is the vector.
;
; Entry   eax = level (INTR_GENFLAG_LOAD_LEVEL)
; Exit    falls through; eax = vector, or -1 when spurious
; Clobber ecx
CALLOUT_START interrupt_id_ioapic, 0, patch_id_ioapic
        LOAD_PATCHED ecx, .inputs
        cmp     eax, ecx
        jb      .known
        or      eax, -1
.known:
CALLOUT_END interrupt_id_ioapic

; void patch_id_ioapic(...), data = struct apic_data
PATCHER patch_id_ioapic, interrupt_id_ioapic
        mov     ecx, [r8 + APIC_DATA_NUM_INPUTS]
        PATCH   .inputs, ecx
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
