; SPDX-License-Identifier: MIT
; The reboot callouts, one for each way to reset a PC: ACPI's reset register, the
; chipset's reset control, the keyboard controller's reset line, a triple fault.
; A way that turns out to have no effect ends in the triple fault.
;
;       void reboot(struct syspage_entry *rdi, int abnormal esi)
;
; They do not return. After a failure, reset control turns power off and on as
; well, for devices in any state, and the keyboard controller isn't waited for;
; the other ways know only one reset.
%include "callouts/callout.inc"

STATUS_INPUT_FULL       equ 0x02
COMMAND_RESET           equ 0xfe
CONTROL_HARD            equ 0x02        ; what the next edge will be
CONTROL_HARD_NOW        equ 0x06
CONTROL_FULL            equ 0x0a        ; and power off and on
CONTROL_FULL_NOW        equ 0x0e
READY_TRIES             equ 100000
RESET_TRIES             equ 1000000

; RESET_WAIT - time for the reset to arrive
%macro RESET_WAIT 0
        mov     ecx, RESET_TRIES
.pulse:
        pause
        dec     ecx
        jnz     .pulse
%endmacro

; TRIPLE_FAULT - by an IDT without a single entry
%macro TRIPLE_FAULT 0
        push    0
        push    0
        lidt    [rsp]
        int3
%endmacro

; void patch_reset(...), data = struct reset_data
PATCHER patch_reset, reboot_acpi
        mov     rcx, [r8 + RESET_DATA_VADDR]
        PATCH   .vaddr, rcx
        mov     ecx, [r8 + RESET_DATA_PORT]
        PATCH   .port, ecx
        mov     ecx, [r8 + RESET_DATA_VALUE]
        PATCH   .value, ecx
        ret

CALLOUT_START reboot_acpi, 0, patch_reset
        cli
        LOAD_PATCHED r8, .vaddr
        LOAD_PATCHED edx, .port
        LOAD_PATCHED eax, .value
        test    r8, r8
        jz      .out
        mov     [r8], al
        jmp     .written
.out:
        out     dx, al
.written:
        RESET_WAIT
        TRIPLE_FAULT
CALLOUT_END reboot_acpi

CALLOUT_START reboot_cf9, 0, 0
        cli
        mov     edx, RESET_CONTROL_PORT
        mov     eax, CONTROL_HARD | CONTROL_HARD_NOW << 8
        mov     ecx, CONTROL_FULL | CONTROL_FULL_NOW << 8
        test    esi, esi
        cmovnz  eax, ecx
        out     dx, al
        shr     eax, 8
        out     dx, al
        RESET_WAIT
        TRIPLE_FAULT
CALLOUT_END reboot_cf9

CALLOUT_START reboot_8042, 0, 0
        cli
        test    esi, esi
        jnz     .ready
        mov     ecx, READY_TRIES
.wait:
        in      al, KEYBOARD_STATUS
        test    al, STATUS_INPUT_FULL
        loopnz  .wait
.ready:
        mov     al, COMMAND_RESET
        out     KEYBOARD_COMMAND, al
        RESET_WAIT
        TRIPLE_FAULT
CALLOUT_END reboot_8042

CALLOUT_START reboot_triple, 0, 0
        cli
        TRIPLE_FAULT
CALLOUT_END reboot_triple

        section .note.GNU-stack noalloc noexec nowrite progbits
