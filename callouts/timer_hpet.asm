; SPDX-License-Identifier: MIT
; Timer callouts for a comparator of the HPET, periodic or, if asked, once, in two
; versions: comparator 0 in place of the 8254 on its interrupt (legacy
; replacement), and one that sends messages. One timer for the machine; the kernel
; unmasks its interrupt (qtime's intr) through the group that it belongs to.
; Counter and comparator are used as 32 bits wide, which all HPETs have.
%include "callouts/callout.inc"

COUNT_MIN               equ 1           ; a period of 0 would never pass
COUNT_MAX               equ 0x7fffffff  ; so that sooner and later differ

; void patch_timer_hpet(...), data = struct hpet_data
PATCHER patch_timer_hpet, timer_load_hpet
        mov     rcx, [r8 + HPET_DATA_VADDR]
        PATCH   .hpet, rcx
        mov     ecx, [r8 + HPET_DATA_COMPARATOR]
        PATCH   .comparator, ecx
        ret

; TIMER_HPET version, kept, set, config - the three callouts of a version: the
; bits of the comparator's configuration that are kept as they are, those that
; are set, and the HPET's own configuration.
%macro TIMER_HPET 4

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi)
CALLOUT_START timer_load_%1, 0, patch_timer_hpet
        LOAD_PATCHED r8, .hpet
        LOAD_PATCHED ecx, .comparator
        lea     r10, [r8 + rcx]
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     dword [r8 + HPET_CONFIG], (%4) & ~HPET_ENABLE
        mov     dword [r8 + HPET_COUNTER], 0
        mov     dword [r8 + HPET_COUNTER + 4], 0
        mov     ecx, [r10 + HPET_TIMER0_CONFIG]
        and     ecx, %2
        or      ecx, %3 | HPET_TIMER_32
        test    dword [rsi + QTIME_FLAGS], QTIME_ONE_SHOT
        jnz     .once
        or      ecx, HPET_TIMER_PERIODIC | HPET_TIMER_SET
.once:
        mov     [r10 + HPET_TIMER0_CONFIG], ecx
        mov     [r10 + HPET_TIMER0_COMPARATOR], eax     ; the first tick
        mov     [r10 + HPET_TIMER0_COMPARATOR], eax     ; the period, if any
        mov     dword [r8 + HPET_CONFIG], %4
        ret
CALLOUT_END timer_load_%1

; int timer_reload(struct syspage_entry *rdi, struct qtime_entry *rsi): 1, it
; was this timer; a periodic one needs no more.
CALLOUT_START timer_reload_%1, 0, 0
        mov     eax, 1
        ret
CALLOUT_END timer_reload_%1

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick. The comparator holds the next tick's.
CALLOUT_START timer_value_%1, 0, patch_timer_hpet
        LOAD_PATCHED r8, .hpet
        LOAD_PATCHED ecx, .comparator
        mov     eax, [rsi + QTIME_TIMER_LOAD]
        sub     eax, [r8 + rcx + HPET_TIMER0_COMPARATOR]
        add     eax, [r8 + HPET_COUNTER]
        ret
CALLOUT_END timer_value_%1

%endmacro

TIMER_HPET hpet, 0, HPET_TIMER_ENABLE, HPET_ENABLE | HPET_LEGACY
; The enable bit is the group's mask.
TIMER_HPET hpet_msi, HPET_TIMER_ENABLE, HPET_TIMER_FSB, HPET_ENABLE

        section .note.GNU-stack noalloc noexec nowrite progbits
