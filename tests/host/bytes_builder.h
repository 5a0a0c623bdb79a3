// SPDX-License-Identifier: MIT
// Put a binary structure together byte by byte: what the seeds are made with.
#pragma once

#include <stdlib.h>
#include <string.h>

#include "kernel/base/types.h"

#define BYTES_MAX 16384

struct bytes {
    size_t size;
    uint8_t at[BYTES_MAX];
};

static inline void bytes_add(struct bytes *to, const void *from, size_t size) {
    if (size > BYTES_MAX - to->size) {
        abort();
    }
    memcpy(to->at + to->size, from, size);
    to->size += size;
}

static inline void bytes_add_zeros(struct bytes *to, size_t count) {
    if (count > BYTES_MAX - to->size) {
        abort();
    }
    memset(to->at + to->size, 0, count);
    to->size += count;
}

static inline void bytes_pad(struct bytes *to, size_t alignment) {
    while (to->size % alignment != 0) {
        bytes_add_zeros(to, 1);
    }
}

static inline void bytes_add_u8(struct bytes *to, unsigned value) {
    uint8_t narrow = (uint8_t)value;
    bytes_add(to, &narrow, sizeof(narrow));
}

static inline void bytes_add_u16(struct bytes *to, unsigned value) {
    uint16_t narrow = (uint16_t)value;
    bytes_add(to, &narrow, sizeof(narrow));
}

static inline void bytes_add_u32(struct bytes *to, uint32_t value) {
    bytes_add(to, &value, sizeof(value));
}

static inline void bytes_add_u64(struct bytes *to, uint64_t value) {
    bytes_add(to, &value, sizeof(value));
}

static inline void bytes_set_u32(
    struct bytes *to, size_t offset, uint32_t value) {
    memcpy(to->at + offset, &value, sizeof(value));
}

static inline void bytes_set_u64(
    struct bytes *to, size_t offset, uint64_t value) {
    memcpy(to->at + offset, &value, sizeof(value));
}

// A copy of exactly `size` bytes: the address sanitizer sees a read beyond it.
// Free it with free().
static inline void *exact_copy(const void *from, size_t size) {
    void *copy = malloc(size);
    if (copy == NULL && size != 0) {
        abort();
    }
    if (size != 0) {
        memcpy(copy, from, size);
    }
    return copy;
}
