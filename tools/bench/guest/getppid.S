// SPDX-License-Identifier: MIT
// An ordinary kernel call, as short as a stub can be.
#include <sys/syscall.h>

        .text

// system_getppid - rax = the parent's process ID; rcx and r11 are lost
        .p2align 4
        .global system_getppid
        .type   system_getppid, @function
system_getppid:
        movl    $SYS_getppid, %eax
        syscall
        ret
        .size   system_getppid, . - system_getppid

        .section .note.GNU-stack, "", @progbits
