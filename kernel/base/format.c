// SPDX-License-Identifier: MIT
// See format.h. A conversion that it does not know is printed as it stands.
#include "kernel/base/format.h"

#include "kernel/base/string.h"

#define DECIMAL 10
#define HEXADECIMAL 16
#define MAX_DIGITS 20 // of 2^64 - 1 in decimal

struct output {
    char *to;
    size_t size;
    size_t length;
};

struct conversion {
    bool left;    // flag -
    bool zeros;   // flag 0
    bool is_long; // size l or z: both are 64 bits wide
    size_t width;
    size_t precision; // SIZE_MAX: none
};

static void put(struct output *out, char c) {
    if (out->size != 0 && out->length < out->size - 1) {
        out->to[out->length] = c;
    }
    out->length++;
}

static void put_times(struct output *out, char c, size_t times) {
    for (size_t i = 0; i < times; i++) {
        put(out, c);
    }
}

static void put_bytes(struct output *out, const char *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        put(out, bytes[i]);
    }
}

// Print `prefix` ("", "-" or "0x") and `count` bytes, padded to the width.
// Zeros go between the two, spaces outside.
static void put_padded(
    struct output *out, const struct conversion *conversion, const char *prefix,
    const char *bytes, size_t count) {
    size_t total = strlen(prefix) + count;
    size_t padding = conversion->width > total ? conversion->width - total : 0;
    bool zeros = conversion->zeros && !conversion->left;
    if (!conversion->left && !zeros) {
        put_times(out, ' ', padding);
    }
    put_bytes(out, prefix, strlen(prefix));
    if (zeros) {
        put_times(out, '0', padding);
    }
    put_bytes(out, bytes, count);
    if (conversion->left) {
        put_times(out, ' ', padding);
    }
}

static void put_number(
    struct output *out, const struct conversion *conversion, const char *prefix,
    uint64_t value, unsigned base) {
    char digits[MAX_DIGITS];
    size_t start = MAX_DIGITS;
    do {
        digits[--start] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    put_padded(out, conversion, prefix, digits + start, MAX_DIGITS - start);
}

static void put_signed(
    struct output *out, const struct conversion *conversion, int64_t value) {
    // Negated as unsigned: the most negative number has no positive twin.
    bool negative = value < 0;
    uint64_t size = negative ? 0 - (uint64_t)value : (uint64_t)value;
    put_number(out, conversion, negative ? "-" : "", size, DECIMAL);
}

static void put_string(
    struct output *out, const struct conversion *conversion,
    const char *string) {
    if (string == NULL) {
        string = "(null)";
    }
    put_padded(
        out, conversion, "", string, strnlen(string, conversion->precision));
}

static void put_character(
    struct output *out, const struct conversion *conversion, char c) {
    put_padded(out, conversion, "", &c, 1);
}

static size_t parse_digits(const char **at) {
    size_t value = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * DECIMAL + (size_t)(**at - '0');
    }
    return value;
}

static const char *parse_flags(const char *at, struct conversion *out) {
    for (;; at++) {
        if (*at == '-') {
            out->left = true;
        } else if (*at == '0') {
            out->zeros = true;
        } else {
            return at;
        }
    }
}

// va_list is an array type on x86-64: in a struct it can be passed on.
struct arguments {
    va_list list;
};

// The precision, whose point has been read: digits, or * for an argument.
static size_t parse_precision(const char **at, struct arguments *arguments) {
    if (**at != '*') {
        return parse_digits(at);
    }
    (*at)++;
    int value = va_arg(arguments->list, int);
    return value < 0 ? SIZE_MAX : (size_t)value;
}

// Print the argument that `letter` asks for. Returns false if it asks for none.
static bool convert(
    struct output *out, struct conversion *conversion, char letter,
    struct arguments *arguments) {
    switch (letter) {
    case 'd':
        put_signed(
            out, conversion,
            conversion->is_long ? va_arg(arguments->list, int64_t)
                                : va_arg(arguments->list, int));
        return true;
    case 'u':
    case 'x':
        put_number(
            out, conversion, "",
            conversion->is_long ? va_arg(arguments->list, uint64_t)
                                : va_arg(arguments->list, unsigned),
            letter == 'u' ? DECIMAL : HEXADECIMAL);
        return true;
    case 'p':
        put_number(
            out, conversion, "0x",
            (uintptr_t)va_arg(arguments->list, const void *), HEXADECIMAL);
        return true;
    case 's':
        put_string(out, conversion, va_arg(arguments->list, const char *));
        return true;
    case 'c':
        put_character(out, conversion, (char)va_arg(arguments->list, int));
        return true;
    case '%':
        put(out, '%');
        return true;
    default:
        return false;
    }
}

// One conversion; `at` is behind its percent sign. Returns what follows it.
static const char *put_conversion(
    struct output *out, const char *at, struct arguments *arguments) {
    const char *start = at;
    struct conversion conversion = {.precision = SIZE_MAX};
    at = parse_flags(at, &conversion);
    conversion.width = parse_digits(&at);
    if (*at == '.') {
        at++;
        conversion.precision = parse_precision(&at, arguments);
    }
    while (*at == 'l' || *at == 'z') {
        conversion.is_long = true;
        at++;
    }
    if (*at != '\0' && convert(out, &conversion, *at, arguments)) {
        return at + 1;
    }
    put(out, '%');
    return start;
}

size_t format_text(char *to, size_t size, const char *format, va_list args) {
    struct output out = {.to = to, .size = size};
    struct arguments arguments;
    va_copy(arguments.list, args);
    while (*format != '\0') {
        if (*format != '%') {
            put(&out, *format++);
        } else {
            format = put_conversion(&out, format + 1, &arguments);
        }
    }
    va_end(arguments.list);
    if (size != 0) {
        to[out.length < size ? out.length : size - 1] = '\0';
    }
    return out.length;
}

size_t format(char *to, size_t size, const char *text, ...) {
    va_list args;
    va_start(args, text);
    size_t length = format_text(to, size, text, args);
    va_end(args);
    return length;
}
