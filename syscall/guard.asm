; SPDX-License-Identifier: MIT
; For callouts that guard only part of their work, by RESOURCE_LOCK and
; RESOURCE_UNLOCK of callouts/callout.inc: calls through the per-CPU block, which
; lead here.
;
; The lock is taken by a thunk like any slot's (thunks.asm), bare or measured, of
; whatever kind; only that its callout is the guarded part: it calls
; gate_guard_inside, which keeps where the thunk is to go on and returns to the
; callout instead, and gate_guard_release goes on there.
;
;       in the callout, after RESOURCE_LOCK     rsp -> as it was
;       in the thunk                            rsp -> return address
;                                                      8 bytes
;                                                      return into the callout
;
; Both keep all registers but rax, rcx, r8 to r11 and the flags.
%include "offsets.inc"
%include "kernel/base/func.inc"
        extern  gate_misused

        section .text

; MISUSED how - say what the callout did wrong; does not come back
%macro MISUSED 1
        mov     esi, %1
        jmp     gate_misused
%endmacro

; GUARD_SAVE, GUARD_RESTORE - the callout's registers that a thunk may change
%macro GUARD_SAVE 0
        mov     [gs:abs PERCPU_GUARD_R15], r15
        mov     [gs:abs PERCPU_GUARD_RSI], rsi
        mov     [gs:abs PERCPU_GUARD_RDX], rdx
        mov     r15, [gs:abs PERCPU_RECEIPT]
%endmacro
%macro GUARD_RESTORE 0
        mov     r15, [gs:abs PERCPU_GUARD_R15]
        mov     rsi, [gs:abs PERCPU_GUARD_RSI]
        mov     rdx, [gs:abs PERCPU_GUARD_RDX]
%endmacro

; gate_guard_take - what RESOURCE_LOCK calls
;
; Exit    the lock is held
; Clobber rax, rcx, r8 to r11, flags
FUNC gate_guard_take
        cmp     dword [gs:abs PERCPU_GUARD_STATE], GUARD_BEFORE
        jne     .twice
        GUARD_SAVE
        mov     esi, [gs:abs PERCPU_TYPE_ID] ; as at the call of a callout
        jmp     [gs:abs PERCPU_GUARD_THUNK]
.twice: MISUSED GUARD_TWICE
ENDFUNC gate_guard_take

; gate_guard_inside - the callout of a thunk that takes the lock for another one
;
; Exit    to the callout, behind its RESOURCE_LOCK
FUNC gate_guard_inside
        pop     qword [gs:abs PERCPU_GUARD_RESUME]
        add     rsp, 8
        GUARD_RESTORE
        mov     dword [gs:abs PERCPU_GUARD_STATE], GUARD_HELD
        ret
ENDFUNC gate_guard_inside

; gate_guard_release - what RESOURCE_UNLOCK calls
;
; Entry   the lock is held
; Clobber rax, rcx, r8 to r11, flags
FUNC gate_guard_release
        cmp     dword [gs:abs PERCPU_GUARD_STATE], GUARD_HELD
        jne     .not_held
        GUARD_SAVE
        call    .resume
        GUARD_RESTORE
        mov     dword [gs:abs PERCPU_GUARD_STATE], GUARD_AFTER
        ret
.resume:
        sub     rsp, 8
        jmp     [gs:abs PERCPU_GUARD_RESUME]
.not_held:
        MISUSED GUARD_NOT_HELD
ENDFUNC gate_guard_release

; gate_guard_kept - where a thunk goes when its callout has returned with the
; lock
FUNC gate_guard_kept
        MISUSED GUARD_KEPT
ENDFUNC gate_guard_kept

        section .note.GNU-stack noalloc noexec nowrite progbits
