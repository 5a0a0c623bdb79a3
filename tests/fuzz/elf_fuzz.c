// SOURCES: kernel/elf.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// Damaged programs: what is accepted must keep every promise of kernel/elf.h.
#include "kernel/elf.h"

#include "kernel/base/layout.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/elf_seed.h"

static void check_segment(const struct elf_segment *segment, size_t size) {
    FUZZ_CHECK(segment->memsz != 0);
    FUZZ_CHECK(segment->memsz <= ELF_SEGMENT_MAX);
    FUZZ_CHECK(segment->filesz <= segment->memsz);
    FUZZ_CHECK(segment->offset <= size);
    FUZZ_CHECK(segment->filesz <= size - segment->offset);
    FUZZ_CHECK(segment->vaddr >= USER_START);
    FUZZ_CHECK(segment->vaddr < USER_END);
    FUZZ_CHECK(segment->memsz <= USER_END - segment->vaddr);
    if (segment->filesz == 0) {
        FUZZ_CHECK(segment->offset == 0);
    } else {
        FUZZ_CHECK(segment->vaddr % PAGE_SIZE == segment->offset % PAGE_SIZE);
    }
    FUZZ_CHECK((segment->flags & ~7u) == 0);
    FUZZ_CHECK(
        (segment->flags & ELF_WRITE) == 0 || (segment->flags & ELF_EXEC) == 0);
}

static void check_image(const struct elf_image *image, size_t size) {
    bool entry = false;
    FUZZ_CHECK(image->count > 0 && image->count <= ELF_MAX_SEGMENTS);
    for (unsigned i = 0; i < image->count; i++) {
        const struct elf_segment *segment = &image->segments[i];
        uint64_t end = segment->vaddr + segment->memsz;
        check_segment(segment, size);
        FUZZ_CHECK(image->end >= end);
        entry |= (segment->flags & ELF_EXEC) != 0 &&
                 image->entry >= segment->vaddr && image->entry < end;
        if (i + 1 < image->count) {
            FUZZ_CHECK((end - 1) / PAGE_SIZE < segment[1].vaddr / PAGE_SIZE);
        }
    }
    FUZZ_CHECK(entry);
    FUZZ_CHECK(image->end % PAGE_SIZE == 0 && image->end <= USER_END);
    FUZZ_CHECK(image->phentsize == sizeof(struct elf64_phdr));
}

// The headers are a hundredth of the file: damage is aimed at them.
static void once(struct fuzz *fuzz) {
    static struct bytes headers;
    static struct bytes file;
    struct elf_seed seed = elf_seed();
    headers.size = 0;
    bytes_add(&headers, &seed, sizeof(seed));
    fuzz_mutate(fuzz, &headers);
    headers.size = sizeof(seed);
    memcpy(&seed, headers.at, sizeof(seed));
    size_t size = ELF_SEED_SIZE;
    if (fuzz_chance(fuzz, 8)) {
        size = fuzz_below(fuzz, ELF_SEED_SIZE);
    }
    elf_seed_write(&seed, &file, size);
    void *copy = exact_copy(file.at, file.size);
    struct elf_image image;
    const char *reason = elf_parse(copy, file.size, &image);
    if (reason == NULL) {
        fuzz->accepted++;
        check_image(&image, file.size);
    } else {
        FUZZ_CHECK(reason == image.reason && reason[0] != '\0');
    }
    free(copy);
}

int main(int argc, char *argv[]) {
    return fuzz_main("elf", 100000, argc, argv, once);
}
