// SPDX-License-Identifier: MIT
// Read a tar archive in memory: ustar, with GNU's long names and pax paths.
// Names come without a leading "/" or "./" and without a trailing "/".
#pragma once

#include "kernel/base/types.h"

#define TAR_NAME_SIZE 257 // prefix, slash, name and the final 0
#define TAR_REASON_SIZE 128

enum tar_type {
    TAR_FILE = '0',
    TAR_HARD_LINK = '1', // `link` is the name of an entry before it
    TAR_SYMLINK = '2',   // `link` is where it points
    TAR_CHAR_DEVICE = '3',
    TAR_BLOCK_DEVICE = '4',
    TAR_DIRECTORY = '5',
    TAR_FIFO = '6',
};

struct tar_entry {
    char name[TAR_NAME_SIZE]; // "" is the root
    char link[TAR_NAME_SIZE];
    enum tar_type type;
    uint32_t mode;    // permission bits, as chmod's
    uint64_t mtime;   // seconds since 1970
    const void *data; // `size` bytes, of files only
    size_t size;
};

struct tar {
    const uint8_t *archive;
    size_t size;
    size_t offset; // of the next header
    char reason[TAR_REASON_SIZE];
};

void tar_start(struct tar *tar, const void *archive, size_t size);

// The next entry. Returns false at the end of the archive, or where it is
// damaged: then tar->reason is not "" and says why and where.
bool tar_next(struct tar *tar, struct tar_entry *out);

// Find an entry by its name; of several the last one counts, as when the
// archive is unpacked. A leading "/" or "./" does not matter. Links are not
// followed. Returns false if it is not there, or lies behind a damage.
bool tar_find(
    const void *archive, size_t size, const char *path, struct tar_entry *out);
