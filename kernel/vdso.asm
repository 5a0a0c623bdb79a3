; SPDX-License-Identifier: MIT
; The vDSO's file (usr/vdso), a copy of which each program gets.
        section .rodata
        global  vdso_image, vdso_image_end
vdso_image:
        incbin  "vdso.so"
vdso_image_end:

        section .note.GNU-stack noalloc noexec nowrite progbits
