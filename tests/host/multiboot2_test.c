// SOURCES: boot/multiboot2.c
// SPDX-License-Identifier: MIT
// The multiboot2 information: what a good one gives, and that each way of being
// damaged is refused by name.
#include "boot/multiboot2.h"
#include "kernel/base/elf_format.h"
#include "tests/host/multiboot2_seed.h"
#include "tests/host/suite.h"

static struct multiboot2_info info;
static void *copy;

// Parse a copy that the sanitizer guards; it lives until the test's end.
static const char *parse(const struct bytes *from) {
    copy = exact_copy(from->at, from->size);
    return multiboot2_parse(copy, from->size, &info);
}

// One tag, then the end: what does the parser say?
static const char *parse_one(uint32_t type, const void *data, size_t size) {
    struct bytes seed;
    seed_start(&seed);
    seed_tag(&seed, type, data, size);
    seed_end(&seed);
    const char *reason = parse(&seed);
    free(copy);
    return reason;
}

static const char *parse_words(
    uint32_t type, const uint32_t *words, size_t size) {
    return parse_one(type, words, size);
}

START_TEST(strings_and_efi) {
    struct bytes seed;
    multiboot2_seed(&seed);
    ck_assert_ptr_null(parse(&seed));
    ck_assert_str_eq(info.cmdline, "cpus=2 -- /bin/tour");
    ck_assert_str_eq(info.loader, "GRUB 2.06");
    ck_assert_uint_eq(info.size, seed.size);
    ck_assert(info.efi);
    ck_assert(info.efi_services_active);
    ck_assert_uint_eq(info.efi_system_table, 0x7ff00000);
    ck_assert_uint_eq(info.rsdp_old_size, 20);
    ck_assert_uint_eq(info.rsdp_new_size, 36);
    ck_assert_mem_eq(info.rsdp_new, "RSD PTR new", 11);
    free(copy);
}
END_TEST

START_TEST(memory_entries) {
    struct bytes seed;
    multiboot2_seed(&seed);
    ck_assert_ptr_null(parse(&seed));
    static const struct mb2_memory wanted[] = {
        {0, 0x9fc00, MB2_MEMORY_AVAILABLE},
        {0x9fc00, 0x400, MB2_MEMORY_RESERVED},
        {0x100000, 0xff00000, MB2_MEMORY_AVAILABLE},
    };
    size_t cursor = 0;
    struct mb2_memory found;
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        ck_assert(mb2_memory_next(&info, &cursor, &found));
        ck_assert_uint_eq(found.start, wanted[i].start);
        ck_assert_uint_eq(found.size, wanted[i].size);
        ck_assert_uint_eq(found.type, wanted[i].type);
    }
    ck_assert(!mb2_memory_next(&info, &cursor, &found));
    ck_assert(!mb2_memory_next(&info, &cursor, &found));
    free(copy);
}
END_TEST

START_TEST(modules) {
    struct bytes seed;
    multiboot2_seed(&seed);
    ck_assert_ptr_null(parse(&seed));
    size_t cursor = 0;
    struct mb2_module found;
    ck_assert(mb2_module_next(&info, &cursor, &found));
    ck_assert_uint_eq(found.start, 0x300000);
    ck_assert_uint_eq(found.end, 0x300800);
    ck_assert_str_eq(found.cmdline, "root");
    ck_assert(mb2_module_next(&info, &cursor, &found));
    ck_assert_uint_eq(found.start, found.end);
    ck_assert_str_eq(found.cmdline, "");
    ck_assert(!mb2_module_next(&info, &cursor, &found));
    ck_assert(!mb2_module_next(&info, &cursor, &found));
    free(copy);
}
END_TEST

START_TEST(module_that_ends_before_it_starts) {
    struct bytes seed;
    seed_start(&seed);
    seed_module(&seed, 0x2000, 0x1000, "backwards");
    seed_module(&seed, 0x3000, 0x4000, "good");
    seed_end(&seed);
    ck_assert_ptr_null(parse(&seed));
    size_t cursor = 0;
    struct mb2_module found;
    ck_assert(mb2_module_next(&info, &cursor, &found));
    ck_assert_str_eq(found.cmdline, "good");
    ck_assert(!mb2_module_next(&info, &cursor, &found));
    free(copy);
}
END_TEST

START_TEST(sections) {
    struct bytes seed;
    multiboot2_seed(&seed);
    ck_assert_ptr_null(parse(&seed));
    size_t cursor = 0;
    struct mb2_section found;
    ck_assert(mb2_section_next(&info, &cursor, &found));
    ck_assert(mb2_section_next(&info, &cursor, &found));
    ck_assert_uint_eq(found.type, SHT_SYMTAB);
    ck_assert_uint_eq(found.address, 0x200000);
    ck_assert_uint_eq(found.size, 0x300);
    ck_assert_uint_eq(found.entry_size, 24);
    ck_assert_uint_eq(found.name, 11);
    struct mb2_section strings;
    ck_assert(mb2_section_at(&info, found.link, &strings));
    ck_assert_uint_eq(strings.type, SHT_STRTAB);
    ck_assert_uint_eq(strings.address, 0x201000);
    ck_assert(mb2_section_next(&info, &cursor, &found));
    ck_assert(!mb2_section_next(&info, &cursor, &found));
    ck_assert(!mb2_section_at(&info, 3, &found));
    free(copy);
}
END_TEST

START_TEST(sections_of_the_32_bit_class) {
    // num, entsize, shndx; name type flags addr offset size link info
    // addralign entsize
    static const uint32_t words[] = {1,    40,   0, 7,  SHT_STRTAB, 2, 0x5000,
                                     0x60, 0x70, 9, 10, 11,         12};
    struct bytes seed;
    seed_start(&seed);
    seed_tag(&seed, 9, words, sizeof(words));
    seed_end(&seed);
    ck_assert_ptr_null(parse(&seed));
    struct mb2_section found;
    ck_assert(mb2_section_at(&info, 0, &found));
    ck_assert_uint_eq(found.name, 7);
    ck_assert_uint_eq(found.type, SHT_STRTAB);
    ck_assert_uint_eq(found.flags, SHF_ALLOC);
    ck_assert_uint_eq(found.address, 0x5000);
    ck_assert_uint_eq(found.size, 0x70);
    ck_assert_uint_eq(found.link, 9);
    ck_assert_uint_eq(found.entry_size, 12);
    free(copy);
}
END_TEST

START_TEST(an_empty_information) {
    struct bytes seed;
    seed_start(&seed);
    seed_end(&seed);
    ck_assert_ptr_null(parse(&seed));
    ck_assert_str_eq(info.cmdline, "");
    ck_assert_str_eq(info.loader, "");
    ck_assert_ptr_null(info.rsdp_old);
    ck_assert(!info.efi);
    size_t cursor = 0;
    struct mb2_memory memory;
    ck_assert(!mb2_memory_next(&info, &cursor, &memory));
    struct mb2_section section;
    ck_assert(!mb2_section_next(&info, &cursor, &section));
    struct mb2_module module;
    ck_assert(!mb2_module_next(&info, &cursor, &module));
    free(copy);
}
END_TEST

START_TEST(total_size) {
    struct bytes seed;
    multiboot2_seed(&seed);
    bytes_set_u32(&seed, 0, (uint32_t)seed.size + 1);
    ck_assert_str_eq(parse(&seed), "longer than its memory");
    free(copy);
    bytes_set_u32(&seed, 0, (uint32_t)seed.size - 8);
    ck_assert_str_eq(parse(&seed), "ends without an end tag");
    free(copy);
    ck_assert_str_eq(multiboot2_parse(NULL, 0, &info), "not readable");
    ck_assert_str_eq(multiboot2_parse(seed.at, 7, &info), "not readable");
}
END_TEST

START_TEST(total_size_of_zero) {
    static const uint64_t nothing = 0;
    ck_assert_str_eq(
        multiboot2_parse(&nothing, sizeof(nothing), &info),
        "ends without an end tag");
}
END_TEST

START_TEST(tag_sizes) {
    struct bytes seed;
    multiboot2_seed(&seed);
    bytes_set_u32(&seed, 12, 7);
    ck_assert_str_eq(parse(&seed), "a tag is shorter than its header");
    free(copy);
    bytes_set_u32(&seed, 12, (uint32_t)seed.size - 8 + 1);
    ck_assert_str_eq(parse(&seed), "a tag runs past the end");
    free(copy);
    bytes_set_u32(&seed, 12, 0xffffffff);
    ck_assert_str_eq(parse(&seed), "a tag runs past the end");
    free(copy);
}
END_TEST

START_TEST(strings_without_an_end) {
    ck_assert_str_eq(parse_one(1, "abcdefgh", 8), "a string has no end");
    ck_assert_str_eq(parse_one(1, "", 0), "a string has no end");
    ck_assert_str_eq(
        parse_one(3, "sssseeeetext", 12),
        "module: its command line has no end");
    ck_assert_str_eq(
        parse_one(3, "ssss", 4), "module: its command line has no end");
}
END_TEST

START_TEST(bad_memory_maps) {
    static const uint32_t narrow[] = {23, 0, 0, 0, 0, 0, 0, 0};
    ck_assert_str_eq(
        parse_words(6, narrow, sizeof(narrow)),
        "memory map: entries too short");
    ck_assert_str_eq(
        parse_words(6, narrow, 4), "memory map: shorter than its header");
    static const uint32_t zero[] = {0, 0};
    ck_assert_str_eq(
        parse_words(6, zero, sizeof(zero)), "memory map: entries too short");
}
END_TEST

START_TEST(bad_sections) {
    // Room for one header and all but a word of a second one.
    static const uint32_t too_many[3 + 16 + 15] = {2, 64, 0};
    ck_assert_str_eq(
        parse_words(9, too_many, sizeof(too_many)),
        "ELF sections: more headers than the tag holds");
    static const uint32_t odd[] = {1, 48, 0};
    ck_assert_str_eq(
        parse_words(9, odd, sizeof(odd)),
        "ELF sections: headers of an unknown size");
    ck_assert_str_eq(
        parse_words(9, odd, 8), "ELF sections: shorter than their header");
    static const uint32_t none[] = {0, 0, 0};
    ck_assert_ptr_null(parse_words(9, none, sizeof(none)));
}
END_TEST

START_TEST(bad_efi_pointer) {
    ck_assert_str_eq(
        parse_one(12, "1234", 4), "EFI system table: shorter than a pointer");
    ck_assert_ptr_null(parse_one(11, "1234", 4));
}
END_TEST

START_TEST(first_of_two_counts) {
    static const uint32_t memory[] = {24, 0};
    static const uint32_t sections[3 + 10] = {1, 40, 0};
    struct bytes twice;
    multiboot2_seed(&twice);
    twice.size -= 8; // the end tag
    seed_string(&twice, 1, "second");
    seed_string(&twice, 2, "second");
    seed_tag(&twice, 6, memory, sizeof(memory));
    seed_tag(&twice, 9, sections, sizeof(sections));
    seed_tag(&twice, 14, "second", 6);
    seed_tag(&twice, 15, "second", 6);
    seed_end(&twice);
    ck_assert_ptr_null(parse(&twice));
    ck_assert_str_eq(info.cmdline, "cpus=2 -- /bin/tour");
    ck_assert_str_eq(info.loader, "GRUB 2.06");
    ck_assert_uint_eq(info.memory_size, 5 * 24);
    ck_assert_uint_eq(info.num_sections, 3);
    ck_assert_uint_eq(info.section_names, 2);
    ck_assert_uint_eq(info.rsdp_old_size, 20);
    ck_assert_uint_eq(info.rsdp_new_size, 36);
    free(copy);
}
END_TEST

START_TEST(efi_by_any_of_its_tags) {
    static const uint64_t pointer = 0x1122334455667788;
    ck_assert_ptr_null(parse_one(11, &pointer, sizeof(uint32_t)));
    ck_assert(info.efi && !info.efi_services_active);
    ck_assert_uint_eq(info.efi_system_table, 0x55667788);
    ck_assert_ptr_null(parse_one(12, &pointer, sizeof(pointer)));
    ck_assert(info.efi && !info.efi_services_active);
    ck_assert_uint_eq(info.efi_system_table, pointer);
    ck_assert_ptr_null(parse_one(18, "", 0));
    ck_assert(info.efi && info.efi_services_active);
}
END_TEST

START_TEST(each_rsdp_alone) {
    ck_assert_ptr_null(parse_one(14, "RSD PTR old", 11));
    ck_assert_ptr_nonnull(info.rsdp_old);
    ck_assert_ptr_null(info.rsdp_new);
    ck_assert_ptr_null(parse_one(15, "RSD PTR new", 11));
    ck_assert_ptr_null(info.rsdp_old);
    ck_assert_ptr_nonnull(info.rsdp_new);
    ck_assert(!info.efi && !info.efi_services_active);
}
END_TEST

START_TEST(memory_map_at_its_limits) {
    struct bytes data = {.size = 0};
    struct bytes map;
    bytes_add_u32(&data, 32); // longer entries than today's
    bytes_add_u32(&data, 0);
    seed_memory_entry(&data, 1, UINT64_MAX - 1, 1);
    bytes_add_u64(&data, 0);
    seed_memory_entry(&data, 2, UINT64_MAX - 1, 1);
    bytes_add_u64(&data, 0);
    seed_memory_entry(&data, 0x1000, 0x1000, 1); // cut short
    seed_start(&map);
    seed_tag(&map, 6, data.at, data.size);
    seed_end(&map);
    ck_assert_ptr_null(parse(&map));
    size_t cursor = 0;
    struct mb2_memory found;
    ck_assert(mb2_memory_next(&info, &cursor, &found));
    ck_assert_uint_eq(found.start, 1);
    ck_assert(!mb2_memory_next(&info, &cursor, &found));
    free(copy);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        strings_and_efi,
        memory_entries,
        modules,
        module_that_ends_before_it_starts,
        sections,
        sections_of_the_32_bit_class,
        an_empty_information,
        total_size,
        total_size_of_zero,
        tag_sizes,
        strings_without_an_end,
        bad_memory_maps,
        bad_sections,
        bad_efi_pointer,
        first_of_two_counts,
        efi_by_any_of_its_tags,
        each_rsdp_alone,
        memory_map_at_its_limits,
    };
    return SUITE_RUN("multiboot2", tests);
}
