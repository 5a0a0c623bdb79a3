; SPDX-License-Identifier: MIT
; Timer callouts for the 8254, channel 0, as a rate generator or, if asked, once:
; one timer for the machine. The kernel unmasks its interrupt (qtime's intr)
; through the group that it belongs to.
%include "callouts/callout.inc"

COUNT_MAX               equ 0xffff
COUNT_MIN               equ 2           ; what a rate generator needs
COMMAND_RATE            equ 0x34        ; channel 0, low and high byte, mode 2
COMMAND_ONCE            equ 0x30        ; the same, mode 0
COMMAND_LATCH           equ 0x00        ; channel 0

; void timer_load(struct syspage_entry *rdi, struct qtime_entry *rsi)
CALLOUT_START timer_load_pit, 0, 0
        TIMER_COUNTS COUNT_MIN, COUNT_MAX
        mov     ecx, eax
        mov     al, COMMAND_RATE
        test    dword [rsi + QTIME_FLAGS], QTIME_ONE_SHOT
        jz      .command
        mov     al, COMMAND_ONCE
.command:
        out     PIT_COMMAND, al
        mov     al, cl
        out     PIT_CHANNEL0, al
        mov     al, ch
        out     PIT_CHANNEL0, al
        ret
CALLOUT_END timer_load_pit

; int timer_reload(struct syspage_entry *rdi, struct qtime_entry *rsi): 1, it
; was this timer; a periodic one needs no more.
CALLOUT_START timer_reload_pit, 0, 0
        mov     eax, 1
        ret
CALLOUT_END timer_reload_pit

; unsigned timer_value(struct syspage_entry *rdi, struct qtime_entry *rsi):
; counts since the last tick, beyond its period if the next one is late: the count
; goes on below 0. Callers take turns: there is one latch.
CALLOUT_START timer_value_pit, 0, 0
        mov     al, COMMAND_LATCH
        out     PIT_COMMAND, al
        in      al, PIT_CHANNEL0
        movzx   ecx, al
        in      al, PIT_CHANNEL0
        mov     ch, al
        mov     eax, [rsi + QTIME_TIMER_LOAD]
        sub     eax, ecx
        movzx   eax, ax
        ret
CALLOUT_END timer_value_pit

        section .note.GNU-stack noalloc noexec nowrite progbits
