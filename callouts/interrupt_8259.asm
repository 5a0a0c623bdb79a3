; SPDX-License-Identifier: MIT
; Interrupt callouts for one 8259 (Intel 8259A data sheet), master or slave:
; two groups. Startup has given each chip its IDT entries and masked all inputs
; but the one that the slave is on.
;
; An 8259 whose input has gone away before the processor asks says its input 7,
; without being in service: the id stub looks at what is. A spurious interrupt
; of the slave is still one of the master's, on the slave's input.
%include "callouts/callout.inc"

READ_IN_SERVICE         equ 0x0b        ; OCW3
END_SPECIFIC            equ 0x60        ; OCW2, with the input's number

; void patch_8259(...), data = struct pic_data
PATCHER patch_8259, interrupt_mask_8259
        mov     ecx, [r8 + PIC_DATA_PORT]
        PATCH   .port, ecx
        ret

; int mask(struct syspage_entry *rdi, int vector esi): 0, or -1 for none of ours
CALLOUT_START interrupt_mask_8259, 0, patch_8259
        LOAD_PATCHED edx, .port
        or      eax, -1
        cmp     esi, PIC_CHIP_INPUTS
        jae     .done
        add     edx, PIC_MASKS
        in      al, dx
        bts     eax, esi
        out     dx, al
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_mask_8259

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_8259, 0, patch_8259
        LOAD_PATCHED edx, .port
        or      eax, -1
        cmp     esi, PIC_CHIP_INPUTS
        jae     .done
        add     edx, PIC_MASKS
        in      al, dx
        btr     eax, esi
        out     dx, al
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_unmask_8259

; unsigned config(struct syspage_entry *rdi, struct intrinfo_entry *rsi,
;                 int vector edx): INTR_CONFIG_FLAG_*
CALLOUT_START interrupt_config_8259, 0, patch_config_8259
        LOAD_PATCHED ecx, .cascade
        mov     eax, INTR_CONFIG_FLAG_DISALLOWED
        cmp     edx, PIC_CHIP_INPUTS
        jae     .done
        cmp     edx, ecx
        je      .done
        xor     eax, eax
.done:
        ret
CALLOUT_END interrupt_config_8259

; void patch_config_8259(...), data = struct pic_data
PATCHER patch_config_8259, interrupt_config_8259
        mov     ecx, [r8 + PIC_DATA_CASCADE]
        PATCH   .cascade, ecx
        ret

; id - the input in service. Interrupts stay off until its end, so there is one.
;
; Exit    falls through; eax = vector, or -1 when spurious
CALLOUT_START interrupt_id_8259, 0, patch_8259
        LOAD_PATCHED edx, .port
        mov     al, READ_IN_SERVICE
        out     dx, al
        in      al, dx
        movzx   eax, al
        bsf     eax, eax
        jnz     .found
        or      eax, -1
.found:
CALLOUT_END interrupt_id_8259

; eoi
;
; Entry   eax = vector (INTR_GENFLAG_LOAD_LEVEL)
; Exit    falls through
CALLOUT_START interrupt_eoi_8259, 0, patch_8259
        LOAD_PATCHED edx, .port
        or      eax, END_SPECIFIC
        out     dx, al
CALLOUT_END interrupt_eoi_8259

        section .note.GNU-stack noalloc noexec nowrite progbits
