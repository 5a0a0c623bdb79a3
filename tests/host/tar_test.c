// SOURCES: kernel/tar.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// The tar reader: every kind of entry, names in all their forms, damage.
#include "kernel/tar.h"

#include "tests/host/suite.h"
#include "tests/host/tar_seed.h"

static struct bytes seed;
static struct tar tar;
static struct tar_entry entry;

static bool contains(const char *text) {
    return entry.size == strlen(text) &&
           memcmp(entry.data, text, entry.size) == 0;
}

static bool next_is(const char *name, enum tar_type type) {
    return tar_next(&tar, &entry) && strcmp(entry.name, name) == 0 &&
           entry.type == type;
}

// Read a copy of the whole archive that the sanitizer guards. Returns what it
// says in the end; the last entry is that of `entry`, without its data.
static const char *read_all(void) {
    static struct tar guarded;
    void *copy = exact_copy(seed.at, seed.size);
    tar_start(&guarded, copy, seed.size);
    while (tar_next(&guarded, &entry)) {
    }
    entry.data = NULL;
    free(copy);
    return guarded.reason;
}

START_TEST(entries_of_the_seed) {
    tar_seed(&seed);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("", TAR_DIRECTORY));
    ck_assert(next_is("bin", TAR_DIRECTORY));
    ck_assert(next_is("bin/tour", TAR_FILE));
    ck_assert(contains("first tour"));
    ck_assert_uint_eq(entry.mode, 0755);
    ck_assert_uint_eq(entry.mtime, 1234);
    ck_assert(next_is("bin/sh", TAR_SYMLINK));
    ck_assert_str_eq(entry.link, "../bin/mksh");
    ck_assert_uint_eq(entry.size, 0);
    ck_assert(next_is("bin/hard", TAR_HARD_LINK));
    ck_assert_str_eq(entry.link, "bin/tour");
    ck_assert(next_is("a/long/name", TAR_FILE));
    ck_assert_str_eq(entry.link, "");
    ck_assert(contains("by GNU"));
    ck_assert(next_is("p/q", TAR_FILE));
    ck_assert(contains("by pax"));
    ck_assert(next_is("bin/tour", TAR_FILE));
    ck_assert(contains("second tour"));
    ck_assert(!tar_next(&tar, &entry));
    ck_assert(!tar_next(&tar, &entry));
    ck_assert_str_eq(tar.reason, "");
}
END_TEST

START_TEST(find) {
    tar_seed(&seed);
    ck_assert(tar_find(seed.at, seed.size, "/bin/tour", &entry));
    ck_assert(contains("second tour"));
    ck_assert(tar_find(seed.at, seed.size, "./bin", &entry));
    ck_assert_int_eq(entry.type, TAR_DIRECTORY);
    ck_assert(tar_find(seed.at, seed.size, "/", &entry));
    ck_assert_str_eq(entry.name, "");
    ck_assert(tar_find(seed.at, seed.size, "a/long/name", &entry));
    ck_assert(contains("by GNU"));
    ck_assert(!tar_find(seed.at, seed.size, "/bin/tou", &entry));
    ck_assert(!tar_find(seed.at, seed.size, "/bin/tours", &entry));
    ck_assert(!tar_find(seed.at, 0, "/bin/tour", &entry));
}
END_TEST

START_TEST(prefix_makes_the_longest_name) {
    char name[101] = {0};
    char prefix[156] = {0};
    char whole[257];
    memset(name, 'n', 100);
    memset(prefix, 'p', 155);
    seed.size = 0;
    size_t offset = tar_seed_file(&seed, name, "deep");
    memcpy(seed.at + offset + TAR_SEED_PREFIX, prefix, 155);
    tar_seed_seal(&seed, offset);
    snprintf(whole, sizeof(whole), "%s/%s", prefix, name);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is(whole, TAR_FILE));
    ck_assert(!tar_next(&tar, &entry));
    ck_assert_str_eq(tar.reason, "");
}
END_TEST

START_TEST(no_prefix_in_the_old_gnu_format) {
    seed.size = 0;
    size_t offset = tar_seed_file(&seed, "name", "");
    memcpy(seed.at + offset + TAR_SEED_MAGIC, "ustar  ", 8);
    memcpy(seed.at + offset + TAR_SEED_PREFIX, "01234567012", 12);
    tar_seed_seal(&seed, offset);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("name", TAR_FILE));
}
END_TEST

START_TEST(directory_before_posix) {
    seed.size = 0;
    tar_seed_add(&seed, "old/", '\0', "", "", 0);
    tar_seed_add(&seed, "file", '\0', "", "data", 4);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("old", TAR_DIRECTORY));
    ck_assert(next_is("file", TAR_FILE));
    ck_assert(contains("data"));
}
END_TEST

static void set_size(size_t offset, const char *twelve) {
    memcpy(seed.at + offset + TAR_SEED_SIZE, twelve, 12);
    tar_seed_seal(&seed, offset);
}

START_TEST(octal_sizes) {
    seed.size = 0;
    size_t offset = tar_seed_file(&seed, "name", "data");
    static const char *const good[] = {
        "000000000004", "          4 ", "4\0xxxxxxxxxx", "4 xxxxxxxxxx"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        set_size(offset, good[i]);
        tar_start(&tar, seed.at, seed.size);
        ck_assert(next_is("name", TAR_FILE));
        ck_assert(contains("data"));
    }
    static const char *const bad[] = {"0000000000x4", "8\0", "-1\0"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        char field[12] = {0};
        memcpy(field, bad[i], strlen(bad[i]));
        set_size(offset, field);
        ck_assert_str_eq(read_all(), "bad size at offset 0");
    }
}
END_TEST

START_TEST(sizes_that_do_not_count) {
    seed.size = 0;
    for (char type = TAR_HARD_LINK; type <= TAR_FIFO; type++) {
        size_t offset = tar_seed_add(&seed, "name", type, "link", "", 0);
        set_size(offset, "00000001000\0");
    }
    tar_start(&tar, seed.at, seed.size);
    for (char type = TAR_HARD_LINK; type <= TAR_FIFO; type++) {
        ck_assert(next_is("name", (enum tar_type)type));
        ck_assert_uint_eq(entry.size, 0);
    }
    ck_assert(!tar_next(&tar, &entry));
    ck_assert_str_eq(tar.reason, "");
}
END_TEST

START_TEST(types_of_posix_to_come) {
    seed.size = 0;
    tar_seed_add(&seed, "contiguous", '7', "", "data", 4);
    tar_seed_add(&seed, "unknown", 'Z', "", "data", 4);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("contiguous", TAR_FILE));
    ck_assert(contains("data"));
    ck_assert(next_is("unknown", TAR_FILE));
    ck_assert(contains("data"));
}
END_TEST

START_TEST(names_with_dots) {
    seed.size = 0;
    tar_seed_file(&seed, ".profile", "");
    tar_seed_file(&seed, "././/../up", "");
    tar_seed_add(&seed, ".", '5', "", "", 0);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is(".profile", TAR_FILE));
    ck_assert(next_is("../up", TAR_FILE));
    ck_assert(next_is("", TAR_DIRECTORY));
}
END_TEST

START_TEST(binary_size) {
    static const uint8_t four[12] = {0x80, [11] = 4};
    seed.size = 0;
    size_t offset = tar_seed_file(&seed, "name", "data");
    memcpy(seed.at + offset + TAR_SEED_SIZE, four, sizeof(four));
    tar_seed_seal(&seed, offset);
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("name", TAR_FILE));
    ck_assert(contains("data"));
    memset(seed.at + offset + TAR_SEED_SIZE, 0xff, sizeof(four));
    tar_seed_seal(&seed, offset);
    ck_assert_str_eq(read_all(), "bad size at offset 0");
    seed.at[offset + TAR_SEED_SIZE] = 0x80;
    tar_seed_seal(&seed, offset);
    ck_assert_str_eq(read_all(), "bad size at offset 0");
}
END_TEST

START_TEST(pax_size_and_link) {
    seed.size = 0;
    tar_seed_add(&seed, "x", 'x', "", "9 size=4\n15 linkpath=to\n", 24);
    size_t offset = tar_seed_file(&seed, "name", "data");
    memcpy(seed.at + offset + TAR_SEED_SIZE, "00000000000", 11);
    tar_seed_seal(&seed, offset);
    tar_seed_file(&seed, "after", "");
    tar_start(&tar, seed.at, seed.size);
    ck_assert(next_is("name", TAR_FILE));
    ck_assert(contains("data"));
    ck_assert_str_eq(entry.link, "to");
    ck_assert(next_is("after", TAR_FILE));
    ck_assert_str_eq(entry.link, "");
}
END_TEST

START_TEST(bad_pax_records) {
    static const char *const bad[] = {
        "x path=a\n", "99 path=a\n", "3 path=a\n",
        "9 path=a.",  "0 path=a\n",  "11path=aaa\n",
        "2 \n",       "10 size=x\n", "18446744073709551617 path=a\n"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        seed.size = 0;
        tar_seed_add(&seed, "x", 'x', "", bad[i], strlen(bad[i]));
        tar_seed_file(&seed, "name", "");
        ck_assert_str_eq(read_all(), "bad pax header at offset 0");
    }
    seed.size = 0;
    tar_seed_add(&seed, "x", 'x', "", "12", 2);
    seed.size = TAR_SEED_BLOCK + 2; // nothing behind the digits
    ck_assert_str_eq(read_all(), "bad pax header at offset 0");
}
END_TEST

START_TEST(names_that_are_too_long) {
    char name[300];
    memset(name, 'n', sizeof(name));
    seed.size = 0;
    tar_seed_add(&seed, "L", 'L', "", name, sizeof(name));
    tar_seed_file(&seed, "name", "");
    ck_assert_str_eq(read_all(), "name longer than 256 bytes at offset 1024");
    seed.size = 0;
    tar_seed_add(&seed, "K", 'K', "", name, sizeof(name));
    tar_seed_add(&seed, "name", '2', "", "", 0);
    ck_assert_str_eq(read_all(), "name longer than 256 bytes at offset 1024");
    seed.size = 0;
    tar_seed_add(&seed, "L", 'L', "", name, 257);
    tar_seed_file(&seed, "name", "");
    ck_assert_str_eq(read_all(), "name longer than 256 bytes at offset 1024");
    seed.size = 0;
    tar_seed_add(&seed, "L", 'L', "", name, 256);
    tar_seed_file(&seed, "name", "");
    ck_assert_str_eq(read_all(), "");
}
END_TEST

START_TEST(bad_checksum) {
    tar_seed(&seed);
    seed.at[1024]++;
    ck_assert_str_eq(read_all(), "bad checksum at offset 1024");
}
END_TEST

START_TEST(bad_mode_and_time) {
    static const size_t fields[] = {TAR_SEED_MODE, TAR_SEED_SIZE + 12};
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        seed.size = 0;
        tar_seed_file(&seed, "name", "");
        seed.at[fields[i]] = 'x';
        tar_seed_seal(&seed, 0);
        ck_assert_str_eq(read_all(), "bad mode or time at offset 0");
    }
}
END_TEST

START_TEST(entry_past_the_end) {
    tar_seed(&seed);
    seed.size = 1024 + 512 + 9;
    ck_assert_str_eq(
        read_all(), "entry ./bin/tour at offset 1024 runs past the end");
    seed.size = 1024 + 512 + 10; // all the data, no padding
    ck_assert_str_eq(read_all(), "");
    seed.size = 1024 + 100;
    ck_assert_str_eq(
        read_all(), "archive ends inside the header at offset 1024");
    seed.size = 1024;
    ck_assert_str_eq(read_all(), "");
}
END_TEST

START_TEST(not_an_archive) {
    seed.size = 0;
    bytes_add_zeros(&seed, TAR_SEED_BLOCK); // one, where two are usual
    ck_assert_str_eq(read_all(), "");
    seed.size = 0;
    for (unsigned i = 0; i < 600; i++) {
        bytes_add_u8(&seed, 'A');
    }
    ck_assert_str_eq(read_all(), "bad checksum at offset 0");
    seed.size = 0;
    ck_assert_str_eq(read_all(), "");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        entries_of_the_seed,
        find,
        prefix_makes_the_longest_name,
        no_prefix_in_the_old_gnu_format,
        directory_before_posix,
        octal_sizes,
        sizes_that_do_not_count,
        types_of_posix_to_come,
        names_with_dots,
        binary_size,
        pax_size_and_link,
        bad_pax_records,
        names_that_are_too_long,
        bad_checksum,
        bad_mode_and_time,
        entry_past_the_end,
        not_an_archive,
    };
    return SUITE_RUN("tar", tests);
}
