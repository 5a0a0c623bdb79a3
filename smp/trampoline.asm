; SPDX-License-Identifier: MIT
; trampoline - the first instructions of an application processor
;
; The boot CPU copies this code to a page below 1 MiB, fills in the mailbox and
; sends INIT and SIPI (smp/bringup.c). All CPUs may run here at once: nothing in
; the page is written after that.
;
; Entry   real mode, cs = page >> 4, ip = 0, interrupts off
; Exit    bringup_entry in long mode, on the mailbox's page tables
;
; Position-free: every address is label - trampoline_start, relative to cs.
%include "offsets.inc"
%include "kernel/base/func.inc"

CR0_PE          equ 1 << 0
CR0_PG          equ 1 << 31
CR4_PAE         equ 1 << 5
EFER_LME        equ 1 << 8
%define MAILBOX(member) trampoline_mailbox - trampoline_start + member

        section .rodata
        align   16
        global  trampoline_start, trampoline_end, trampoline_mailbox
        global  trampoline_gdt, trampoline_gdt_end, trampoline_long
        bits    16
trampoline_start:
        cli
        cld
        mov     ax, cs
        mov     ds, ax
        o32 lgdt [MAILBOX(TRAMPOLINE_GDT_LIMIT)]
        ; Straight from real to long mode: PE and PG at once.
        mov     eax, CR4_PAE
        mov     cr4, eax
        mov     eax, [MAILBOX(TRAMPOLINE_CR3)]
        mov     cr3, eax
        mov     ecx, MSR_EFER
        mov     eax, [MAILBOX(TRAMPOLINE_EFER)]
        and     eax, ~(1 << 10)         ; LMA is the processor's to set
        or      eax, EFER_LME
        xor     edx, edx
        wrmsr
        mov     eax, CR0_PE | CR0_PG | CR0_WP
        mov     cr0, eax
        jmp     far dword [MAILBOX(TRAMPOLINE_LONG_MODE)]

        bits    64
trampoline_long:
        jmp     [rel trampoline_mailbox]

        align   8
trampoline_gdt:
        dq      0
        ; TRAMPOLINE_CODE64: code, L bit. Accessed already: the processor would
        ; set it, but the page is mapped read-only.
        dq      0x00209b0000000000
trampoline_gdt_end:

        align   8
trampoline_mailbox:
        times TRAMPOLINE_MAILBOX_SIZE db 0
trampoline_end:

        section .text
        extern  bringup_apic_ids, bringup_num_cpus, bringup_kernel_root
        extern  bringup_ap, bringup_spin, bringup_stay

; bringup_entry - find out which CPU this is, and get its stack
;
; Entry   long mode, trampoline's page tables and GDT, no stack
; Exit    bringup_ap(cpu) on the idle stack, kernel page tables, gs base set
FUNC bringup_entry
        ; My APIC ID: leaf 0bh has all of it, leaf 1 its lower 8 bits.
        xor     eax, eax
        cpuid
        cmp     eax, 0x0b
        jb      .leaf1
        mov     eax, 0x0b
        xor     ecx, ecx
        cpuid
        test    ebx, ebx
        jnz     .search
.leaf1: mov     eax, 1
        cpuid
        shr     ebx, 24
        mov     edx, ebx
.search:
        mov     rcx, [bringup_kernel_root]
        mov     cr3, rcx                ; the tables so far are given back
        xor     eax, eax
.next:  cmp     eax, [bringup_num_cpus]
        jae     .park
        mov     ecx, eax
        cmp     [bringup_apic_ids + rcx * 4], edx
        je      .found
        inc     eax
        jmp     .next
.found: mov     edi, eax
        imul    rax, rax, PERCPU_STRIDE
        lea     rsp, [rax + PERCPU_VADDR + PERCPU_IDLE_STACK_TOP]
        add     rax, PERCPU_VADDR + PERCPU_BLOCK_OFFSET
        mov     rdx, rax
        shr     rdx, 32
        mov     ecx, MSR_GS_BASE
        wrmsr
        xor     ebp, ebp
        call    bringup_ap
.park:  mov     rdi, SYSPAGE_VADDR      ; nobody's number, and no stack
        lea     rsi, [bringup_stay]
        jmp     [bringup_spin]
ENDFUNC bringup_entry

        section .note.GNU-stack noalloc noexec nowrite progbits
