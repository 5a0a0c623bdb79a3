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

; The words of the resource's lock, whatever its kind.
THE_LOCK        equ     PLACE_LOCK + LOCK_WORDS

%macro CALL_UNDER_LOCK 0
        sub     rsp, 8
        CALL_PLACED
%endmacro

TEMPLATE thunk_ticket
        TICKET_TAKE abs THE_LOCK, eax
        TICKET_WAIT abs THE_LOCK, eax
        CALL_UNDER_LOCK
        TICKET_RELEASE abs THE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_ticket

TEMPLATE thunk_ticket_pb
        TICKET_TAKE abs THE_LOCK, eax
        TICKET_PB_WAIT abs THE_LOCK, eax, ecx
        CALL_UNDER_LOCK
        TICKET_RELEASE abs THE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_ticket_pb

TEMPLATE thunk_tas
        TAS_LOCK abs THE_LOCK, eax
        CALL_UNDER_LOCK
        TAS_RELEASE abs THE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_tas

TEMPLATE thunk_ttas
        TTAS_LOCK abs THE_LOCK, eax
        CALL_UNDER_LOCK
        TTAS_RELEASE abs THE_LOCK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_ttas

; UNDER_QUEUE_LOCK kind - a thunk by one of the queue locks
%macro UNDER_QUEUE_LOCK 1
        %1_TAKE THE_LOCK
        %1_WAIT THE_LOCK
        CALL_UNDER_LOCK
        %1_RELEASE THE_LOCK
        add     rsp, 8
        ret
%endmacro

TEMPLATE thunk_mcs
        UNDER_QUEUE_LOCK MCS
ENDTEMPLATE thunk_mcs

TEMPLATE thunk_clh
        UNDER_QUEUE_LOCK CLH
ENDTEMPLATE thunk_clh

TEMPLATE thunk_anderson
        UNDER_QUEUE_LOCK ANDERSON
ENDTEMPLATE thunk_anderson

; GUARD_BEGIN - before a callout that takes the lock itself
%macro GUARD_BEGIN 0
        mov     dword [gs:abs PERCPU_GUARD_STATE], GUARD_BEFORE
        mov     qword [gs:abs PERCPU_GUARD_THUNK], PLACE_GUARD
%endmacro

; GUARD_CHECK - behind it: it must not hold the lock any more
;
; Exit    ecx = guard_state, flags as compared with GUARD_HELD
%macro GUARD_CHECK 0
        mov     ecx, [gs:abs PERCPU_GUARD_STATE]
        cmp     ecx, GUARD_HELD
        db      0x0f, 0x84              ; je rel32
        dd      PLACE_KEPT
%endmacro

; A callout that guards itself. What takes the lock for it is one of the thunks
; above, which lies before this one and calls gate_guard_inside for a callout.
TEMPLATE thunk_guarded
        GUARD_BEGIN
        CALL_UNDER_LOCK
        GUARD_CHECK
        add     rsp, 8
        ret
ENDTEMPLATE thunk_guarded

; --- the same, measured -------------------------------------------------------

; The receipt counts, too: it tells the type.
TEMPLATE thunk_refuse_measured
        inc     qword [gs:abs PLACE_REFUSALS]
        mov     dword [r15 + RECEIPT_SLOT], PLACE_WHERE
        mov     word [r15 + RECEIPT_RESOURCE], RECEIPT_REFUSED
        mov     [r15 + RECEIPT_TYPE_ID], esi
        mov     qword [r15 + RECEIPT_RESULT], -EPERM
        add     qword [gs:abs PERCPU_RECEIPT], RECEIPT_SIZE
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

; Without the lock the receipt is as of a callout that has none. If the lock was
; taken, the thunk that took it has filled in the resource and what happened
; there, and made the receipt count.
TEMPLATE thunk_guarded_measured
        mov     dword [r15 + RECEIPT_SLOT], PLACE_ALONE
        mov     [r15 + RECEIPT_TYPE_ID], esi
        STAMP_TO RECEIPT_GRANTED
        lea     rdx, [rsp + 8]          ; the frame
        GUARD_BEGIN
        CALL_UNDER_LOCK
        mov     [r15 + RECEIPT_RESULT], rax
        GUARD_CHECK
        ja      .counted                ; GUARD_AFTER
        STAMP_TO RECEIPT_RELEASED
        add     qword [gs:abs PERCPU_RECEIPT], RECEIPT_SIZE
.counted:
        add     rsp, 8
        ret
ENDTEMPLATE thunk_guarded_measured

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

; NOTE_SERVED count - how many were through on arrival: right after the step that
; took the place in the queue, before it is timed
%macro NOTE_SERVED 1
        mov     eax, [abs %1]
        mov     [r15 + RECEIPT_SERVED], eax
%endmacro

; NOTE_ARRIVALS_AND_ENTRY arrivals - how many have arrived at the grant, and the
; holder's number in the order of grants; both lie in the lock as in the receipt
%macro NOTE_ARRIVALS_AND_ENTRY 1
        mov     rax, [abs %1]
        mov     [r15 + RECEIPT_ARRIVALS], rax
%endmacro

; MEASURED_TICKET wait... - by a lock of numbers that are served; the macro that
; waits, and its arguments behind the lock and my ticket, eax
%macro MEASURED_TICKET 1-2+
        MEASURED_BEGIN
        TICKET_TAKE abs THE_LOCK, eax
        mov     [r15 + RECEIPT_TICKET], rax
        NOTE_SERVED THE_LOCK + TICKET_SERVING
        STAMP_TO RECEIPT_QUEUED
        mov     eax, [r15 + RECEIPT_TICKET]
%if %0 = 1
        %1      abs THE_LOCK, eax
%else
        %1      abs THE_LOCK, eax, %2
%endif
        NOTE_ARRIVALS_AND_ENTRY THE_LOCK + TICKET_NEXT
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        TICKET_RELEASE abs THE_LOCK
        MEASURED_END
%endmacro

TEMPLATE thunk_ticket_measured
        MEASURED_TICKET TICKET_WAIT
ENDTEMPLATE thunk_ticket_measured

TEMPLATE thunk_ticket_pb_measured
        MEASURED_TICKET TICKET_PB_WAIT, ecx
ENDTEMPLATE thunk_ticket_pb_measured

; COUNT_ARRIVAL - for locks that do not count who asks
%macro COUNT_ARRIVAL 0
        lock inc dword [abs PLACE_LOCK + LOCK_ARRIVALS]
%endmacro

; COUNT_ENTRY - the holder is through: before the release
%macro COUNT_ENTRY 0
        inc     dword [abs PLACE_LOCK + LOCK_ENTRIES]
%endmacro

; MEASURED_UNFAIR take, release - locks that keep no order: count it beside them
%macro MEASURED_UNFAIR 2
        MEASURED_BEGIN
        mov     eax, 1
        lock xadd [abs PLACE_LOCK + LOCK_ARRIVALS], eax
        mov     [r15 + RECEIPT_TICKET], rax
        NOTE_SERVED PLACE_LOCK + LOCK_ENTRIES
        STAMP_TO RECEIPT_QUEUED
        %1      abs THE_LOCK, eax
        NOTE_ARRIVALS_AND_ENTRY PLACE_LOCK + LOCK_ARRIVALS
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        COUNT_ENTRY
        %2      abs THE_LOCK
        MEASURED_END
%endmacro

TEMPLATE thunk_tas_measured
        MEASURED_UNFAIR TAS_LOCK, TAS_RELEASE
ENDTEMPLATE thunk_tas_measured

TEMPLATE thunk_ttas_measured
        MEASURED_UNFAIR TTAS_LOCK, TTAS_RELEASE
ENDTEMPLATE thunk_ttas_measured

; The queue locks: the ticket is the place in the queue itself. Two who count
; and then ask may ask in the other order, so each takes the number of the one
; before it, plus 1: mcs is told it with the link that its own exchange of the
; tail has made, clh finds it on the line that it got from the tail. The holder
; counts entries on its own; with a FIFO lock both are the same.

TEMPLATE thunk_mcs_measured
        MEASURED_BEGIN
        COUNT_ARRIVAL
        MCS_TAKE THE_LOCK
        NOTE_SERVED PLACE_LOCK + LOCK_ENTRIES
        STAMP_TO RECEIPT_QUEUED
        test    r8d, r8d
        jnz     .wait
        mov     eax, [abs PLACE_LOCK + LOCK_ENTRIES]
        mov     [rcx + THE_LOCK + MCS_NUMBER], eax
.mine:  mov     [r15 + RECEIPT_TICKET], rax
        NOTE_ARRIVALS_AND_ENTRY PLACE_LOCK + LOCK_ARRIVALS
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        COUNT_ENTRY
        MCS_RELEASE THE_LOCK, told
        MEASURED_END
.wait:  MCS_WAIT_TOLD THE_LOCK
        mov     eax, [rcx + THE_LOCK + MCS_NUMBER]
        jmp     .mine
ENDTEMPLATE thunk_mcs_measured

TEMPLATE thunk_clh_measured
        MEASURED_BEGIN
        COUNT_ARRIVAL
        CLH_TAKE THE_LOCK
        NOTE_SERVED PLACE_LOCK + LOCK_ENTRIES
        STAMP_TO RECEIPT_QUEUED
        CLH_WAIT THE_LOCK
        mov     eax, [r8 + THE_LOCK + CLH_NUMBER]
        mov     [r15 + RECEIPT_TICKET], rax
        inc     eax
        mov     [rcx + THE_LOCK + CLH_NUMBER], eax
        NOTE_ARRIVALS_AND_ENTRY PLACE_LOCK + LOCK_ARRIVALS
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        COUNT_ENTRY
        CLH_RELEASE THE_LOCK
        MEASURED_END
ENDTEMPLATE thunk_clh_measured

TEMPLATE thunk_anderson_measured
        MEASURED_BEGIN
        ANDERSON_TAKE THE_LOCK
        mov     [r15 + RECEIPT_TICKET], rax
        NOTE_SERVED PLACE_LOCK + LOCK_ENTRIES
        STAMP_TO RECEIPT_QUEUED
        mov     eax, [r15 + RECEIPT_TICKET]
        ANDERSON_WAIT THE_LOCK
        mov     eax, [abs THE_LOCK + ANDERSON_NEXT]
        mov     [r15 + RECEIPT_ARRIVALS], eax
        mov     eax, [abs PLACE_LOCK + LOCK_ENTRIES]
        mov     [r15 + RECEIPT_ENTRY], eax
        LAST_RELEASE_READ
        MEASURED_CALL
        LAST_RELEASE_WRITE
        COUNT_ENTRY
        ANDERSON_RELEASE THE_LOCK
        MEASURED_END
ENDTEMPLATE thunk_anderson_measured

        section .note.GNU-stack noalloc noexec nowrite progbits
