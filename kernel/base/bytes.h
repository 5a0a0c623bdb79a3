// SPDX-License-Identifier: MIT
// Numbers at any address, aligned or not, in the processor's own byte order
// (little-endian, as all tables of firmware and loader are). The caller has
// checked the bounds.
#pragma once

#include <stdint.h>

static inline uint16_t load_u16(const void *from) {
    uint16_t value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

static inline uint32_t load_u32(const void *from) {
    uint32_t value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}

static inline uint64_t load_u64(const void *from) {
    uint64_t value;
    __builtin_memcpy(&value, from, sizeof(value));
    return value;
}
