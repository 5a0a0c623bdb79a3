/*
 * SPDX-License-Identifier: MIT
 *
 * The sample callout of QNX's documentation of custom(), for x86-64 and in GNU
 * as, as a QNX user would write it. Slot 0 has it under the kernel option
 * callout.custom=qnx.
 */
#include "callout.ah"

/*
 * Patch the copy of the callout: there is nothing to patch.
 *
 * On entry:
 *      rdi - physical address of the system page
 *      rsi - virtual address of the system page
 *      edx - offset of the callout's code from the start of the system page
 *      ecx - offset of the callout's read/write data from there
 */
patch_custom:
        ret

/*
 * On entry:
 *      rdi - the system page
 *      esi - type ID of the calling process
 *      rdx - the registers of the calling thread
 */
CALLOUT_START(custom, 0, patch_custom)
        /* Nothing is relocated: a constant for a register is an immediate. */
        movabsq $0xabcdabcdabcdabcd, %rcx

        /* Processes of other types than 47 get -1. */
        cmpl    $47, %esi
        je      1f
        movq    $-1, %rax
        ret
1:
        /* The others get the sum of their first two arguments. */
        movq    REG_RDI(%rdx), %rax
        addq    REG_RSI(%rdx), %rax
        ret
CALLOUT_END(custom)

        .section .note.GNU-stack, "", @progbits
