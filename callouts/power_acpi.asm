; SPDX-License-Identifier: MIT
; The power callout: off by ACPI's state S5 where startup found its registers, else
; by the ports of the emulators.
%include "callouts/callout.inc"

; void patch_power(...), data = struct power_data
PATCHER patch_power, power_acpi
        mov     ecx, [r8 + POWER_DATA_PM1A_PORT]
        PATCH   .pm1a_port, ecx
        mov     ecx, [r8 + POWER_DATA_PM1B_PORT]
        PATCH   .pm1b_port, ecx
        mov     ecx, [r8 + POWER_DATA_SMI_PORT]
        PATCH   .smi_port, ecx
        mov     ecx, [r8 + POWER_DATA_VALUES]
        PATCH   .values, ecx
        ret

OFF_TRIES               equ 1 << 20     ; the machine goes off a moment later
ACPI_TRIES              equ 1 << 20     ; SCI_EN comes when the firmware is done

; OFF_WAIT - it should be off by now; eax = -1 if it isn't. Spoils ecx.
%macro OFF_WAIT 0
        mov     ecx, OFF_TRIES
%%wait:
        pause
        dec     ecx
        jnz     %%wait
        or      eax, -1
%endmacro

; OUT_WORD "text" - its letters to port dx, one at a time. Spoils al.
%macro OUT_WORD 1
%strlen %%length %1
%assign %%at 1
%rep %%length
%substr %%letter %1 %%at
        mov     al, %%letter
        out     dx, al
%assign %%at %%at + 1
%endrep
%endmacro

; EMULATORS_OFF - the ports that end QEMU and Bochs
%macro EMULATORS_OFF 0
        mov     eax, POWER_QEMU_VALUE
        mov     edx, POWER_QEMU_PORT
        out     dx, ax
        mov     edx, POWER_QEMU_OLD_PORT
        out     dx, ax
        mov     edx, POWER_BOCHS_PORT
        OUT_WORD "Shutdown"
        OFF_WAIT
        ret
%endmacro

; PM1_SLEEP - go to the state whose SLP_TYP is in cl. ax = PM1 control, of port
; dx; spoils r8.
%macro PM1_SLEEP 0
        and     eax, ~PM1_SLP_TYP
        movzx   r8d, cl
        shl     r8d, PM1_SLP_TYP_SHIFT
        or      eax, r8d
        or      eax, PM1_SLP_EN
        out     dx, ax
%endmacro

; int power(struct syspage_entry *rdi, unsigned mode esi, uint64_t *rdx)
;
; POWER_OFF does not return, or returns -1. Other modes: -1; POWER_IDLE is the
; idle callout's.
CALLOUT_START power_acpi, 0, patch_power
        or      eax, -1
        cmp     esi, POWER_OFF
        jne     .done
        LOAD_PATCHED ecx, .values
        mov     esi, ACPI_TRIES
.look:
        LOAD_PATCHED edx, .pm1a_port
        in      ax, dx
        test    al, PM1_SCI_EN
        jnz     .acpi
        dec     esi
        jz      .acpi                   ; not acknowledged: try all the same
        cmp     esi, ACPI_TRIES - 1
        jne     .look
        LOAD_PATCHED edx, .smi_port
        test    edx, edx
        jz      .always
        mov     eax, ecx
        shr     eax, 16
        out     dx, al
        jmp     .look
.always:
        mov     esi, 1                  ; nothing to wait for
        jmp     .look
.acpi:
        PM1_SLEEP
        LOAD_PATCHED edx, .pm1b_port
        test    edx, edx
        jz      .wait
        shr     ecx, 8
        in      ax, dx
        PM1_SLEEP
.wait:
        OFF_WAIT
.done:
        ret
CALLOUT_END power_acpi

; The same without ACPI.
CALLOUT_START power_ports, 0, 0
        or      eax, -1
        cmp     esi, POWER_OFF
        jne     .done
        EMULATORS_OFF
.done:
        ret
CALLOUT_END power_ports

        section .note.GNU-stack noalloc noexec nowrite progbits
