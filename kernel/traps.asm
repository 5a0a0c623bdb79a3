; SPDX-License-Identifier: MIT
; Exceptions: every stub leaves a struct regs on the stack, vector and error
; code in r14 and r15. Interrupts have entry code of their own, which startup
; weaves (boot/weave.c) and which ends in trap_exit as well.
%include "offsets.inc"
%include "kernel/base/func.inc"
%include "kernel/base/regs.inc"
%include "smp/irqs_off.inc"
        extern  trap_handle, before_user, trap_has_smap

; The exceptions that push an error code (Intel SDM volume 3, "Exception and
; Interrupt Reference").
%define HAS_ERROR_CODE(v) ((v) == 8 || ((v) >= 10 && (v) <= 14) || (v) == 17 || (v) == 21 || (v) == 29 || (v) == 30)
; Those with a stack of their own (smp/percpu.h), wherever they land.
%define HAS_IST(v) ((v) == 1 || (v) == VECTOR_NMI || (v) == VECTOR_DOUBLE_FAULT || (v) == VECTOR_MACHINE_CHECK)

        section .text

; CLAC, where the CPU has SMAP.
%macro CLEAR_AC 0
        cmp     byte [trap_has_smap], 0
        je      %%none
        clac
%%none:
%endmacro

%assign vector 0
%rep NUM_EXCEPTIONS
trap_stub_ %+ vector:
%if HAS_ERROR_CODE(vector)
        xchg    r15, [rsp]              ; the error code's place is r15's
%else
        push    r15
        xor     r15d, r15d
%endif
        push    r14
        mov     r14d, vector
%if HAS_IST(vector)
        jmp     trap_ist
%else
        jmp     trap_common
%endif
%assign vector vector + 1
%endrep

; trap_common - an exception on the current thread's kernel stack
;
; Entry   r14 = vector, r15 = error code, theirs pushed
trap_common:
        REGS_PUSH_REST
        test    byte [rsp + REG_CS], 3
        jz      .kernel
        swapgs
.kernel:
        cld
        CLEAR_AC
        mov     rdi, rsp
        mov     esi, r14d
        mov     edx, r15d
        call    trap_handle

; trap_exit - back to what was interrupted
;
; Entry   rsp = struct regs, kernel gs base
global trap_exit
trap_exit:
        test    byte [rsp + REG_CS], 3
        jz      .kernel
        cli
        IRQS_OFF_GO_ON TOLL_SECTION_EXIT
        mov     rdi, rsp
        call    before_user
        IRQS_OFF_END
        swapgs
        REGS_POP
        iretq
.kernel:
        IRQS_OFF_END_BY_FRAME
        REGS_POP
        iretq

; trap_return - leave to ring 3 for the first time
;
; Entry   rdi = struct regs at the top of the thread's kernel stack, interrupts
;         off
FUNC trap_return
        mov     rsp, rdi
        jmp     trap_exit
ENDFUNC trap_return

; trap_ist - NMI, #DF, #MC, #DB, which may come between SYSCALL and SWAPGS
;
; Entry   on the vector's own stack; r14 = vector, r15 = error code
;
; From ring 3 it goes on like any other, on the thread's kernel stack, but for an
; NMI, which only counts: a switch to another thread in it would keep NMIs
; blocked until some IRETQ. Otherwise the gs base may be anyone's: its sign
; tells, since no program can set a negative one.
trap_ist:
        REGS_PUSH_REST
        cmp     r14d, VECTOR_NMI
        je      .here
        test    byte [rsp + REG_CS], 3
        jnz     .user
.here:  mov     ecx, MSR_GS_BASE
        rdmsr
        xor     ebx, ebx
        test    edx, edx
        js      .mine
        swapgs
        inc     ebx                     ; to be swapped back
.mine:  cld
        CLEAR_AC
        mov     rdi, rsp
        mov     esi, r14d
        mov     edx, r15d
        call    trap_handle
        IRQS_OFF_END_BY_FRAME
        test    ebx, ebx
        jz      .out
        swapgs
.out:   REGS_POP
        iretq
.user:  swapgs
        cld
        CLEAR_AC
        mov     rsi, rsp
        mov     rdi, [gs:PERCPU_KERNEL_RSP]
        sub     rdi, REGS_SIZE
        mov     rdx, rdi
        mov     ecx, REGS_SIZE / 8
        rep movsq
        mov     rsp, rdx
        mov     rdi, rdx
        mov     esi, r14d
        mov     edx, r15d
        call    trap_handle
        jmp     trap_exit

        section .rodata
; The stubs' addresses, by vector.
        global  trap_stubs:data (trap_stubs.end - trap_stubs)
trap_stubs:
%assign vector 0
%rep NUM_EXCEPTIONS
        dq      trap_stub_ %+ vector
%assign vector vector + 1
%endrep
.end:

        section .note.GNU-stack noalloc noexec nowrite progbits
