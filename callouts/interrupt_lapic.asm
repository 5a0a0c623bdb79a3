; SPDX-License-Identifier: MIT
; Interrupt callouts for the local APIC's own interrupts: timer, IPI, error.
; mask, unmask and config concern the CPU that calls them.
%include "callouts/callout.inc"

; void patch_lapic(...), data = struct apic_data
PATCHER patch_lapic, interrupt_mask_lapic
        mov     r8, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, r8
        ret

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for a vector
; that can't be masked
CALLOUT_START interrupt_mask_lapic, 0, patch_lapic
        LOAD_PATCHED r8, .lapic
        mov     ecx, LAPIC_LVT_TIMER
        cmp     esi, LAPIC_TIMER
        je      .mask
        mov     ecx, LAPIC_LVT_ERROR
        cmp     esi, LAPIC_ERROR
        je      .mask
        or      eax, -1
        ret
.mask:
        or      dword [r8 + rcx], LAPIC_LVT_MASKED
        xor     eax, eax
        ret
CALLOUT_END interrupt_mask_lapic

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_lapic, 0, patch_lapic
        LOAD_PATCHED r8, .lapic
        mov     ecx, LAPIC_LVT_TIMER
        cmp     esi, LAPIC_TIMER
        je      .unmask
        mov     ecx, LAPIC_LVT_ERROR
        cmp     esi, LAPIC_ERROR
        je      .unmask
        or      eax, -1
        ret
.unmask:
        and     dword [r8 + rcx], ~LAPIC_LVT_MASKED
        xor     eax, eax
        ret
CALLOUT_END interrupt_unmask_lapic

; unsigned config(struct syspage_entry *rdi, struct intrinfo_entry *rsi,
;                 int vector edx): INTR_CONFIG_FLAG_*
CALLOUT_START interrupt_config_lapic, 0, 0
        mov     eax, INTR_CONFIG_FLAG_PREATTACH | INTR_CONFIG_FLAG_IPI
        cmp     edx, LAPIC_IPI
        je      .done
        mov     eax, INTR_CONFIG_FLAG_PREATTACH
        cmp     edx, NUM_LAPIC_VECTORS
        jb      .done
        mov     eax, INTR_CONFIG_FLAG_DISALLOWED
.done:
        ret
CALLOUT_END interrupt_config_lapic

; id - each source has an IDT entry of its own, so the level that the entry
; code loads is the vector; what lies above the group's vectors is spurious.
;
; Entry   eax = level (INTR_GENFLAG_LOAD_LEVEL)
; Exit    falls through; eax = vector, or -1 when spurious
CALLOUT_START interrupt_id_lapic, 0, 0
        cmp     eax, NUM_LAPIC_VECTORS
        jb      .known
        or      eax, -1
.known:
CALLOUT_END interrupt_id_lapic

; eoi - also that of the I/O APICs, whose interrupts come in through here
;
; Exit    falls through
; Clobber rdi
CALLOUT_START interrupt_eoi_lapic, 0, patch_eoi_lapic
        LOAD_PATCHED rdi, .lapic
        mov     dword [rdi + LAPIC_EOI], 0
CALLOUT_END interrupt_eoi_lapic

; void patch_eoi_lapic(...), data = struct apic_data
PATCHER patch_eoi_lapic, interrupt_eoi_lapic
        mov     r8, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, r8
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
