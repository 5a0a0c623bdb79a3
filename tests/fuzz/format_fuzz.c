// SOURCES: kernel/base/format.c
// SPDX-License-Identifier: MIT
// format() against the host's snprintf(), conversion by conversion.
#include "kernel/base/format.h"

#include "tests/fuzz/fuzz.h"

#define TEXT_SIZE 64

// The formats are not constants: the compiler can't check them.
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

// "a%[-0][width]SIZE CONVERSION b"
static void random_format(
    struct fuzz *fuzz, char *to, const char *size, char letter) {
    int length = sprintf(to, "a%%");
    if (fuzz_chance(fuzz, 3)) {
        to[length++] = "-0"[fuzz_below(fuzz, letter == 's' ? 1 : 2)];
    }
    if (fuzz_chance(fuzz, 2)) {
        length += sprintf(to + length, "%zu", 1 + fuzz_below(fuzz, 70));
    }
    if (letter == 's' && fuzz_chance(fuzz, 2)) {
        length += sprintf(to + length, ".%zu", fuzz_below(fuzz, 20));
    }
    sprintf(to + length, "%s%cb", size, letter);
}

#define COMPARE(text, value)                                                   \
    do {                                                                       \
        char wanted[TEXT_SIZE];                                                \
        char *found = malloc(size);                                            \
        int length = snprintf(wanted, size, text, value);                      \
        FUZZ_CHECK(format(found, size, text, value) == (size_t)length);        \
        FUZZ_CHECK(size == 0 || strcmp(found, wanted) == 0);                   \
        free(found);                                                           \
    } while (0)

static void once(struct fuzz *fuzz) {
    char text[TEXT_SIZE];
    uint64_t number = fuzz_number(fuzz);
    char letter = "dux"[fuzz_below(fuzz, 3)];
    size_t size = fuzz_below(fuzz, TEXT_SIZE);
    switch (fuzz_below(fuzz, 4)) {
    case 0:
        random_format(fuzz, text, "", letter);
        COMPARE(text, (unsigned)number);
        break;
    case 1:
        random_format(fuzz, text, "l", letter);
        COMPARE(text, number);
        break;
    case 2:
        random_format(fuzz, text, "z", letter);
        COMPARE(text, (size_t)number);
        break;
    default:
        random_format(fuzz, text, "", 's');
        COMPARE(text, &"a string of words"[number % 18]);
        break;
    }
    fuzz->accepted++;
}

int main(int argc, char *argv[]) {
    return fuzz_main("format", 200000, argc, argv, once);
}
