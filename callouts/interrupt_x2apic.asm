; SPDX-License-Identifier: MIT
; Interrupt callouts for the local APIC's own interrupts in x2APIC mode: its
; registers are MSRs (Intel SDM volume 3, "Extended XAPIC (x2APIC)"). config and
; id touch no register: they are interrupt_lapic.asm's.
%include "callouts/callout.inc"

; LVT_CHANGE or|and, bits - change vector esi's local vector table entry; eax = 0,
; or -1 for a vector that has no such entry. Each has its own RDMSR and WRMSR: which
; MSRs they are can be seen in the code. Spoils ecx, edx.
%macro LVT_CHANGE 2
        cmp     esi, LAPIC_TIMER
        jne     %%error
        MSR_CHANGE X2APIC_LVT_TIMER, %1, %2
        ret
%%error:
        or      eax, -1
        cmp     esi, LAPIC_ERROR
        jne     %%none
        MSR_CHANGE X2APIC_LVT_ERROR, %1, %2
%%none:
        ret
%endmacro

; MSR_CHANGE register, or|and, bits - eax = 0
%macro MSR_CHANGE 3
        mov     ecx, %1
        rdmsr
        %2      eax, %3
        wrmsr
        xor     eax, eax
%endmacro

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for a vector
; that can't be masked
CALLOUT_START interrupt_mask_x2apic, 0, 0
        LVT_CHANGE or, LAPIC_LVT_MASKED
CALLOUT_END interrupt_mask_x2apic

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_x2apic, 0, 0
        LVT_CHANGE and, ~LAPIC_LVT_MASKED
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
