; SPDX-License-Identifier: MIT
; Timer callouts for the HPET's comparator 0, periodic, in place of the 8254 on
; its interrupt (legacy replacement): one timer for the machine. The kernel
; unmasks its interrupt (qtime's intr) through the group that it belongs to.
; Counter and comparator are used as 32 bits wide, which all HPETs have.
%include "callouts/callout.inc"

COUNT_MIN               equ 1           ; a period of 0 would never pass
COUNT_MAX               equ 0x7fffffff  ; so that sooner and later differ

; void patch_timer_hpet(...), data = struct hpet_data
PATCHER patch_timer_hpet, timer_load_hpet
        mov     r8, [r8 + HPET_DATA_VADDR]
        PATCH   .hpet, r8
        ret

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi)
CALLOUT_START timer_load_hpet, 0, patch_timer_hpet
        LOAD_PATCHED r8, .hpet
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     dword [r8 + HPET_CONFIG], 0
        mov     dword [r8 + HPET_COUNTER], 0
        mov     dword [r8 + HPET_COUNTER + 4], 0
        mov     dword [r8 + HPET_TIMER0_CONFIG], \
                HPET_TIMER_ENABLE | HPET_TIMER_PERIODIC | HPET_TIMER_SET | \
                HPET_TIMER_32
        mov     [r8 + HPET_TIMER0_COMPARATOR], eax      ; the first tick
        mov     [r8 + HPET_TIMER0_COMPARATOR], eax      ; the period
        mov     dword [r8 + HPET_CONFIG], HPET_ENABLE | HPET_LEGACY
        ret
CALLOUT_END timer_load_hpet

; int timer_reload(struct syspage_entry *rdi, struct qtime_entry *rsi): 1, it
; was this timer; a periodic one needs no more.
CALLOUT_START timer_reload_hpet, 0, 0
        mov     eax, 1
        ret
CALLOUT_END timer_reload_hpet

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick. The comparator holds the next tick's.
CALLOUT_START timer_value_hpet, 0, patch_timer_hpet
        LOAD_PATCHED r8, .hpet
        mov     eax, [rsi + QTIME_TIMER_LOAD]
        sub     eax, [r8 + HPET_TIMER0_COMPARATOR]
        add     eax, [r8 + HPET_COUNTER]
        ret
CALLOUT_END timer_value_hpet

        section .note.GNU-stack noalloc noexec nowrite progbits
