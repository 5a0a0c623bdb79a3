// SPDX-License-Identifier: MIT
// The stubs of the custom call. SysCustom and SysCustom6 are the two that
// QNX's documentation of custom() prints, instruction for instruction: the
// second RET of the first is never reached.

#include "syscall/abi.h"

#define SLOT_SHIFT 32

        .text

// SysCustom - kernel call 106, slot 0, up to three arguments
//
// Entry   rdi rsi rdx = arguments 1..3
// Exit    rax = what the callout returned
// Clobber rcx r11
        .p2align 4,,15
        .global SysCustom
        .type   SysCustom, @function
SysCustom:
        movl    $SYS_CUSTOM, %eax
        syscall
        ret
        ret
        .size   SysCustom, . - SysCustom

// SysCustom6 - kernel call 106, slot 0, up to six arguments
//
// Entry   rdi rsi rdx rcx r8 r9 = arguments 1..6
// Exit    rax = what the callout returned
// Clobber rcx r10 r11
        .p2align 4,,15
        .global SysCustom6
        .type   SysCustom6, @function
SysCustom6:
        mov     %rcx, %r10              // SYSCALL overwrites rcx
        movl    $SYS_CUSTOM, %eax
        syscall
        ret
        .size   SysCustom6, . - SysCustom6

// tollgate_custom - kernel call 106, any slot, six arguments
//
// Entry   edi = slot, rsi rdx rcx r8 r9 = arguments 1..5, 8(rsp) = argument 6
// Exit    rax = what the callout returned, or a negative errno
// Clobber rcx rdx rsi rdi r8-r11
        .p2align 4,,15
        .global tollgate_custom
        .type   tollgate_custom, @function
tollgate_custom:
        mov     %edi, %eax              // clears the upper half
        shl     $SLOT_SHIFT, %rax
        or      $SYS_CUSTOM, %rax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        mov     8(%rsp), %r9
        syscall
        ret
        .size   tollgate_custom, . - tollgate_custom

        .section .note.GNU-stack, "", @progbits
