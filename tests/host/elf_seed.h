// SPDX-License-Identifier: MIT
// A static x86-64 program as the GNU linker lays it out: headers and text, then
// data with a bss behind it.
#pragma once

#include "kernel/base/elf_format.h"
#include "tests/host/bytes_builder.h"

#define ELF_SEED_PHDRS 4
#define ELF_SEED_SIZE 0x2100

struct elf_seed {
    struct elf64_ehdr header;
    struct elf64_phdr phdrs[ELF_SEED_PHDRS];
};

static inline struct elf_seed elf_seed(void) {
    return (struct elf_seed){
        .header =
            {
                .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
                .e_type = ET_EXEC,
                .e_machine = EM_X86_64,
                .e_version = 1,
                .e_entry = 0x401010,
                .e_phoff = sizeof(struct elf64_ehdr),
                .e_ehsize = sizeof(struct elf64_ehdr),
                .e_phentsize = sizeof(struct elf64_phdr),
                .e_phnum = ELF_SEED_PHDRS,
            },
        .phdrs = {
            {PT_LOAD, PF_R, 0, 0x400000, 0, 0x200, 0x200, 0x1000},
            {PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x80, 0x80, 0x1000},
            {PT_LOAD, PF_R | PF_W, 0x2010, 0x403010, 0, 0x20, 0x2000, 0x1000},
            {0x6474e551, PF_R | PF_W, 0, 0, 0, 0, 0, 16}, // PT_GNU_STACK
        }};
}

// The file: the headers, then zeros, `size` bytes in all.
static inline void elf_seed_write(
    const struct elf_seed *seed, struct bytes *to, size_t size) {
    to->size = 0;
    bytes_add(to, &seed->header, sizeof(seed->header));
    bytes_add(to, seed->phdrs, sizeof(seed->phdrs));
    if (size > to->size) {
        bytes_add_zeros(to, size - to->size);
    }
    to->size = size;
}
