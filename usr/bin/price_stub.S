// SPDX-License-Identifier: MIT
// The calls that price has no other stub for.
#include <sys/syscall.h>

        .text

// price_stub - the custom call of price_number, in as many instructions as a
// stub takes that has the number in itself
        .p2align 4
        .global price_stub
        .type   price_stub, @function
price_stub:
        movq    price_number(%rip), %rax
        syscall
        ret
        .size   price_stub, . - price_stub

// price_getppid - an ordinary call without arguments
        .p2align 4
        .global price_getppid
        .type   price_getppid, @function
price_getppid:
        movq    $SYS_getppid, %rax
        syscall
        ret
        .size   price_getppid, . - price_getppid

        .bss
        .global price_number
        .p2align 3
        .type   price_number, @object
price_number:
        .skip   8
        .size   price_number, 8

        .section .note.GNU-stack, "", @progbits
