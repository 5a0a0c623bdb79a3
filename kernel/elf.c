// SPDX-License-Identifier: MIT
// See elf.h. Sums of two numbers from the file are only made where the check
// before has excluded an overflow.
#include "kernel/elf.h"

#include "kernel/base/elf_format.h"
#include "kernel/base/format.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"

_Static_assert(ELF_READ == PF_R, "flags are the file's");
_Static_assert(ELF_WRITE == PF_W, "flags are the file's");
_Static_assert(ELF_EXEC == PF_X, "flags are the file's");

// The file. Headers are copied out of it: nothing promises their alignment.
struct file {
    const uint8_t *bytes;
    size_t size;
    struct elf64_ehdr header;
};

PRINTF_LIKE(2, 3)
static const char *fail(struct elf_image *image, const char *text, ...) {
    va_list args;
    va_start(args, text);
    format_text(image->reason, sizeof(image->reason), text, args);
    va_end(args);
    return image->reason;
}

static const char *check_ident(
    const struct elf64_ehdr *header, struct elf_image *out) {
    const uint8_t *ident = header->e_ident;
    if (ident[EI_CLASS] != ELFCLASS64) {
        return fail(out, "not a 64-bit ELF file (class %u)", ident[EI_CLASS]);
    }
    if (ident[EI_DATA] != ELFDATA2LSB) {
        return fail(out, "not little-endian (encoding %u)", ident[EI_DATA]);
    }
    if (ident[EI_VERSION] != EV_CURRENT || header->e_version != EV_CURRENT) {
        return fail(out, "unknown ELF version %u", header->e_version);
    }
    if (header->e_machine != EM_X86_64) {
        return fail(out, "for another machine (machine %u)", header->e_machine);
    }
    return NULL;
}

static struct elf64_phdr phdr_at(const struct file *file, unsigned index) {
    struct elf64_phdr phdr;
    const uint8_t *table = file->bytes + file->header.e_phoff;
    memcpy(&phdr, table + index * sizeof(phdr), sizeof(phdr));
    return phdr;
}

static const char *check_phdrs(const struct file *file, struct elf_image *out) {
    const struct elf64_ehdr *header = &file->header;
    if (header->e_phnum == 0) {
        return fail(out, "no program headers");
    }
    if (header->e_phentsize != sizeof(struct elf64_phdr)) {
        return fail(
            out, "program headers of %u bytes, %zu wanted", header->e_phentsize,
            sizeof(struct elf64_phdr));
    }
    size_t size = header->e_phnum * sizeof(struct elf64_phdr);
    if (header->e_phoff > file->size || size > file->size - header->e_phoff) {
        return fail(
            out, "truncated: %u program headers at %lu of %zu bytes",
            header->e_phnum, header->e_phoff, file->size);
    }
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (phdr_at(file, i).p_type == PT_INTERP) {
            return fail(
                out, "dynamic: needs an interpreter, link with -static");
        }
    }
    return NULL;
}

static const char *check_header(
    const struct file *file, struct elf_image *out) {
    const struct elf64_ehdr *header = &file->header;
    const char *reason = check_ident(header, out);
    if (reason != NULL) {
        return reason;
    }
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN) {
        return fail(out, "not a program (ELF type %u)", header->e_type);
    }
    reason = check_phdrs(file, out);
    if (reason != NULL) {
        return reason;
    }
    if (header->e_type == ET_DYN) {
        return fail(
            out, "position-independent (ET_DYN): link with -static -no-pie");
    }
    return NULL;
}

// Whether a segment can be loaded by itself. `index` is its program header's.
static const char *check_segment(
    const struct file *file, const struct elf64_phdr *phdr, unsigned index,
    struct elf_image *out) {
    bool outside = phdr->p_offset > file->size ||
                   phdr->p_filesz > file->size - phdr->p_offset;
    if (phdr->p_filesz != 0 && outside) {
        return fail(
            out, "truncated: segment %u has %lu bytes at %lu of %zu", index,
            phdr->p_filesz, phdr->p_offset, file->size);
    }
    if (phdr->p_filesz > phdr->p_memsz) {
        return fail(
            out, "segment %u: %lu bytes in the file, %lu in memory", index,
            phdr->p_filesz, phdr->p_memsz);
    }
    if (phdr->p_memsz > ELF_SEGMENT_MAX) {
        return fail(
            out, "segment %u: %lu bytes, more than %lu", index, phdr->p_memsz,
            ELF_SEGMENT_MAX);
    }
    if (phdr->p_vaddr < USER_START || phdr->p_vaddr > USER_END ||
        phdr->p_memsz > USER_END - phdr->p_vaddr) {
        return fail(
            out, "segment %u: 0x%lx is outside user space", index,
            phdr->p_vaddr);
    }
    if (phdr->p_vaddr % PAGE_SIZE != phdr->p_offset % PAGE_SIZE) {
        return fail(
            out, "segment %u: address 0x%lx and offset 0x%lx do not align",
            index, phdr->p_vaddr, phdr->p_offset);
    }
    if ((phdr->p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) {
        return fail(out, "segment %u: writable and executable", index);
    }
    return NULL;
}

static uint64_t first_page(const struct elf_segment *segment) {
    return ALIGN_DOWN(segment->vaddr, PAGE_SIZE);
}

static uint64_t end_page(const struct elf_segment *segment) {
    return ALIGN_UP(segment->vaddr + segment->memsz, PAGE_SIZE);
}

// Put a checked segment in its place by address.
static const char *insert_segment(
    const struct elf_segment *segment, struct elf_image *out) {
    if (out->count == ELF_MAX_SEGMENTS) {
        return fail(out, "more than %d segments", ELF_MAX_SEGMENTS);
    }
    unsigned place = out->count;
    for (; place > 0 && out->segments[place - 1].vaddr > segment->vaddr;
         place--) {
        out->segments[place] = out->segments[place - 1];
    }
    out->segments[place] = *segment;
    out->count++;
    return NULL;
}

static const char *collect_segments(
    const struct file *file, struct elf_image *out) {
    for (unsigned i = 0; i < file->header.e_phnum; i++) {
        struct elf64_phdr phdr = phdr_at(file, i);
        if (phdr.p_type != PT_LOAD ||
            (phdr.p_memsz == 0 && phdr.p_filesz == 0)) {
            continue;
        }
        const char *reason = check_segment(file, &phdr, i, out);
        if (reason != NULL) {
            return reason;
        }
        struct elf_segment segment = {
            .vaddr = phdr.p_vaddr,
            .offset = phdr.p_filesz == 0 ? 0 : phdr.p_offset,
            .filesz = phdr.p_filesz,
            .memsz = phdr.p_memsz,
            .flags = phdr.p_flags & (PF_R | PF_W | PF_X),
        };
        reason = insert_segment(&segment, out);
        if (reason != NULL) {
            return reason;
        }
    }
    if (out->count == 0) {
        return fail(out, "nothing to load");
    }
    return NULL;
}

static const char *check_overlap(struct elf_image *out) {
    for (unsigned i = 1; i < out->count; i++) {
        const struct elf_segment *below = &out->segments[i - 1];
        const struct elf_segment *above = &out->segments[i];
        if (above->vaddr < below->vaddr + below->memsz) {
            return fail(out, "segments overlap at 0x%lx", above->vaddr);
        }
        if (first_page(above) < end_page(below)) {
            return fail(
                out, "segments share the page at 0x%lx", first_page(above));
        }
    }
    return NULL;
}

static const char *check_entry(struct elf_image *out) {
    for (unsigned i = 0; i < out->count; i++) {
        const struct elf_segment *segment = &out->segments[i];
        if ((segment->flags & ELF_EXEC) != 0 && out->entry >= segment->vaddr &&
            out->entry - segment->vaddr < segment->memsz) {
            return NULL;
        }
    }
    return fail(
        out, "entry point 0x%lx outside every executable segment", out->entry);
}

// Where the program headers are once the segments are loaded, or 0.
static uint64_t find_phdr(
    const struct elf64_ehdr *header, const struct elf_image *image) {
    size_t size = header->e_phnum * sizeof(struct elf64_phdr);
    for (unsigned i = 0; i < image->count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        if (header->e_phoff >= segment->offset &&
            header->e_phoff - segment->offset <= segment->filesz &&
            size <= segment->filesz - (header->e_phoff - segment->offset)) {
            return segment->vaddr + (header->e_phoff - segment->offset);
        }
    }
    return 0;
}

const char *elf_parse(const void *image, size_t size, struct elf_image *out) {
    *out = (struct elf_image){0};
    struct file file = {.bytes = image, .size = size};
    if (size < SELFMAG || memcmp(image, ELFMAG, SELFMAG) != 0) {
        return fail(out, "not an ELF file");
    }
    if (size < sizeof(file.header)) {
        return fail(
            out, "truncated: %zu bytes, the header alone has %zu", size,
            sizeof(file.header));
    }
    memcpy(&file.header, image, sizeof(file.header));
    const char *reason = check_header(&file, out);
    if (reason == NULL) {
        reason = collect_segments(&file, out);
    }
    if (reason == NULL) {
        reason = check_overlap(out);
    }
    if (reason != NULL) {
        return reason;
    }
    out->entry = file.header.e_entry;
    out->phdr = find_phdr(&file.header, out);
    out->phnum = file.header.e_phnum;
    out->phentsize = file.header.e_phentsize;
    out->end = end_page(&out->segments[out->count - 1]);
    return check_entry(out);
}
