; SPDX-License-Identifier: MIT
; Templates of what stands between the gate and a callout that needs a lock, a
; check of types, or measuring. bind.c copies the pieces that a slot needs, one
; behind the other, and fills in the places: 32-bit words that hold one of the
; PLACE_ numbers of thunks.h. The templates themselves are never executed.
;
; A thunk is called as the callout would be: rdi = the system page, esi = type
; ID, rdx = frame, and is 8 off 16-byte alignment. In a measured one r15 is the
; receipt, where the result is left: rax is of no use after it. The callout keeps
; r15 like any C function. All pieces keep rdi, rsi, rdx for the callout.
%include "offsets.inc"
%include "kernel/base/func.inc"
%include "smp/locks.inc"
%include "syscall/stamp.inc"

        section .rodata

; TEMPLATE name ... ENDTEMPLATE name - a piece, with its size
%macro TEMPLATE 1
        global  %1, %1_end
%1:
%endmacro
%macro ENDTEMPLATE 1
%1_end:
%endmacro

; CALL_PLACED - call the callout
%macro CALL_PLACED 0
        db      0xe8                    ; call rel32
        dd      PLACE_CALLOUT
%endmacro


; One of the types that may call: then to the piece behind the refusal.
TEMPLATE thunk_type
        cmp     esi, PLACE_TYPE
        db      0x0f, 0x84              ; je rel32
        dd      PLACE_NEXT
ENDTEMPLATE thunk_type

; None of them.
TEMPLATE thunk_refuse
        inc     qword [gs:abs PLACE_REFUSALS]
        mov     rax, -EPERM
        ret
ENDTEMPLATE thunk_refuse

; No lock.
TEMPLATE thunk_plain
        db      0xe9                    ; jmp rel32
        dd      PLACE_CALLOUT
ENDTEMPLATE thunk_plain

%macro CALL_UNDER_LOCK 0
        sub     rsp, 8
        CALL_PLACED
%endmacro

TEMPLATE thunk_ticket
        TICKET_TAKE abs PLACE_LOCK, eax
        TICKET_WAIT abs PLACE_LOCK, eax
        CALL_UNDER_LOCK
        TICKET_RELEASE abs PLACE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_ticket

TEMPLATE thunk_tas
        TAS_LOCK abs PLACE_LOCK, eax
        CALL_UNDER_LOCK
        TAS_RELEASE abs PLACE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_tas

TEMPLATE thunk_ttas
        TTAS_LOCK abs PLACE_LOCK, eax
        CALL_UNDER_LOCK
        TTAS_RELEASE abs PLACE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_ttas

; --- the same, measured -------------------------------------------------------

TEMPLATE thunk_refuse_measured
        inc     qword [gs:abs PLACE_REFUSALS]
        mov     qword [r15 + RECEIPT_RESULT], -EPERM
        ret
ENDTEMPLATE thunk_refuse_measured

; MEASURED_BEGIN - who calls what
%macro MEASURED_BEGIN 0
        mov     dword [r15 + RECEIPT_SLOT], PLACE_WHERE
        mov     [r15 + RECEIPT_TYPE_ID], esi
%endmacro

; MEASURED_CALL - call the callout: the receipt from the grant to the release,
; whose time is left in edx:eax
%macro MEASURED_CALL 0
        STAMP_TO RECEIPT_GRANTED
        lea     rdx, [rsp + 8]          ; the frame
        CALL_UNDER_LOCK
        mov     [r15 + RECEIPT_RESULT], rax
        STAMP_TO RECEIPT_RELEASED
%endmacro

; MEASURED_END - the receipt counts from now on
%macro MEASURED_END 0
        add     qword [gs:abs PERCPU_RECEIPT], RECEIPT_SIZE
        add     rsp, 8
        ret
%endmacro

TEMPLATE thunk_plain_measured
        MEASURED_BEGIN
        MEASURED_CALL
        MEASURED_END
ENDTEMPLATE thunk_plain_measured

; LAST_RELEASE_READ, LAST_RELEASE_WRITE - hand the time of the release on to the
; next holder
%macro LAST_RELEASE_READ 0
        mov     rax, [abs PLACE_LOCK + LOCK_LAST_RELEASE]
        mov     [r15 + RECEIPT_PREV_RELEASE], rax
%endmacro
%macro LAST_RELEASE_WRITE 0
        mov     [abs PLACE_LOCK + LOCK_LAST_RELEASE], eax
        mov     [abs PLACE_LOCK + LOCK_LAST_RELEASE + 4], edx
%endmacro

; The lock's next and serving lie as the receipt's arrivals and entry do.
TEMPLATE thunk_ticket_measured
        MEASURED_BEGIN
        TICKET_TAKE abs PLACE_LOCK, eax
        mov     [r15 + RECEIPT_TICKET], rax
        STAMP_TO RECEIPT_QUEUED
        mov     eax, [r15 + RECEIPT_TICKET]
        TICKET_WAIT abs PLACE_LOCK, eax
        mov     rax, [abs PLACE_LOCK + TICKET_NEXT]
        mov     [r15 + RECEIPT_ARRIVALS], rax
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        TICKET_RELEASE abs PLACE_LOCK
        MEASURED_END
ENDTEMPLATE thunk_ticket_measured

; MEASURED_UNFAIR take, release - locks that keep no order: count it beside them
%macro MEASURED_UNFAIR 2
        MEASURED_BEGIN
        mov     eax, 1
        lock xadd [abs PLACE_LOCK + LOCK_ARRIVALS], rax
        mov     [r15 + RECEIPT_TICKET], rax
        STAMP_TO RECEIPT_QUEUED
        %1      abs PLACE_LOCK, eax
        mov     rax, [abs PLACE_LOCK + LOCK_ENTRIES]
        mov     [r15 + RECEIPT_ENTRY], eax
        inc     rax
        mov     [abs PLACE_LOCK + LOCK_ENTRIES], rax
        mov     eax, [abs PLACE_LOCK + LOCK_ARRIVALS]
        mov     [r15 + RECEIPT_ARRIVALS], eax
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        %2      abs PLACE_LOCK
        MEASURED_END
%endmacro

TEMPLATE thunk_tas_measured
        MEASURED_UNFAIR TAS_LOCK, TAS_RELEASE
ENDTEMPLATE thunk_tas_measured

TEMPLATE thunk_ttas_measured
        MEASURED_UNFAIR TTAS_LOCK, TTAS_RELEASE
ENDTEMPLATE thunk_ttas_measured

        section .note.GNU-stack noalloc noexec nowrite progbits
