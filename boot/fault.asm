; SPDX-License-Identifier: MIT
; Exceptions in startup: each becomes one line on the console, never a silent
; reset. Nothing in startup is meant to fault but what fault_try calls.
%include "offsets.inc"
%include "kernel/base/func.inc"
        default rel
        extern  fault_report

; Intel SDM volume 3, "Interrupt and Exception Vectors": which push an error
; code.
%define HAS_ERROR_CODE(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 \
        || (v) == 21 || (v) == 29 || (v) == 30)

GATE_INTERRUPT          equ 0x8e00      ; present, ring 0, interrupt gate
STUB_SIZE               equ 16
GATE_SIZE               equ 16

        section .text

; The stubs: struct fault_frame on the stack.
        align   STUB_SIZE
fault_stubs:
%assign vector 0
%rep NUM_EXCEPTIONS
        align   STUB_SIZE
%if !HAS_ERROR_CODE(vector)
        push    0
%endif
        push    vector
        jmp     fault_common
%assign vector vector + 1
%endrep

fault_common:
        cmp     qword [fault_catch], 0
        jne     .caught
        mov     rdi, rsp
        and     rsp, -16
        cld
        call    fault_report
        ud2
.caught:
        mov     rsi, rsp
        mov     rsp, [fault_catch]
        mov     rdi, [rsp]
        mov     ecx, FAULT_FRAME_SIZE / 8
        cld
        rep movsq
        xor     eax, eax
        jmp     fault_try.out

; fault_try - call a function that may fault
;
; Entry   rdi = function, rsi = its six arguments, rdx = struct fault_frame
; Exit    al = 1 if it came back; 0 if it faulted, and *rdx is filled in
; Clobber as a function in C
; Stack   whatever the function left on it is gone
FUNC fault_try
        push    rbx
        push    rbp
        push    r12
        push    r13
        push    r14
        push    r15
        push    rdx                     ; 16-byte aligned at the call
        mov     [fault_catch], rsp
        mov     rax, rdi
        mov     rdi, [rsi]
        mov     rdx, [rsi + 16]
        mov     rcx, [rsi + 24]
        mov     r8, [rsi + 32]
        mov     r9, [rsi + 40]
        mov     rsi, [rsi + 8]
        call    rax
        mov     eax, 1
.out:
        mov     rsp, [fault_catch]
        mov     qword [fault_catch], 0
        cld
        pop     rdx
        pop     r15
        pop     r14
        pop     r13
        pop     r12
        pop     rbp
        pop     rbx
        ret
ENDFUNC fault_try

; fault_init - fill in the IDT and load it
;
; Clobber rax rcx rdx
FUNC fault_init
        lea     rax, [fault_stubs]
        lea     rdx, [fault_idt]
        mov     ecx, NUM_EXCEPTIONS
.gate:
        mov     [rdx], ax               ; offset 15..0
        mov     word [rdx + 2], KERNEL_CS
        mov     word [rdx + 4], GATE_INTERRUPT
        push    rax
        shr     rax, 16
        mov     [rdx + 6], ax           ; offset 31..16; the rest is 0
        pop     rax
        add     rax, STUB_SIZE
        add     rdx, GATE_SIZE
        dec     ecx
        jnz     .gate
        lidt    [fault_idt_pointer]
        ret
ENDFUNC fault_init

        section .rodata
fault_idt_pointer:
        dw      NUM_EXCEPTIONS * GATE_SIZE - 1
        dq      fault_idt

        section .bss align=16
fault_idt:
        resb    NUM_EXCEPTIONS * GATE_SIZE
fault_catch:                            ; rsp in fault_try, 0: not there
        resq    1

        section .note.GNU-stack noalloc noexec nowrite progbits
