/* SPDX-License-Identifier: MIT
 * Slots 57 and 58, in GNU as: two callouts that name the same label and so
 * share one storage. */
#include "callout.ah"

CALLOUT_RW(test_share_rw, 8)

/* Slot 57: put a1 there; returns what was there. */
CALLOUT_START(custom_test_put, test_share_rw, patch_test_put)
        LOAD_PATCHED(%ecx, .Lput)
        movq    REG_RDI(%rdx), %rdx
        movq    (%rdi, %rcx), %rax
        movq    %rdx, (%rdi, %rcx)
        ret
CALLOUT_END(custom_test_put)

/* Slot 58: what is there. */
CALLOUT_START(custom_test_get, test_share_rw, patch_test_get)
        movq    CALLOUT_PATTERN(%rdi), %rax
        PATCH_SITE(.Lget)
        ret
CALLOUT_END(custom_test_get)

patch_test_put:
        PATCH(custom_test_put, .Lput, %ecx)
        ret

patch_test_get:
        PATCH(custom_test_get, .Lget, %ecx)
        ret

        .section .note.GNU-stack, "", @progbits
