/* SPDX-License-Identifier: MIT */
/* QNX's stub of the custom call for x86-64, fewer than 4 arguments, as its
 * documentation prints it. */
        .text
        .p2align 4,,15
        .global SysCustom
        .type SysCustom, @function
SysCustom:
        movl $106,%eax
        syscall
        ret
        ret
        .size SysCustom,.-SysCustom
