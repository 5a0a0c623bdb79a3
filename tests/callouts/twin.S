/* SPDX-License-Identifier: MIT
 * The twins, for GNU as, of the callouts in twin.asm. */
#include "callout.ah"

CALLOUT_RW(twin_rw, 24)

CALLOUT_START(twin_plain, 0, 0)
        cmpl    $47, %esi
        jne     1f
        movq    REG_RDI(%rdx), %rax
        addq    REG_R9(%rdx), %rax
        xorq    REG_RFLAGS(%rdx), %rax
        movl    $(INTR_GENFLAG_LOAD_SYSPAGE | INTR_GENFLAG_ID_LOOP), %ecx
        ret
1:      movl    $EPERM, %eax
        ret
CALLOUT_END(twin_plain)

CALLOUT_START(twin_patched, twin_rw, patch_twin)
        LOAD_PATCHED(%ecx, .Lcount)
        LOAD_PATCHED_64(%rax, .Ldata)
        movq    CALLOUT_PATTERN(%rdi), %rax
        PATCH_SITE(.Lload)
        addq    %gs:PERCPU_STORAGE, %rax
        ret
CALLOUT_END(twin_patched)

patch_twin:
        PATCH(twin_patched, .Lcount, %ecx)
        PATCH(twin_patched, .Ldata, %r8)
        PATCH(twin_patched, .Lload, %ecx)
        ret

        .section .note.GNU-stack, "", @progbits
