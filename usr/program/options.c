// SPDX-License-Identifier: MIT
// Parsers of command-line arguments. The C library's strtoul is lenient (signs,
// blanks, rubbish at the end), so each digit is looked at here.
#include "usr/program/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DECIMAL 10
#define OCTAL 8
#define HEXADECIMAL 16
#define MS_PER_SECOND 1000

static int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + DECIMAL;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + DECIMAL;
    }
    return -1;
}

// Read digits of `base` from *text on, at least one.
static bool parse_digits(const char **text, unsigned base, uint64_t *value) {
    const char *start = *text;
    uint64_t sum = 0;
    for (;; (*text)++) {
        int digit = digit_value(**text);
        if (digit < 0 || (unsigned)digit >= base) {
            break;
        }
        if (sum > (UINT64_MAX - (uint64_t)digit) / base) {
            return false;
        }
        sum = sum * base + (uint64_t)digit;
    }
    *value = sum;
    return *text != start;
}

static bool is_hexadecimal(const char *text) {
    return text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

bool parse_u64(const char *text, uint64_t *value) {
    unsigned base = DECIMAL;
    if (is_hexadecimal(text)) {
        base = HEXADECIMAL;
        text += 2;
    } else if (text[0] == '0') {
        base = OCTAL;
    }
    return parse_digits(&text, base, value) && !*text;
}

bool parse_u32(const char *text, uint32_t *value) {
    uint64_t wide;
    if (!parse_u64(text, &wide) || wide > UINT32_MAX) {
        return false;
    }
    *value = (uint32_t)wide;
    return true;
}

bool parse_long(const char *text, long *value) {
    bool negative = *text == '-';
    uint64_t size;
    if (!parse_u64(text + negative, &size)) {
        return false;
    }
    if (size > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *value = (long)(negative ? 0 - size : size);
    return true;
}

bool parse_seconds(const char *text, uint64_t *ms) {
    uint64_t seconds;
    if (!parse_digits(&text, DECIMAL, &seconds)) {
        return false;
    }
    if (seconds > UINT32_MAX) {
        return false;
    }
    *ms = seconds * MS_PER_SECOND;
    if (*text != '.') {
        return !*text;
    }
    for (uint64_t unit = MS_PER_SECOND / DECIMAL; unit; unit /= DECIMAL) {
        int digit = digit_value(*++text);
        if (digit < 0 || digit >= DECIMAL) {
            return !*text;
        }
        *ms += unit * (uint64_t)digit;
    }
    return !text[1];
}

static void list_from_set(const bool *set, struct cpu_list *list) {
    list->count = 0;
    for (uint32_t cpu = 0; cpu < CPU_LIST_MAX; cpu++) {
        if (set[cpu]) {
            list->cpus[list->count++] = cpu;
        }
    }
}

bool parse_cpu_list(const char *text, struct cpu_list *list) {
    bool set[CPU_LIST_MAX] = {false};
    for (;; text++) {
        uint64_t first;
        uint64_t last;
        if (!parse_digits(&text, DECIMAL, &first)) {
            return false;
        }
        last = first;
        if (*text == '-') {
            text++;
            if (!parse_digits(&text, DECIMAL, &last)) {
                return false;
            }
        }
        if (first > last || last >= CPU_LIST_MAX) {
            return false;
        }
        memset(set + first, true, last - first + 1);
        if (*text != ',') {
            break;
        }
    }
    list_from_set(set, list);
    return !*text;
}

bool parse_cpu_mask(const char *text, struct cpu_list *list) {
    bool set[CPU_LIST_MAX] = {false};
    if (is_hexadecimal(text)) {
        text += 2;
    }
    size_t digits = strlen(text);
    if (digits == 0 || digits > CPU_LIST_MAX / 4) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_value(text[digits - 1 - i]);
        if (digit < 0) {
            return false;
        }
        for (size_t bit = 0; bit < 4; bit++) {
            set[4 * i + bit] = digit >> bit & 1;
        }
    }
    list_from_set(set, list);
    return list->count > 0;
}

bool parse_options(
    int argc, char **argv, const char *letters, const struct option *options,
    bool (*take)(int option, void *request), void *request) {
    int option;
    int index = -1;
    while ((option = getopt_long(argc, argv, letters, options, &index)) != -1) {
        if (option == '?') {
            return false;
        }
        if (!take(option, request)) {
            const char letter[] = {(char)option, 0};
            complain(
                "bad argument of %s%s: %s", index < 0 ? "-" : "--",
                index < 0 ? letter : options[index].name, optarg);
            return false;
        }
        index = -1;
    }
    if (optind < argc) {
        complain("what is %s? (--help shows the options)", argv[optind]);
    }
    return optind == argc;
}

void complain(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}
