; SPDX-License-Identifier: MIT
; Interrupt callouts for the local APIC's own interrupts in x2APIC mode: its
; registers are MSRs (Intel SDM volume 3, "Extended XAPIC (x2APIC)"). config and
; id touch no register: they are interrupt_lapic.asm's.
%include "callouts/callout.inc"

; LVT_FIND .none - ecx = the MSR of vector esi's local vector table entry; jump
; to .none for a vector that has no such entry.
%macro LVT_FIND 1
        mov     ecx, X2APIC_LVT_TIMER
        cmp     esi, LAPIC_TIMER
        je      %%found
        mov     ecx, X2APIC_LVT_ERROR
        cmp     esi, LAPIC_ERROR
        jne     %1
%%found:
%endmacro

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for a vector
; that can't be masked
CALLOUT_START interrupt_mask_x2apic, 0, 0
        LVT_FIND .none
        rdmsr
        or      eax, LAPIC_LVT_MASKED
        wrmsr
        xor     eax, eax
        ret
.none:
        or      eax, -1
        ret
CALLOUT_END interrupt_mask_x2apic

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_x2apic, 0, 0
        LVT_FIND .none
        rdmsr
        and     eax, ~LAPIC_LVT_MASKED
        wrmsr
        xor     eax, eax
        ret
.none:
        or      eax, -1
        ret
CALLOUT_END interrupt_unmask_x2apic

; eoi - also that of the I/O APICs, whose interrupts come in through here
;
; Exit    falls through
; Clobber rax rcx rdx
CALLOUT_START interrupt_eoi_x2apic, 0, 0
        mov     ecx, X2APIC_EOI
        xor     eax, eax                ; all else faults
        xor     edx, edx
        wrmsr
CALLOUT_END interrupt_eoi_x2apic

        section .note.GNU-stack noalloc noexec nowrite progbits
