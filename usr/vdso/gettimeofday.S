// SPDX-License-Identifier: MIT
// The one function of the vDSO, vdso(7): dietlibc calls it without a look
// whether it is there. Other C libraries find theirs missing and make kernel
// calls, as this does.
#include <sys/syscall.h>

        .text
        .global __vdso_gettimeofday
        .type   __vdso_gettimeofday, @function
__vdso_gettimeofday:
        mov     $SYS_gettimeofday, %eax
        syscall
        ret
        .size   __vdso_gettimeofday, . - __vdso_gettimeofday

        .section .note.GNU-stack, "", @progbits
