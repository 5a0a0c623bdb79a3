// SPDX-License-Identifier: MIT
// The modules of tests/guest/modules, as mkcallout made them.
.macro MODULE name
        .balign 16
        .globl  \name\()_module, \name\()_module_end
\name\()_module:
        .incbin "modules/\name\().tgc"
\name\()_module_end:
.endm

        .section .rodata
        MODULE  counter
        MODULE  slice
        MODULE  plain
        MODULE  rogue
        MODULE  rogue_beyond
        MODULE  faulty
        MODULE  guarded

        .section .note.GNU-stack, "", @progbits
