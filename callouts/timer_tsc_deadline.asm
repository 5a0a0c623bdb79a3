; SPDX-License-Identifier: MIT
; Timer callouts for the local APIC's timer in TSC deadline mode: it interrupts
; once, when the time-stamp counter passes a value, and timer_reload sets the
; next one (Intel SDM volume 3, "TSC-Deadline Mode"). Each CPU has its own, so
; timer_load runs on each (QTIME_PER_CPU); qtime's timer_hz is the counter's.
;
; The MSR reads as 0 once it has fired, so the last deadline is kept in the
; callouts' storage, a cache line for each CPU, since each writes its own on each
; tick: ticks stay a whole number of periods apart, however late the interrupt is
; taken, and CPUs' ticks keep the phases that they started with, instead of all
; coming at once.
%include "callouts/callout.inc"

COUNT_MIN               equ 1
COUNT_MAX               equ 0xffffffff

LINE_SHIFT              equ 6           ; 64 bytes

CALLOUT_RW deadlines, MAX_CPUS << LINE_SHIFT

; void patch_tsc_deadline(...)
PATCHER patch_tsc_deadline, timer_reload_tsc_deadline
        mov     ecx, ecx
        add     rcx, rsi
        PATCH   .deadlines, rcx
        ret

; void patch_load_tsc_deadline(...), data = struct apic_data
PATCHER patch_load_tsc_deadline, timer_load_tsc_deadline
        mov     ecx, ecx
        add     rcx, rsi
        PATCH   .deadlines, rcx
        mov     r8, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, r8
        ret

; TSC_READ - rax = time-stamp counter. Spoils rdx.
%macro TSC_READ 0
        rdtsc
        shl     rdx, 32
        or      rax, rdx
%endmacro

; DEADLINE_SET - keep rax as this CPU's deadline, its place being r8, and arm
; the timer. Spoils rax, rcx, rdx.
%macro DEADLINE_SET 0
        mov     [r8], rax
        mov     rdx, rax
        shr     rdx, 32
        mov     ecx, MSR_TSC_DEADLINE
        wrmsr
%endmacro

; DEADLINE_FIND - r8 = place of this CPU's deadline. Spoils rcx.
%macro DEADLINE_FIND 0
        LOAD_PATCHED r8, .deadlines
        mov     ecx, [gs:abs PERCPU_CPU_ID]
        shl     ecx, LINE_SHIFT
        add     r8, rcx
%endmacro

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi), with the
; local APIC in xAPIC mode: its register is in memory, and a later WRMSR does not
; wait for such a store.
CALLOUT_START timer_load_tsc_deadline, deadlines, patch_load_tsc_deadline
        DEADLINE_FIND
        LOAD_PATCHED r9, .lapic
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     ecx, [r9 + LAPIC_LVT_TIMER]
        and     ecx, LAPIC_LVT_MASKED   ; stays: the mask is the group's
        or      ecx, LAPIC_LVT_TSC_DEADLINE | VECTOR_LAPIC + LAPIC_TIMER
        mov     [r9 + LAPIC_LVT_TIMER], ecx
        mfence
        TSC_READ
        add     rax, [rsi + QTIME_TIMER_LOAD]
        DEADLINE_SET
        ret
CALLOUT_END timer_load_tsc_deadline

; The same in x2APIC mode, where the processor keeps the order.
CALLOUT_START timer_load_tsc_deadline_x2apic, deadlines, patch_tsc_deadline
        DEADLINE_FIND
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     ecx, X2APIC_LVT_TIMER
        rdmsr
        and     eax, LAPIC_LVT_MASKED   ; stays: the mask is the group's
        or      eax, LAPIC_LVT_TSC_DEADLINE | VECTOR_LAPIC + LAPIC_TIMER
        xor     edx, edx
        wrmsr
        TSC_READ
        add     rax, [rsi + QTIME_TIMER_LOAD]
        DEADLINE_SET
        ret
CALLOUT_END timer_load_tsc_deadline_x2apic

; int timer_reload(struct syspage_entry *rdi, struct qtime_entry *rsi): 1, it
; was this timer, and the next tick is set: the first whole number of periods
; after the last deadline that lies ahead. 0, it is not due yet: set as before.
CALLOUT_START timer_reload_tsc_deadline, deadlines, patch_tsc_deadline
        DEADLINE_FIND
        xor     edi, edi
        TSC_READ
        mov     r9, [r8]
        sub     rax, r9
        jb      .set
        inc     edi
        xor     edx, edx
        div     qword [rsi + QTIME_TIMER_LOAD]
        inc     rax                     ; periods that have passed, and one
        mul     qword [rsi + QTIME_TIMER_LOAD]
        add     r9, rax
.set:
        mov     rax, r9
        DEADLINE_SET
        mov     eax, edi
        ret
CALLOUT_END timer_reload_tsc_deadline

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick of this CPU's timer
CALLOUT_START timer_value_tsc_deadline, deadlines, patch_tsc_deadline
        DEADLINE_FIND
        TSC_READ
        sub     rax, [r8]
        add     rax, [rsi + QTIME_TIMER_LOAD]
        ret
CALLOUT_END timer_value_tsc_deadline

        section .note.GNU-stack noalloc noexec nowrite progbits
