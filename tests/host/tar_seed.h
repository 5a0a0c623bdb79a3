// SPDX-License-Identifier: MIT
// Tar archives, header by header.
#pragma once

#include <stdio.h>

#include "tests/host/bytes_builder.h"

#define TAR_SEED_BLOCK 512
#define TAR_SEED_MODE 100 // offsets in a header
#define TAR_SEED_SIZE 124
#define TAR_SEED_CHECKSUM 148
#define TAR_SEED_TYPE 156
#define TAR_SEED_LINK 157
#define TAR_SEED_MAGIC 257
#define TAR_SEED_PREFIX 345

// Make the checksum of the header at `offset` fit what is in it.
static inline void tar_seed_seal(struct bytes *to, size_t offset) {
    char *header = (char *)to->at + offset;
    unsigned sum = 0;
    memset(header + TAR_SEED_CHECKSUM, ' ', 8);
    for (size_t i = 0; i < TAR_SEED_BLOCK; i++) {
        sum += (uint8_t)header[i];
    }
    snprintf(header + TAR_SEED_CHECKSUM, 8, "%06o", sum);
}

// Add an entry; returns where its header is.
static inline size_t tar_seed_add(
    struct bytes *to, const char *name, char type, const char *link,
    const void *data, size_t size) {
    size_t offset = to->size;
    bytes_add_zeros(to, TAR_SEED_BLOCK);
    char *header = (char *)to->at + offset;
    memcpy(header, name, strlen(name));
    memcpy(header + TAR_SEED_LINK, link, strlen(link));
    memcpy(header + TAR_SEED_MODE, "0000755", 8);
    memcpy(header + TAR_SEED_MODE + 8, "0000000\0000000000", 15);
    snprintf(header + TAR_SEED_SIZE, 24, "%011zo%c%011o", size, ' ', 1234);
    header[TAR_SEED_TYPE] = type;
    memcpy(header + TAR_SEED_MAGIC, "ustar\00000", 8);
    tar_seed_seal(to, offset);
    bytes_add(to, data, size);
    bytes_pad(to, TAR_SEED_BLOCK);
    return offset;
}

static inline size_t tar_seed_file(
    struct bytes *to, const char *name, const char *text) {
    return tar_seed_add(to, name, '0', "", text, strlen(text));
}

static inline void tar_seed_end(struct bytes *to) {
    bytes_add_zeros(to, 2 * TAR_SEED_BLOCK);
}

static inline void tar_seed(struct bytes *to) {
    to->size = 0;
    tar_seed_add(to, "./", '5', "", "", 0);
    tar_seed_add(to, "./bin/", '5', "", "", 0);
    tar_seed_file(to, "./bin/tour", "first tour");
    tar_seed_add(to, "bin/sh", '2', "../bin/mksh", "", 0);
    tar_seed_add(to, "bin/hard", '1', "./bin/tour", "", 0);
    tar_seed_add(to, "././@LongLink", 'L', "", "a/long/name", 12);
    tar_seed_file(to, "a/lon", "by GNU");
    tar_seed_add(to, "pax_global_header", 'g', "", "11 path=no\n", 11);
    tar_seed_add(to, "x", 'x', "", "13 path=/p/q\n20 comment=say what\n", 33);
    tar_seed_file(to, "short", "by pax");
    tar_seed_file(to, "/bin/tour", "second tour");
    tar_seed_end(to);
}
