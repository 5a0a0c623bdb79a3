; SPDX-License-Identifier: MIT
; The reboot callout by the keyboard controller's reset line, with a triple
; fault for machines that have no such controller.
%include "callouts/callout.inc"

KEYBOARD_STATUS         equ 0x64
KEYBOARD_COMMAND        equ 0x64
STATUS_INPUT_FULL       equ 0x02
COMMAND_RESET           equ 0xfe
READY_TRIES             equ 100000
RESET_TRIES             equ 1000000

; void reboot(struct syspage_entry *rdi, int abnormal esi): does not return
CALLOUT_START reboot_8042, 0, 0
        cli
        mov     ecx, READY_TRIES
.wait:
        in      al, KEYBOARD_STATUS
        test    al, STATUS_INPUT_FULL
        loopnz  .wait
        mov     al, COMMAND_RESET
        out     KEYBOARD_COMMAND, al
        mov     ecx, RESET_TRIES
.pulse:
        pause
        dec     ecx
        jnz     .pulse
        push    0                       ; an IDT without a single entry
        push    0
        lidt    [rsp]
        int3
CALLOUT_END reboot_8042

        section .note.GNU-stack noalloc noexec nowrite progbits
