// SPDX-License-Identifier: MIT
// Check a static x86-64 ELF program in memory and say what to map. Whatever the
// file contains, what elf_parse() accepts can be loaded without further checks.
#pragma once

#include "kernel/base/types.h"

#define ELF_MAX_SEGMENTS 16
#define ELF_SEGMENT_MAX (1ul << 30) // bytes of memory that one may ask for
#define ELF_REASON_SIZE 96

#define ELF_READ 4 // PF_R, PF_W, PF_X
#define ELF_WRITE 2
#define ELF_EXEC 1

// memsz bytes at vaddr: filesz from the file, then zeros. vaddr and offset are
// equal modulo the page size, or filesz and offset are 0; filesz <= memsz,
// memsz > 0. No page belongs to two segments, none is writable and executable,
// all are user addresses.
struct elf_segment {
    uint64_t vaddr;
    uint64_t offset;
    uint64_t filesz;
    uint64_t memsz;
    uint32_t flags; // ELF_READ | ELF_WRITE | ELF_EXEC
};

struct elf_image {
    uint64_t entry;
    uint64_t phdr; // where the program headers are once loaded, 0: nowhere
    uint32_t phnum;
    uint32_t phentsize;
    uint64_t end; // first page boundary above all segments: the break
    unsigned count;
    struct elf_segment segments[ELF_MAX_SEGMENTS]; // ascending by vaddr
    char reason[ELF_REASON_SIZE];
};

// Returns NULL, or one line (in out->reason) that says why the image of `size`
// bytes can't be run.
MUST_CHECK const char *elf_parse(
    const void *image, size_t size, struct elf_image *out);
