; SPDX-License-Identifier: MIT
; The controllers of kernel/base/intr_test.h: pending bits in memory, and a
; record of every id and eoi with the registers that they were given.
%include "callouts/callout.inc"

CALLOUT_RW interrupt_test_rw, INTR_TEST_AREA_SIZE

; void patch_intr_test(...), data = struct intr_test_data: the area's address,
; and the group's number.
PATCHER patch_intr_test, interrupt_id_test
        mov     ecx, ecx
        lea     r9, [rsi + rcx]
        PATCH   .area, r9
        mov     ecx, [r8 + INTR_TEST_DATA_GROUP]
        PATCH   .group, ecx
        ret

; TEST_RECORD what - add an event. rdi = the area, r8d = the group, the other
; registers as the stub found them, with rdx in r10. Spoils r9.
%macro TEST_RECORD 1
        mov     r9d, [rdi + INTR_TEST_NUM_EVENTS]
        inc     dword [rdi + INTR_TEST_NUM_EVENTS]
        cmp     r9d, INTR_TEST_EVENTS
        jae     %%full
        imul    r9, r9, INTR_TEST_EVENT_SIZE
        lea     r9, [rdi + r9 + INTR_TEST_AREA_EVENTS]
        mov     dword [r9 + INTR_TEST_EVENT_WHAT], %1
        mov     [r9 + INTR_TEST_EVENT_GROUP], r8d
        mov     [r9 + INTR_TEST_EVENT_RAX], rax
        mov     [r9 + INTR_TEST_EVENT_RBX], rbx
        mov     [r9 + INTR_TEST_EVENT_RCX], rcx
        mov     [r9 + INTR_TEST_EVENT_RDX], r10
        mov     [r9 + INTR_TEST_EVENT_RSI], rsi
%%full:
%endmacro

; TEST_SPOIL - whoever relies on a register that stubs may use is found out.
%macro TEST_SPOIL 0
        or      rbx, -1
        or      rcx, -1
        or      rdx, -1
        or      rsi, -1
        or      rdi, -1
        mov     r8, rdi
        mov     r9, rdi
        mov     r10, rdi
        mov     r11, rdi
        mov     r12, rdi
        mov     r13, rdi
        mov     r14, rdi
        mov     r15, rdi
%endmacro

; id - the lowest vector that is pending, which is cleared.
;
; Exit    falls through; eax = vector, or -1 when spurious
CALLOUT_START interrupt_id_test, interrupt_test_rw, patch_intr_test
        mov     r10, rdx
        LOAD_PATCHED rdi, .area
        LOAD_PATCHED edx, .group
        mov     r8d, edx
        TEST_RECORD INTR_TEST_ID
        imul    edx, edx, INTR_TEST_CONTROLLER_SIZE
        lea     rdx, [rdi + rdx + INTR_TEST_AREA_CONTROLLERS]
        bsf     eax, [rdx + INTR_TEST_PENDING]
        jz      .none
        cmp     dword [rdx + INTR_TEST_FOREVER], 0
        jne     .done
        btr     [rdx + INTR_TEST_PENDING], eax
        jmp     .done
.none:  or      eax, -1
.done:
        TEST_SPOIL
CALLOUT_END interrupt_id_test

; eoi
CALLOUT_START interrupt_eoi_test, interrupt_test_rw, patch_intr_test
        mov     r10, rdx
        LOAD_PATCHED rdi, .area
        LOAD_PATCHED edx, .group
        mov     r8d, edx
        TEST_RECORD INTR_TEST_EOI
        or      rax, -1
        TEST_SPOIL
CALLOUT_END interrupt_eoi_test

; int mask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_mask_test, interrupt_test_rw, patch_intr_test
        mov     r10, rdx
        LOAD_PATCHED rdi, .area
        LOAD_PATCHED edx, .group
        imul    edx, edx, INTR_TEST_CONTROLLER_SIZE
        lock inc dword [rdi + rdx + INTR_TEST_AREA_CONTROLLERS + INTR_TEST_MASKS]
        xor     eax, eax
        ret
CALLOUT_END interrupt_mask_test

; int unmask(struct syspage_entry *rdi, int vector esi)
CALLOUT_START interrupt_unmask_test, interrupt_test_rw, patch_intr_test
        mov     r10, rdx
        LOAD_PATCHED rdi, .area
        LOAD_PATCHED edx, .group
        imul    edx, edx, INTR_TEST_CONTROLLER_SIZE
        lock inc dword [rdi + rdx + INTR_TEST_AREA_CONTROLLERS + INTR_TEST_UNMASKS]
        xor     eax, eax
        ret
CALLOUT_END interrupt_unmask_test

; unsigned config(struct syspage_entry *rdi, struct intrinfo_entry *rsi,
;                 int vector edx): INTR_CONFIG_FLAG_*
CALLOUT_START interrupt_config_test, 0, 0
        xor     eax, eax
        cmp     edx, INTR_TEST_REFUSED
        jne     .done
        mov     eax, INTR_CONFIG_FLAG_DISALLOWED
.done:
        ret
CALLOUT_END interrupt_config_test

        section .note.GNU-stack noalloc noexec nowrite progbits
