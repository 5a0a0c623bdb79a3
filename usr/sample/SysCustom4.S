/* SPDX-License-Identifier: MIT */
/* QNX's stub of the custom call for x86-64, 4 or more arguments, as its
 * documentation prints it. */
        .text
        .p2align 4,,15
        .global SysCustom
        .type SysCustom, @function
SysCustom:
        mov %rcx, %r10
        movl $106, %eax
        syscall
        ret
        ret
        .size SysCustom,.-SysCustom
