; SPDX-License-Identifier: MIT
; The pieces that boot/weave.c makes interrupt entry code of. They are copied,
; never executed here. Each is a record: size, offset of the 32-bit immediate or
; displacement to fill in (0: none), code.
;
; An entry and the body that it leads to, as they come out:
;
;       entry_save      struct regs on the stack
;       entry_level     eax = which entry of the group this is
;       jump            to the body
;
;       body_enter      kernel's gs base, direction flag
;       body_clac       where the processor has SMAP
;       body_stamp      the clock, on a CPU whose sections are measured
;       (level)         of the root group, as below
;       body_exit       jump to the kernel's way out, rsp = struct regs
;
; A level, that is a group with all that hangs below it:
;
;       level_enter     room for its words, eax = the level that it is given
; again:load_...        what the id stub's genflags ask for
;       count           of the stub that follows
;       (id)            eax = vector in the group, -1 spurious
;       level_found     keep it
;       level_check     nothing found: to none (not with NOGLITCH)
;
;       child_match     for each group below: is it this vector?
;       (level)         then its level, and to eoi, or past it where the
;                       child's end of interrupt is the parent's as well
;
;       dispatch_...    call the kernel
; eoi:  load_...        what the eoi stub's genflags ask for
;       count
;       (eoi)
;       level_again     with ID_LOOP: to again, at most so many times
;       level_leave
;
; none: level_ended     past the first turn it is only the end of the loop
;       dispatch_...    tell the kernel, which counts; there is no end of
;       level_leave     interrupt for one that wasn't
;
; The words of the levels are on the stack, and rbp is left alone for backtraces,
; so a stub may use every register but rsp and rbp.
%include "offsets.inc"
%include "kernel/base/regs.inc"

; What is to be filled in.
PATTERN         equ 0x5a5a5a5a
CPL_MASK        equ 3                   ; of a code selector

; A level's words on the stack.
LEVEL_VECTOR    equ 0                   ; what id found
LEVEL_GIVEN     equ 4                   ; what its id is told
LEVEL_TURN      equ 8                   ; of ID_LOOP, from 0

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

PIECE jump
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

; smp/irqs_off.h; eax is kept for the level.
PIECE body_stamp
        mov     rcx, [gs:abs PERCPU_IRQS_OFF]
        test    rcx, rcx
        jz      .off
        mov     ebx, eax
        rdtsc
        mov     [rcx + IRQS_OFF_ENTERED], eax
        mov     [rcx + IRQS_OFF_ENTERED + 4], edx
        mov     eax, ebx
.off:
.site equ .code
PIECE_END

PIECE body_exit
        jmp     [abs dword PATTERN]
.site equ $ - 4
PIECE_END

; --- a level ------------------------------------------------------------------

PIECE level_enter
        sub     rsp, WEAVE_LEVEL_SIZE
        mov     [rsp + LEVEL_GIVEN], eax
        mov     dword [rsp + LEVEL_TURN], 0
.site equ .code
PIECE_END

PIECE level_found
        mov     [rsp + LEVEL_VECTOR], eax
.site equ .code
PIECE_END

; What is not a vector of the group is -1, or nonsense that harms nobody then.
PIECE level_check
        cmp     eax, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE jump_if_above_or_equal
        db      0x0f, 0x83              ; jae near
        dd      PATTERN
.site equ $ - 4
PIECE_END

PIECE jump_if_not_equal
        db      0x0f, 0x85              ; jne near
        dd      PATTERN
.site equ $ - 4
PIECE_END

PIECE jump_if_below
        db      0x0f, 0x82              ; jb near
        dd      PATTERN
.site equ $ - 4
PIECE_END

PIECE child_match
        mov     eax, [rsp + LEVEL_VECTOR]
        cmp     eax, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE level_again
        inc     dword [rsp + LEVEL_TURN]
        cmp     dword [rsp + LEVEL_TURN], INTR_ID_LOOP_MAX
.site equ .code
PIECE_END

PIECE level_ended
        cmp     dword [rsp + LEVEL_TURN], 0
.site equ .code
PIECE_END

PIECE level_leave
        add     rsp, WEAVE_LEVEL_SIZE
.site equ .code
PIECE_END

; --- what a stub finds in registers -------------------------------------------

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

; INTR_GENFLAG_LOAD_LEVEL, for id and for eoi.
PIECE load_given
        mov     eax, [rsp + LEVEL_GIVEN]
.site equ .code
PIECE_END

PIECE load_vector
        mov     eax, [rsp + LEVEL_VECTOR]
.site equ .code
PIECE_END

; INTR_GENFLAG_LOAD_INTRMASK: from the group's table of mask counts.
PIECE load_intrmask
        mov     edx, [rsp + LEVEL_VECTOR]
        mov     edx, [dword rdx * 4 + PATTERN]
.site equ $ - 4
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

; --- the kernel's part --------------------------------------------------------

PIECE dispatch_found
        mov     esi, [rsp + LEVEL_VECTOR]
        add     esi, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE dispatch_other
        mov     esi, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE dispatch_group
        mov     edx, strict dword PATTERN
.site equ $ - 4
PIECE_END

PIECE dispatch_frame
        lea     rdi, [dword rsp + PATTERN]
.site equ $ - 4
PIECE_END

PIECE dispatch_call
        call    [abs dword PATTERN]
.site equ $ - 4
PIECE_END

        section .note.GNU-stack noalloc noexec nowrite progbits
