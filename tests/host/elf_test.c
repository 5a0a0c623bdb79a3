// SOURCES: kernel/elf.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// The ELF checker on a good program and on that program with one thing wrong.
#include "kernel/elf.h"

#include "kernel/base/layout.h"
#include "tests/host/elf_seed.h"
#include "tests/host/suite.h"

#define TEXT 1 // program headers of the seed
#define DATA 2
#define STACK 3

static struct elf_image image;

static const char *parse_size(const struct elf_seed *seed, size_t size) {
    static struct bytes file;
    elf_seed_write(seed, &file, size);
    void *copy = exact_copy(file.at, file.size);
    const char *reason = elf_parse(copy, file.size, &image);
    free(copy);
    return reason;
}

static const char *parse(const struct elf_seed *seed) {
    return parse_size(seed, ELF_SEED_SIZE);
}

START_TEST(good_program) {
    struct elf_seed seed = elf_seed();
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.entry, 0x401010);
    ck_assert_uint_eq(image.phdr, 0x400040);
    ck_assert_uint_eq(image.phnum, 4);
    ck_assert_uint_eq(image.phentsize, 56);
    ck_assert_uint_eq(image.count, 3);
    ck_assert_uint_eq(image.end, 0x406000);
    ck_assert_uint_eq(image.segments[2].vaddr, 0x403010);
    ck_assert_uint_eq(image.segments[2].offset, 0x2010);
    ck_assert_uint_eq(image.segments[2].filesz, 0x20);
    ck_assert_uint_eq(image.segments[2].memsz, 0x2000);
    ck_assert_uint_eq(image.segments[2].flags, ELF_READ | ELF_WRITE);
}
END_TEST

START_TEST(segments_come_out_in_order) {
    struct elf_seed seed = elf_seed();
    struct elf64_phdr first = seed.phdrs[0];
    seed.phdrs[0] = seed.phdrs[DATA];
    seed.phdrs[DATA] = first;
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.segments[0].vaddr, 0x400000);
    ck_assert_uint_eq(image.segments[1].vaddr, 0x401000);
    ck_assert_uint_eq(image.segments[2].vaddr, 0x403010);
}
END_TEST

START_TEST(empty_segments_do_not_count) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[STACK] = (struct elf64_phdr){.p_type = PT_LOAD, .p_flags = 7};
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.count, 3);
}
END_TEST

START_TEST(bss_alone) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[DATA].p_filesz = 0;
    seed.phdrs[DATA].p_offset = 0x7010; // behind the end of the file
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.count, 3);
    ck_assert_uint_eq(image.segments[2].vaddr, 0x403010);
    ck_assert_uint_eq(image.segments[2].offset, 0);
    ck_assert_uint_eq(image.segments[2].filesz, 0);
    ck_assert_uint_eq(image.segments[2].memsz, 0x2000);
}
END_TEST

START_TEST(headers_that_are_not_loaded) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[0].p_filesz = 0x40 + 4 * 56 - 1;
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.phdr, 0);
    seed.phdrs[0].p_filesz = 0x40 + 4 * 56;
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.phdr, 0x400040);
    seed.phdrs[0].p_offset = 0x40;
    seed.phdrs[0].p_vaddr = 0x400040;
    seed.phdrs[0].p_filesz = 4 * 56;
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.phdr, 0x400040);
}
END_TEST

START_TEST(not_elf) {
    ck_assert_str_eq(elf_parse("", 0, &image), "not an ELF file");
    ck_assert_str_eq(elf_parse("#!/bin/sh", 9, &image), "not an ELF file");
    ck_assert_str_eq(
        elf_parse("\177ELF", 4, &image),
        "truncated: 4 bytes, the header alone has 64");
    struct elf_seed seed = elf_seed();
    ck_assert_str_eq(
        elf_parse(&seed.header, sizeof(seed.header), &image),
        "truncated: 4 program headers at 64 of 64 bytes");
}
END_TEST

START_TEST(of_another_kind) {
    struct elf_seed seed = elf_seed();
    seed.header.e_machine = 40;
    ck_assert_str_eq(parse(&seed), "for another machine (machine 40)");
    seed = elf_seed();
    seed.header.e_ident[EI_CLASS] = 1;
    ck_assert_str_eq(parse(&seed), "not a 64-bit ELF file (class 1)");
    seed = elf_seed();
    seed.header.e_ident[EI_DATA] = 2;
    ck_assert_str_eq(parse(&seed), "not little-endian (encoding 2)");
    seed = elf_seed();
    seed.header.e_version = 2;
    ck_assert_str_eq(parse(&seed), "unknown ELF version 2");
    seed = elf_seed();
    seed.header.e_type = 1;
    ck_assert_str_eq(parse(&seed), "not a program (ELF type 1)");
}
END_TEST

START_TEST(not_static) {
    struct elf_seed seed = elf_seed();
    seed.header.e_type = ET_DYN;
    ck_assert_str_eq(
        parse(&seed),
        "position-independent (ET_DYN): link with -static -no-pie");
    seed.phdrs[STACK].p_type = PT_INTERP;
    ck_assert_str_eq(
        parse(&seed), "dynamic: needs an interpreter, link with -static");
}
END_TEST

START_TEST(program_headers) {
    struct elf_seed seed = elf_seed();
    seed.header.e_phnum = 0;
    ck_assert_str_eq(parse(&seed), "no program headers");
    seed = elf_seed();
    seed.header.e_phentsize = 32;
    ck_assert_str_eq(parse(&seed), "program headers of 32 bytes, 56 wanted");
    seed = elf_seed();
    seed.header.e_phoff = UINT64_MAX;
    ck_assert_str_eq(
        parse(&seed), "truncated: 4 program headers at 18446744073709551615 "
                      "of 8448 bytes");
    seed.header.e_phoff = ELF_SEED_SIZE - 4 * 56 + 1;
    ck_assert_str_eq(
        parse(&seed), "truncated: 4 program headers at 8225 of 8448 bytes");
    seed = elf_seed();
    seed.header.e_phnum = 0xffff;
    ck_assert_str_eq(
        parse(&seed), "truncated: 65535 program headers at 64 of 8448 bytes");
}
END_TEST

START_TEST(truncated) {
    struct elf_seed seed = elf_seed();
    ck_assert_str_eq(
        parse_size(&seed, 0x202f),
        "truncated: segment 2 has 32 bytes at 8208 of 8239");
    ck_assert_ptr_null(parse_size(&seed, 0x2030));
    seed.phdrs[DATA].p_offset = UINT64_MAX - 0xfef;
    ck_assert_ptr_nonnull(strstr(parse(&seed), "truncated: segment 2"));
    seed = elf_seed();
    seed.phdrs[DATA].p_filesz = UINT64_MAX;
    seed.phdrs[DATA].p_memsz = UINT64_MAX;
    ck_assert_ptr_nonnull(strstr(parse(&seed), "truncated: segment 2"));
}
END_TEST

START_TEST(sizes) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[DATA].p_memsz = 0x1f;
    ck_assert_str_eq(
        parse(&seed), "segment 2: 32 bytes in the file, 31 in memory");
    seed.phdrs[DATA].p_memsz = 0;
    ck_assert_str_eq(
        parse(&seed), "segment 2: 32 bytes in the file, 0 in memory");
    seed.phdrs[DATA].p_memsz = ELF_SEGMENT_MAX + 1;
    ck_assert_str_eq(
        parse(&seed), "segment 2: 1073741825 bytes, more than 1073741824");
    seed.phdrs[DATA].p_memsz = ELF_SEGMENT_MAX;
    ck_assert_ptr_null(parse(&seed));
}
END_TEST

START_TEST(outside_user_space) {
    struct elf_seed seed = elf_seed();
    static const uint64_t bad[] = {
        0x10, USER_END - 0xff0, USER_END + 0x10, 0xffff800000000010,
        0xfffffffffffff010};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        seed.phdrs[DATA].p_vaddr = bad[i];
        const char *reason = parse(&seed);
        ck_assert_ptr_nonnull(reason);
        ck_assert_ptr_nonnull(strstr(reason, "is outside user space"));
    }
    seed.phdrs[DATA].p_vaddr = USER_START + 0x10;
    ck_assert_ptr_null(parse(&seed));
    seed.phdrs[TEXT].p_vaddr = USER_START;
    seed.phdrs[DATA].p_vaddr = 0x403010;
    seed.header.e_entry = USER_START;
    ck_assert_ptr_null(parse(&seed));
    seed = elf_seed();
    seed.phdrs[DATA].p_vaddr = USER_END - 0x2000 + 0x10;
    ck_assert_ptr_nonnull(parse(&seed));
    seed.phdrs[DATA].p_memsz = 0x2000 - 0x10;
    ck_assert_ptr_null(parse(&seed));
    ck_assert_uint_eq(image.end, USER_END);
}
END_TEST

START_TEST(alignment) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[DATA].p_vaddr++;
    ck_assert_str_eq(
        parse(&seed),
        "segment 2: address 0x403011 and offset 0x2010 do not align");
}
END_TEST

START_TEST(writable_and_executable) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[TEXT].p_flags |= PF_W;
    ck_assert_str_eq(parse(&seed), "segment 1: writable and executable");
}
END_TEST

START_TEST(overlap) {
    struct elf_seed seed = elf_seed();
    seed.phdrs[0].p_memsz = 0x1000; // to the first byte of the next one
    ck_assert_ptr_null(parse(&seed));
    seed.phdrs[0].p_memsz = 0x1001;
    ck_assert_str_eq(parse(&seed), "segments overlap at 0x401000");
    seed = elf_seed();
    seed.phdrs[TEXT].p_vaddr = 0x404000;
    ck_assert_str_eq(parse(&seed), "segments overlap at 0x404000");
    seed.phdrs[TEXT].p_vaddr = 0x400000;
    ck_assert_str_eq(parse(&seed), "segments overlap at 0x400000");
    seed = elf_seed();
    seed.phdrs[DATA].p_vaddr = 0x401810;
    seed.phdrs[DATA].p_offset = 0x1810;
    ck_assert_str_eq(parse(&seed), "segments share the page at 0x401000");
}
END_TEST

START_TEST(entry_point) {
    struct elf_seed seed = elf_seed();
    seed.header.e_entry = 0x401080;
    ck_assert_str_eq(
        parse(&seed), "entry point 0x401080 outside every executable segment");
    seed.header.e_entry = 0x403010;
    ck_assert_ptr_nonnull(parse(&seed));
    seed.header.e_entry = 0x40107f;
    ck_assert_ptr_null(parse(&seed));
    seed.header.e_entry = 0x401000;
    ck_assert_ptr_null(parse(&seed));
    seed.header.e_entry = 0x400fff;
    ck_assert_ptr_nonnull(parse(&seed));
}
END_TEST

START_TEST(nothing_to_load) {
    struct elf_seed seed = elf_seed();
    for (unsigned i = 0; i < ELF_SEED_PHDRS; i++) {
        seed.phdrs[i].p_type = 0;
    }
    ck_assert_str_eq(parse(&seed), "nothing to load");
}
END_TEST

START_TEST(too_many_segments) {
    static struct bytes file;
    struct elf_seed seed = elf_seed();
    seed.header.e_phnum = ELF_MAX_SEGMENTS + 1;
    file.size = 0;
    bytes_add(&file, &seed.header, sizeof(seed.header));
    for (unsigned i = 0; i < seed.header.e_phnum; i++) {
        struct elf64_phdr phdr = seed.phdrs[TEXT];
        phdr.p_vaddr += i * PAGE_SIZE;
        bytes_add(&file, &phdr, sizeof(phdr));
    }
    bytes_add_zeros(&file, 0x2000 - file.size);
    ck_assert_str_eq(
        elf_parse(file.at, file.size, &image), "more than 16 segments");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        good_program,
        segments_come_out_in_order,
        empty_segments_do_not_count,
        bss_alone,
        headers_that_are_not_loaded,
        not_elf,
        of_another_kind,
        not_static,
        program_headers,
        truncated,
        sizes,
        outside_user_space,
        alignment,
        writable_and_executable,
        overlap,
        entry_point,
        nothing_to_load,
        too_many_segments,
    };
    return SUITE_RUN("elf", tests);
}
