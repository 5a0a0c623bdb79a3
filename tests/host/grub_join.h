// SPDX-License-Identifier: MIT
// Join words as GRUB does: one space between them, a backslash before each
// backslash and quote, double quotes around a word with a space in it.
#pragma once

#include <string.h>

#include "tests/host/bytes_builder.h"

static inline void grub_join_word(struct bytes *to, const char *word) {
    bool quoted = strchr(word, ' ') != NULL;
    if (to->size != 0) {
        bytes_add_u8(to, ' ');
    }
    if (quoted) {
        bytes_add_u8(to, '"');
    }
    for (; *word != '\0'; word++) {
        if (strchr("\\\"'", *word) != NULL) {
            bytes_add_u8(to, '\\');
        }
        bytes_add_u8(to, (uint8_t)*word);
    }
    if (quoted) {
        bytes_add_u8(to, '"');
    }
}
