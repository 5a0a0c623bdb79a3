; SPDX-License-Identifier: MIT
; SMP callouts for the local APIC in x2APIC mode: the interrupt command register
; is one MSR with a destination of 32 bits, and is never busy (Intel SDM volume
; 3, "Extended XAPIC (x2APIC)").
%include "callouts/callout.inc"

STEP_INIT               equ 0
PAGE_SHIFT              equ 12

; X2APIC_SEND - send the command in eax to CPU rsi's APIC. A WRMSR to an x2APIC
; register does not wait for earlier stores, as one to the registers in memory
; does: the fences make them visible first. Spoils rcx, rdx, rsi.
%macro X2APIC_SEND 0
        mov     edx, [rdi + SYSPAGE_CPUINFO]
        add     rdx, rdi
        imul    rsi, rsi, CPUINFO_SIZE
        mov     edx, [rdx + rsi + CPUINFO_APIC_ID]
        mov     ecx, X2APIC_ICR
        mfence
        lfence
        wrmsr
%endmacro

; X2APIC_WRITE register, value - to a register's MSR. Spoils eax, ecx, edx.
%macro X2APIC_WRITE 2
        mov     ecx, %1
        mov     eax, %2
        xor     edx, edx
        wrmsr
%endmacro

; void send_ipi(struct syspage_entry *rdi, unsigned cpu esi, unsigned cmd edx,
;               unsigned *ipicmds rcx)
;
; Ordering: the command is visible before the interrupt is sent.
CALLOUT_START send_ipi_x2apic, 0, 0
        mov     esi, esi                ; the index is 32 bits wide
        lock or [rcx + rsi * 4], edx
        mov     eax, ICR_ASSERT | VECTOR_LAPIC + LAPIC_IPI
        X2APIC_SEND
        ret
CALLOUT_END send_ipi_x2apic

; int start_cpu(struct syspage_entry *rdi, unsigned cpu esi,
;               uint64_t paddr rdx, unsigned step ecx): step 0 sends INIT, 1
; the startup IPI for the page at paddr, below 1 MiB; 0. The times between the
; steps are the caller's.
CALLOUT_START start_cpu_x2apic, 0, 0
        mov     eax, ICR_ASSERT | ICR_INIT
        cmp     ecx, STEP_INIT
        je      .send
        shr     rdx, PAGE_SHIFT
        lea     eax, [rdx + (ICR_ASSERT | ICR_STARTUP)]
.send:
        mov     esi, esi
        X2APIC_SEND
        xor     eax, eax
        ret
CALLOUT_END start_cpu_x2apic

; void init_cpu(struct syspage_entry *rdi): this CPU's local APIC to x2APIC mode
; (from off only by way of xAPIC mode) and on; its timer stays masked, LINT1 is
; NMI, LINT0 (the 8259s) is for the boot CPU, if for anyone.
CALLOUT_START init_cpu_x2apic, 0, patch_init_cpu_x2apic
        mov     ecx, MSR_APIC_BASE
        rdmsr
        test    eax, APIC_BASE_X2APIC
        jnz     .on
        or      eax, APIC_BASE_ENABLE
        wrmsr
        or      eax, APIC_BASE_X2APIC
        wrmsr
.on:
        X2APIC_WRITE X2APIC_SVR, LAPIC_SVR_ENABLE | VECTOR_SPURIOUS
        X2APIC_WRITE X2APIC_TPR, 0
        X2APIC_WRITE X2APIC_LVT_TIMER, \
                LAPIC_LVT_MASKED | VECTOR_LAPIC + LAPIC_TIMER
        X2APIC_WRITE X2APIC_LVT_LINT0, LAPIC_LVT_MASKED
        mov     ecx, X2APIC_ID
        rdmsr
        mov     esi, [rdi + SYSPAGE_CPUINFO]    ; entry 0 is the boot CPU
        cmp     eax, [rdi + rsi + CPUINFO_APIC_ID]
        jne     .other
        LOAD_PATCHED eax, .lint0
        mov     ecx, X2APIC_LVT_LINT0
        xor     edx, edx
        wrmsr
.other:
        X2APIC_WRITE X2APIC_LVT_LINT1, LAPIC_LVT_NMI
        X2APIC_WRITE X2APIC_LVT_ERROR, VECTOR_LAPIC + LAPIC_ERROR
        X2APIC_WRITE X2APIC_ESR, 0
        X2APIC_WRITE X2APIC_EOI, 0
        ret
CALLOUT_END init_cpu_x2apic

; void patch_init_cpu_x2apic(...), data = struct apic_data
PATCHER patch_init_cpu_x2apic, init_cpu_x2apic
        mov     ecx, [r8 + APIC_DATA_LINT0]
        PATCH   .lint0, ecx
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
