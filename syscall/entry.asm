; SPDX-License-Identifier: MIT
; The gate: where SYSCALL lands (docs/abi.md; design.md, section 6).
;
; There are two entries, and LSTAR chooses: gate_entry, bare, and
; gate_entry_measured, which leaves a receipt of each call. Interrupts are off
; from SYSCALL to SYSRET (SFMASK). The stack is this CPU's gate stack, whose top
; is the CPU's own block, which begins with the caller's frame:
;
;       gs:0    -> struct regs          the frame, given to the callout
;       rsp     -> gs:0                 at the call of the callout
;       gs:-8      return address, then RFLAGS as the callout left them
;
; The frame's cs and ss are preset. rcx and r11, which SYSCALL has destroyed,
; are not written: a callout finds the caller's rip and rflags in their places.
;
; Nothing here is decided that a bound slot can know: gate_slots has for each
; slot the callout itself, or a thunk that checks types and takes the lock
; (bind.c), or a stub that refuses.
%include "offsets.inc"
%include "kernel/base/func.inc"
%include "smp/irqs_off.inc"
%include "syscall/stamp.inc"
        extern  call_dispatch, gate_misuse, gate_refuse, gate_fold, trap_exit
        extern  gate_slots, gate_slots_measured

; What must not be set in RFLAGS as the callout left them, nor in the frame's
; (where IF must be set). An address of the kernel has bit 31 set: if it is one
; that stands in the place of RFLAGS, the stack was unbalanced.
FLAGS_FORBIDDEN equ RFLAGS_IF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | 1 << 31
; A user address has nothing above this in its bits 40..63.
USER_TOP_BITS   equ 0x7f
; The bytes 5..12 of two neighbors in the frame: bits 40..63 of the first, and
; from bit 24 on the selector.
SELECTOR_SHIFT  equ 24

        section .text

; GATE_SAVE - to the gate stack, with the caller's registers in the frame
;
; Entry   as SYSCALL leaves it: rcx = rip, r11 = rflags, user rsp and gs
; Exit    rsp = the frame, kernel gs
%macro GATE_SAVE 0
        swapgs
        mov     [gs:REG_RSP], rsp
        mov     rsp, [gs:PERCPU_SELF]
        mov     [rsp + REG_RDI], rdi
        mov     [rsp + REG_RSI], rsi
        mov     [rsp + REG_RDX], rdx
        mov     [rsp + REG_R10], r10
        mov     [rsp + REG_R8], r8
        mov     [rsp + REG_R9], r9
        mov     [rsp + REG_RAX], rax
        mov     [rsp + REG_RBX], rbx
        mov     [rsp + REG_RBP], rbp
        mov     [rsp + REG_R12], r12
        mov     [rsp + REG_R13], r13
        mov     [rsp + REG_R14], r14
        mov     [rsp + REG_R15], r15
        mov     [rsp + REG_RIP], rcx
        mov     [rsp + REG_RFLAGS], r11
%endmacro

; GATE_SLOT - rax = slot, or to an ordinary call
;
; Unless the lower half of rax is SYS_CUSTOM exactly, the difference has bits in
; what becomes the upper half: one comparison tells both that it is no custom
; call and that there is no such slot.
%macro GATE_SLOT 0
        sub     rax, SYS_CUSTOM
        ror     rax, 32
        cmp     rax, CALLOUT_SLOTS
        jae     ordinary
%endmacro

; GATE_CALL table - call slot rax with the callout's three arguments
%macro GATE_CALL 1
        mov     rdx, rsp
        mov     esi, [gs:PERCPU_TYPE_ID]
        mov     rdi, SYSPAGE_VADDR
        call    [%1 + rax * 8]
%endmacro

; GATE_CHECK - is what the callout left fit for SYSRET? If not, to refused
;
; Entry   rsp = the frame if the stack is balanced
; Exit    rcx = rip, r11 = rflags; rdx, rdi changed
;
; rip must be a user address because SYSRET to a non-canonical one faults in
; ring 0 on Intel's processors (SDM volume 2, "SYSRET").
%macro GATE_CHECK 0
        pushfq
        mov     rcx, [gs:REG_RIP]
        mov     r11, [gs:REG_RFLAGS]
        lea     edx, [r11 - RFLAGS_IF]
        or      edx, [gs:-8]
        and     edx, FLAGS_FORBIDDEN
        mov     rdi, [gs:REG_RIP + 5]
        sub     rdi, USER_CS << SELECTOR_SHIFT
        or      rdx, rdi
        mov     rdi, [gs:REG_RSP + 5]
        sub     rdi, USER_SS << SELECTOR_SHIFT
        or      rdx, rdi
        cmp     rdx, USER_TOP_BITS
        ja      refused
%endmacro

; GATE_LEAVE - back to the caller, or where the frame says
;
; Entry   rax = result, rcx = rip, r11 = rflags
%macro GATE_LEAVE 0
        mov     rdi, [gs:REG_RDI]
        mov     rsi, [gs:REG_RSI]
        mov     rdx, [gs:REG_RDX]
        mov     r10, [gs:REG_R10]
        mov     r8, [gs:REG_R8]
        mov     r9, [gs:REG_R9]
        mov     rbx, [gs:REG_RBX]
        mov     rbp, [gs:REG_RBP]
        mov     r12, [gs:REG_R12]
        mov     r13, [gs:REG_R13]
        mov     r14, [gs:REG_R14]
        mov     r15, [gs:REG_R15]
        mov     rsp, [gs:REG_RSP]
        swapgs
        o64 sysret
%endmacro

; gate_entry - LSTAR while tolls are off
;
; Entry   SYSCALL's: rax = slot << 32 | 106, or another call's number; rdi rsi
;         rdx r10 r8 r9 = arguments; rcx = rip, r11 = rflags
; Exit    SYSRET: rax = result; rcx, r11 lost; all else kept, unless the callout
;         changed the frame
; Stack   switches to this CPU's gate stack
        align   64
FUNC gate_entry
        GATE_SAVE
        GATE_SLOT
        GATE_CALL gate_slots
        GATE_CHECK
        GATE_LEAVE
ENDFUNC gate_entry

; gate_entry_measured - LSTAR while tolls are on
;
; As gate_entry, and leaves a receipt. The thunk says what was called, fills in
; what happens at the lock, and the result (thunks.asm), and makes the receipt
; count; that of a call that was refused is overwritten by the next one.
;
; Keeps   r15 = receipt, which callouts keep like any C function
        align   64
FUNC gate_entry_measured
        GATE_SAVE
        mov     r15, [gs:PERCPU_RECEIPT]
        STAMP_FIRST RECEIPT_ARRIVED
        mov     [r15 + RECEIPT_RIP], rcx
        mov     rax, [rsp + REG_RAX]
        GATE_SLOT
        GATE_CALL gate_slots_measured
        STAMP_TO RECEIPT_LEFT
        GATE_CHECK
        mov     rax, [r15 + RECEIPT_RESULT]
        cmp     r15, [gs:PERCPU_RECEIPTS_FOLD]
        jae     fold
        GATE_LEAVE
ENDFUNC gate_entry_measured

; TO_KERNEL_STACK - to the thread's kernel stack, with a copy of the frame at
; its top
;
; Entry   the frame is complete but for rcx and r11
; Exit    rdi = rsp = struct regs, 16-byte aligned
%macro TO_KERNEL_STACK 0
        mov     rsi, [gs:PERCPU_SELF]
        mov     rdi, [gs:PERCPU_KERNEL_RSP]
        sub     rdi, REGS_SIZE
        mov     rsp, rdi
        mov     ecx, REGS_SIZE / 8
        rep movsq
        mov     rdi, rsp
        mov     rcx, [rdi + REG_RIP]
        mov     [rdi + REG_RCX], rcx
        mov     rcx, [rdi + REG_RFLAGS]
        mov     [rdi + REG_R11], rcx
%endmacro

; ordinary - every other call: on the thread's kernel stack, interrupts on
ordinary:
        IRQS_OFF_BEGIN TOLL_SECTION_CALL
        TO_KERNEL_STACK
        xor     ebp, ebp                ; backtraces end here
        IRQS_OFF_END
        mov     rdi, rsp
        sti
        call    call_dispatch
        jmp     trap_exit

; fold - enough receipts are there: count them outside of the path
;
; Entry   rax = the call's result; the frame is checked
fold:
        mov     [gs:REG_RAX], rax
        cld                             ; whatever the callout left
        mov     rsp, [gs:PERCPU_SELF]
        IRQS_OFF_BEGIN TOLL_SECTION_FOLD
        TO_KERNEL_STACK
        xor     ebp, ebp
        IRQS_OFF_END
        mov     rdi, rsp
        sti
        call    gate_fold
        jmp     trap_exit

; refused - what a callout left is not fit for ring 3
;
; Entry   rsp = where the callout left it, flags as it left them; at gs:-8 its
;         flags, or the return address if the stack was unbalanced
refused:
        cli
        cld
        mov     r12, [gs:-8]
        mov     rsp, [gs:PERCPU_SELF]
        IRQS_OFF_BEGIN TOLL_SECTION_REFUSED
        TO_KERNEL_STACK
        mov     qword [gs:REG_CS], USER_CS
        mov     qword [gs:REG_SS], USER_SS
        xor     ebp, ebp
        IRQS_OFF_END
        mov     rdi, rsp
        mov     rsi, r12
        sti
        call    gate_refuse
        jmp     trap_exit

; gate_misused - a callout that guards itself has done so wrongly; the lock may
; be held
;
; Entry   esi = enum guard_misuse
FUNC gate_misused
        cld
        mov     r12d, esi
        TO_KERNEL_STACK
        mov     esi, r12d
        xor     ebp, ebp
        call    gate_misuse             ; a panic
ENDFUNC gate_misused

; gate_compat - CSTAR: SYSCALL from 32-bit code, which does not exist here (the
; GDT has no 32-bit user segment): should it ever arrive, it is an unknown call
FUNC gate_compat
        mov     rax, -ENOSYS
        o64 sysret
ENDFUNC gate_compat

; gate_empty - the slot is not bound
FUNC gate_empty
        mov     rax, -ENOSYS
        ret
ENDFUNC gate_empty

; gate_empty_measured, gate_fenced_measured - with the result in the receipt
FUNC gate_empty_measured
        mov     qword [r15 + RECEIPT_RESULT], -ENOSYS
        ret
ENDFUNC gate_empty_measured

FUNC gate_fenced_measured
        mov     qword [r15 + RECEIPT_RESULT], -ENOTRECOVERABLE
        ret
ENDFUNC gate_fenced_measured

; gate_fenced - the slot is fenced off
FUNC gate_fenced
        mov     rax, -ENOTRECOVERABLE
        ret
ENDFUNC gate_fenced

        section .note.GNU-stack noalloc noexec nowrite progbits
