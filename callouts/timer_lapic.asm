; SPDX-License-Identifier: MIT
; Timer callouts for the local APIC's timer, periodic or, if asked, once. Each CPU
; has its own, so timer_load runs on each (QTIME_PER_CPU). qtime's timer_hz is the
; rate after the division by 16.
%include "callouts/callout.inc"

COUNT_MIN               equ 1           ; 0 would stop the timer
COUNT_MAX               equ 0xffffffff

; void patch_timer_lapic(...), data = struct apic_data
PATCHER patch_timer_lapic, timer_load_lapic
        mov     r8, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, r8
        ret

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi)
CALLOUT_START timer_load_lapic, 0, patch_timer_lapic
        LOAD_PATCHED r8, .lapic
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     dword [r8 + LAPIC_TIMER_DIVIDE], LAPIC_DIVIDE_BY_16
        mov     ecx, [r8 + LAPIC_LVT_TIMER]
        and     ecx, LAPIC_LVT_MASKED   ; stays: the mask is the group's
        or      ecx, VECTOR_LAPIC + LAPIC_TIMER
        test    dword [rsi + QTIME_FLAGS], QTIME_ONE_SHOT
        jnz     .once
        or      ecx, LAPIC_LVT_PERIODIC
.once:
        mov     [r8 + LAPIC_LVT_TIMER], ecx
        mov     [r8 + LAPIC_TIMER_INITIAL], eax
        ret
CALLOUT_END timer_load_lapic

; int timer_reload(struct syspage_entry *rdi, struct qtime_entry *rsi): 1, it
; was this timer; a periodic one needs no more.
CALLOUT_START timer_reload_lapic, 0, 0
        mov     eax, 1
        ret
CALLOUT_END timer_reload_lapic

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick of this CPU's timer
CALLOUT_START timer_value_lapic, 0, patch_timer_lapic
        LOAD_PATCHED r8, .lapic
        mov     eax, [rsi + QTIME_TIMER_LOAD]
        sub     eax, [r8 + LAPIC_TIMER_CURRENT]
        ret
CALLOUT_END timer_value_lapic

        section .note.GNU-stack noalloc noexec nowrite progbits
