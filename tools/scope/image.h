// SPDX-License-Identifier: MIT
// The image that is booted, build/tollgate.debug: its symbols and its bytes.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Room for the longest name that is written here and in machine.h.
#define NAME_SIZE 128
#define IMAGE_PARTS 16 // at most

// Read the image. Complains on standard error. Once.
bool image_read(const char *path);

// The value of a symbol of code or data, 0 if there is none.
uint64_t image_symbol(const char *name);

// The image's `size` bytes at a virtual address, or NULL where it has none.
const uint8_t *image_bytes(uint64_t address, size_t size);

// Write "symbol+0x12" for an address of the image's code; false elsewhere.
bool image_name(uint64_t address, char name[NAME_SIZE]);

// Whether an address is in a part that is code.
bool image_is_code(uint64_t address);

// The image's parts, for who looks for bytes: false after the last one.
struct image_part {
    uint64_t address;
    size_t size;
    const uint8_t *bytes;
    bool is_code;
};
bool image_part(size_t index, struct image_part *part);

// Whether the call at `call` is of the function that `address` lies in.
bool image_is_call_of(uint64_t call, uint64_t address);

// The nth symbol from 0 whose name begins so, without those that are local to
// another; false after the last one.
bool image_symbol_like(
    const char *prefix, size_t nth, uint64_t *value, uint64_t *end);
