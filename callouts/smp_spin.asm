; SPDX-License-Identifier: MIT
; smp_spin, where a starting CPU is parked until the kernel takes it: of every
; version of the SMP callouts, since it touches no hardware.
%include "callouts/callout.inc"

; void smp_spin(struct syspage_entry *rdi, volatile uint64_t *go rsi): wait until
; *go is SPIN_GO. SPIN_STAY parks the CPU for good; it needs no stack for that,
; and what wakes it (an NMI) finds it parked again. Interrupts are off.
;
; Ordering: what the boot CPU wrote before SPIN_GO is visible.
CALLOUT_START smp_spin_shared, 0, 0
        cli
.wait:
        mov     rax, [rsi]
        cmp     rax, SPIN_GO
        je      .go
        cmp     rax, SPIN_STAY
        je      .stay
        pause
        jmp     .wait
.stay:
        hlt
        jmp     .stay
.go:
        ret
CALLOUT_END smp_spin_shared

        section .note.GNU-stack noalloc noexec nowrite progbits
