; SPDX-License-Identifier: MIT
; The pieces that boot/weave.c makes interrupt entry code of. They are copied,
; never executed here. Each is a record: size, offset of the 32-bit immediate or
; displacement to fill in (0: none), code.
;
; An entry and its group's body, as they come out:
;
;       entry_save      struct regs on the stack
;       entry_level     eax = which entry of the group this is
;       entry_jump      to the body
;
;       body_enter      kernel's gs base, direction flag
;       body_clac       where the processor has SMAP
;       load_...        what the id stub's genflags ask for
;       count           of the stub that follows
;       (id)            eax = vector in the group, -1 spurious
;       body_vector     rdi = struct regs, esi = the system's vector number
;       body_dispatch   call the kernel
;       body_spurious   no end of interrupt for one that wasn't
;       load_...        what the eoi stub's genflags ask for
;       count
;       (eoi)
;       body_exit       jump to the kernel's way out, rsp = struct regs
%include "offsets.inc"
%include "kernel/base/regs.inc"

; What is to be filled in.
PATTERN         equ 0x5a5a5a5a
SPURIOUS        equ -1
CPL_MASK        equ 3                   ; of a code selector

%macro PIECE 1
        align   8, db 0
        global  weave_%1
weave_%1:
        dd      .end - .code
        dd      .site - .code
.code:
%endmacro

%macro PIECE_END 0
.end:
%endmacro

        section .rodata

; The processor has aligned the stack to 16 bytes and pushed ss, rsp, rflags,
; cs, rip; with these fifteen the frame is complete, and its size keeps the
; alignment.
PIECE entry_save
        push    r15
        push    r14
        REGS_PUSH_REST
.site equ .code
PIECE_END

PIECE entry_level
        mov     eax, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE entry_jump
        db      0xe9                    ; jmp near
        dd      PATTERN
.site equ $ - 4
PIECE_END

PIECE body_enter
        test    byte [rsp + REG_CS], CPL_MASK
        jz      .kernel
        swapgs
.kernel:
        cld
.site equ .code
PIECE_END

PIECE body_clac
        clac
.site equ .code
PIECE_END

; INTR_GENFLAG_LOAD_SYSPAGE
PIECE load_syspage
        mov     rbx, strict dword PATTERN
.site equ $ - 4
PIECE_END

; INTR_GENFLAG_LOAD_INTRINFO
PIECE load_intrinfo
        mov     rcx, strict dword PATTERN
.site equ $ - 4
PIECE_END

; INTR_GENFLAG_LOAD_LEVEL, for id: eax still has it. For eoi:
PIECE load_level
        mov     eax, r12d
.site equ .code
PIECE_END

; INTR_GENFLAG_LOAD_CPUNUM
PIECE load_cpunum
        mov     esi, [gs:abs PERCPU_CPU_ID]
.site equ .code
PIECE_END

; before an id or an eoi: the stub counts itself in callout_info
PIECE count
        lock inc qword [abs dword PATTERN]
.site equ $ - 4
PIECE_END

PIECE body_vector
        mov     r12d, eax               ; kept across the call
        lea     esi, [dword rax + PATTERN]
.site equ $ - 4
        cmp     eax, SPURIOUS
        cmove   esi, eax
        mov     rdi, rsp
PIECE_END

PIECE body_dispatch
        call    [abs dword PATTERN]
.site equ $ - 4
PIECE_END

PIECE body_spurious
        cmp     r12d, SPURIOUS
        db      0x0f, 0x84              ; je near
        dd      PATTERN
.site equ $ - 4
PIECE_END

PIECE body_exit
        jmp     [abs dword PATTERN]
.site equ $ - 4
PIECE_END

        section .note.GNU-stack noalloc noexec nowrite progbits
