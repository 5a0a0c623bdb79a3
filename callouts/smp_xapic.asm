; SPDX-License-Identifier: MIT
; SMP callouts for the local APIC in xAPIC mode. They write the interrupt
; command register in two halves: callers have interrupts off.
%include "callouts/callout.inc"

ICR_TRIES               equ 1000000
STEP_INIT               equ 0
PAGE_SHIFT              equ 12

; ICR_WAIT base, .late - wait until the last IPI has left; jump to .late when it
; doesn't. Spoils ecx.
%macro ICR_WAIT 2
        mov     ecx, ICR_TRIES
%%wait:
        test    dword [%1 + LAPIC_ICR_LOW], ICR_PENDING
        jz      %%idle
        pause
        dec     ecx
        jnz     %%wait
        jmp     %2
%%idle:
%endmacro

; void patch_xapic(...), data = struct apic_data
PATCHER patch_xapic, send_ipi_xapic
        mov     r8, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, r8
        ret

; void send_ipi(struct syspage_entry *rdi, unsigned cpu esi, unsigned cmd edx,
;               unsigned *ipicmds rcx)
;
; Ordering: the command is visible before the interrupt is sent.
CALLOUT_START send_ipi_xapic, 0, patch_xapic
        LOAD_PATCHED r8, .lapic
        mov     esi, esi                ; the index is 32 bits wide
        lock or [rcx + rsi * 4], edx
        mov     eax, [rdi + SYSPAGE_CPUINFO]
        add     rax, rdi
        imul    rsi, rsi, CPUINFO_SIZE
        mov     esi, [rax + rsi + CPUINFO_APIC_ID]
        shl     esi, LAPIC_ID_SHIFT
        ICR_WAIT r8, .late
.late:                                  ; sent anyway: it replaces the stuck one
        mov     [r8 + LAPIC_ICR_HIGH], esi
        mov     dword [r8 + LAPIC_ICR_LOW], \
                ICR_ASSERT | VECTOR_LAPIC + LAPIC_IPI
        ret
CALLOUT_END send_ipi_xapic

; int start_cpu(struct syspage_entry *rdi, unsigned cpu esi,
;               uint64_t paddr rdx, unsigned step ecx): step 0 sends INIT, 1
; the startup IPI for the page at paddr, below 1 MiB; 0, or -1 when the IPI
; does not leave. The times between the steps are the caller's.
CALLOUT_START start_cpu_xapic, 0, patch_xapic
        LOAD_PATCHED r8, .lapic
        mov     r9d, ICR_ASSERT | ICR_INIT
        cmp     ecx, STEP_INIT
        je      .send
        shr     rdx, PAGE_SHIFT
        lea     r9d, [rdx + (ICR_ASSERT | ICR_STARTUP)]
.send:
        mov     esi, esi
        mov     eax, [rdi + SYSPAGE_CPUINFO]
        add     rax, rdi
        imul    rsi, rsi, CPUINFO_SIZE
        mov     esi, [rax + rsi + CPUINFO_APIC_ID]
        shl     esi, LAPIC_ID_SHIFT
        ICR_WAIT r8, .late
        mov     [r8 + LAPIC_ICR_HIGH], esi
        mov     [r8 + LAPIC_ICR_LOW], r9d
        ICR_WAIT r8, .late
        xor     eax, eax
        ret
.late:
        or      eax, -1
        ret
CALLOUT_END start_cpu_xapic

; void init_cpu(struct syspage_entry *rdi): enable this CPU's local APIC; its
; timer stays masked, LINT1 is NMI, LINT0 (the 8259s) is for the boot CPU, if for
; anyone.
CALLOUT_START init_cpu_xapic, 0, patch_init_cpu_xapic
        LOAD_PATCHED r8, .lapic
        mov     dword [r8 + LAPIC_SVR], LAPIC_SVR_ENABLE | VECTOR_SPURIOUS
        mov     dword [r8 + LAPIC_TPR], 0
        mov     dword [r8 + LAPIC_LVT_TIMER], \
                LAPIC_LVT_MASKED | VECTOR_LAPIC + LAPIC_TIMER
        mov     dword [r8 + LAPIC_LVT_LINT0], LAPIC_LVT_MASKED
        mov     eax, [rdi + SYSPAGE_CPUINFO]    ; entry 0 is the boot CPU
        mov     eax, [rdi + rax + CPUINFO_APIC_ID]
        mov     ecx, [r8 + LAPIC_ID]
        shr     ecx, LAPIC_ID_SHIFT
        cmp     eax, ecx
        jne     .other
        LOAD_PATCHED ecx, .lint0
        mov     [r8 + LAPIC_LVT_LINT0], ecx
.other:
        mov     dword [r8 + LAPIC_LVT_LINT1], LAPIC_LVT_NMI
        mov     dword [r8 + LAPIC_LVT_ERROR], VECTOR_LAPIC + LAPIC_ERROR
        mov     dword [r8 + LAPIC_ESR], 0
        mov     dword [r8 + LAPIC_EOI], 0
        ret
CALLOUT_END init_cpu_xapic

; void patch_init_cpu_xapic(...), data = struct apic_data
PATCHER patch_init_cpu_xapic, init_cpu_xapic
        mov     rcx, [r8 + APIC_DATA_VADDR]
        PATCH   .lapic, rcx
        mov     ecx, [r8 + APIC_DATA_LINT0]
        PATCH   .lint0, ecx
        ret

        section .note.GNU-stack noalloc noexec nowrite progbits
