// SOURCES: kernel/tar.c kernel/base/format.c
// SPDX-License-Identifier: MIT
// Damaged archives, with header checksums made good again more often than not.
#include "kernel/tar.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/tar_seed.h"

static void seal(struct fuzz *fuzz, struct bytes *input) {
    static struct bytes good;
    tar_seed(&good);
    // Headers of the seed have "ustar" in its place; most are still there.
    for (size_t at = 0; at + TAR_SEED_BLOCK <= input->size;
         at += TAR_SEED_BLOCK) {
        bool header = memcmp(good.at + at + TAR_SEED_MAGIC, "ustar", 5) == 0;
        if (header && !fuzz_chance(fuzz, 16)) {
            tar_seed_seal(input, at);
        }
    }
}

static void check_entry(
    const struct tar_entry *entry, const uint8_t *archive, size_t size) {
    const uint8_t *data = entry->data;
    FUZZ_CHECK(data >= archive && data <= archive + size);
    FUZZ_CHECK(entry->size <= (size_t)(archive + size - data));
    FUZZ_CHECK(strlen(entry->name) < TAR_NAME_SIZE);
    FUZZ_CHECK(strlen(entry->link) < TAR_NAME_SIZE);
    FUZZ_CHECK(entry->name[0] != '/');
    FUZZ_CHECK(entry->mode <= 07777);
}

static void walk(struct fuzz *fuzz, const uint8_t *archive, size_t size) {
    struct tar tar;
    struct tar_entry entry;
    struct tar_entry found;
    size_t steps = 0;
    tar_start(&tar, archive, size);
    while (tar_next(&tar, &entry)) {
        FUZZ_CHECK(steps++ < size);
        check_entry(&entry, archive, size);
        FUZZ_CHECK(tar_find(archive, size, entry.name, &found));
        FUZZ_CHECK(found.data >= entry.data);
        FUZZ_CHECK(strcmp(found.name, entry.name) == 0);
    }
    FUZZ_CHECK(!tar_next(&tar, &entry));
    FUZZ_CHECK(tar.offset <= size);
    if (tar.reason[0] == '\0') {
        fuzz->accepted++;
    }
}

// Most damage is aimed at one header, whose numbers and names decide.
static void mutate_header(struct fuzz *fuzz, struct bytes *input) {
    static struct bytes header;
    size_t blocks = input->size / TAR_SEED_BLOCK;
    size_t at = fuzz_below(fuzz, blocks) * TAR_SEED_BLOCK;
    header.size = 0;
    bytes_add(&header, input->at + at, TAR_SEED_BLOCK);
    fuzz_mutate(fuzz, &header);
    memcpy(input->at + at, header.at, TAR_SEED_BLOCK);
}

static void once(struct fuzz *fuzz) {
    static struct bytes input;
    tar_seed(&input);
    mutate_header(fuzz, &input);
    if (fuzz_chance(fuzz, 3)) {
        fuzz_mutate(fuzz, &input);
    }
    seal(fuzz, &input);
    uint8_t *copy = exact_copy(input.at, input.size);
    walk(fuzz, copy, input.size);
    free(copy);
}

int main(int argc, char *argv[]) {
    return fuzz_main("tar", 5000, argc, argv, once);
}
