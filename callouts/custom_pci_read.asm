; SPDX-License-Identifier: MIT
; Slot 6: the doubleword of PCI configuration space at address a1 (bus << 16 |
; device << 11 | function << 8 | register), or -EINVAL for what is no address.
%include "callouts/callout.inc"

ADDRESS_INVALID         equ 0xffffffffff000003

; uintptr_t custom(struct syspage_entry *rdi, uint32_t type_id esi,
;                  uintptr_t *regs rdx)
CALLOUT_START custom_pci_read, 0, 0
        mov     rax, [rdx + REG_RDI]
        mov     rcx, ADDRESS_INVALID
        test    rax, rcx
        jnz     .invalid
        or      eax, PCI_ENABLE
        mov     edx, PCI_ADDRESS
        out     dx, eax
        mov     edx, PCI_DATA
        in      eax, dx
        ret
.invalid:
        mov     rax, -EINVAL
        ret
CALLOUT_END custom_pci_read

        section .note.GNU-stack noalloc noexec nowrite progbits
