; SPDX-License-Identifier: MIT
; Cache callouts. The caches of x86 are coherent, with each other, with code and
; with devices that snoop: these are for memory whose last copy must reach the
; memory itself.
%include "callouts/callout.inc"

; void patch_cache(...), data = struct cache_data
PATCHER patch_cache, control_clflush
        mov     r8, [r8 + CACHE_DATA_FLUSH_SIZE]
        PATCH   .flush_size, r8
        ret

LINES_MAX               equ 64          ; in a call: the caller goes on, and may
                                        ; take interrupts before

; unsigned control(paddr_t rdi, unsigned n esi, int flags edx,
;                  struct cacheattr_entry *rcx, struct syspage_entry *r8)
;
; Write back and drop n lines, n > 0, from the one that holds rdi, which is RAM,
; from the caches of all levels and CPUs; one instruction does both, so all
; flags (MS_*) ask for the same. Returns the number of lines done: as QNX says,
; 0 would be the whole cache.
%macro CONTROL_RANGE 1
        mov     eax, LINES_MAX
        cmp     esi, eax
        cmovb   eax, esi
        mov     r9d, [rcx + CACHEATTR_LINE_SIZE]
        mov     r10, r9
        neg     r10
        and     rdi, r10                ; the line's start
        mov     r10, DIRECT_MAP_VADDR
        add     rdi, r10
        mov     r10d, eax
        imul    r10, r9
        add     r10, rdi                ; the end
        LOAD_PATCHED r11, .flush_size
        mfence                          ; what was written before is in
.next:
        %1      [rdi]
        add     rdi, r11
        cmp     rdi, r10
        jb      .next
        mfence                          ; and is in memory now
        ret
%endmacro

CALLOUT_START control_clflush, 0, patch_cache
        CONTROL_RANGE clflush
CALLOUT_END control_clflush

; CLFLUSHOPT is one byte longer, but behind the patched instruction.
CALLOUT_START control_clflushopt, 0, patch_cache
        CONTROL_RANGE clflushopt
CALLOUT_END control_clflushopt

; The same by the whole: all that this CPU has cached, written back and dropped.
; Returns 0: the whole cache.
CALLOUT_START control_wbinvd, 0, 0
        wbinvd
        xor     eax, eax
        ret
CALLOUT_END control_wbinvd

        section .note.GNU-stack noalloc noexec nowrite progbits
