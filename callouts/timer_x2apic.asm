; SPDX-License-Identifier: MIT
; timer_lapic.asm's callouts for the local APIC in x2APIC mode. Its
; timer_reload is the same.
%include "callouts/callout.inc"

COUNT_MIN               equ 1           ; 0 would stop the timer
COUNT_MAX               equ 0xffffffff

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi)
CALLOUT_START timer_load_x2apic, 0, 0
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     r8, rax
        xor     edx, edx
        mov     ecx, X2APIC_TIMER_DIVIDE
        mov     eax, LAPIC_DIVIDE_BY_16
        wrmsr
        mov     ecx, X2APIC_LVT_TIMER
        rdmsr
        and     eax, LAPIC_LVT_MASKED   ; stays: the mask is the group's
        or      eax, VECTOR_LAPIC + LAPIC_TIMER
        test    dword [rsi + QTIME_FLAGS], QTIME_ONE_SHOT
        jnz     .once
        or      eax, LAPIC_LVT_PERIODIC
.once:
        wrmsr
        mov     ecx, X2APIC_TIMER_INITIAL
        mov     rax, r8
        wrmsr
        ret
CALLOUT_END timer_load_x2apic

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick of this CPU's timer
CALLOUT_START timer_value_x2apic, 0, 0
        mov     ecx, X2APIC_TIMER_CURRENT
        rdmsr
        mov     edx, [rsi + QTIME_TIMER_LOAD]
        sub     edx, eax
        mov     eax, edx
        ret
CALLOUT_END timer_value_x2apic

        section .note.GNU-stack noalloc noexec nowrite progbits
