// SPDX-License-Identifier: MIT
// A callout module for children to bind.
        .section .rodata
        .globl  fuzz_module, fuzz_module_end
fuzz_module:
        .incbin "modules/counter.tgc"
fuzz_module_end:

        .section .note.GNU-stack, "", @progbits
