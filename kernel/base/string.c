// SPDX-License-Identifier: MIT
// See string.h. The bulk ones use the string instructions: short, and what the
// processor (or its emulator) copies best.
#include "kernel/base/string.h"

#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    void *end = to;
    __asm__ volatile("rep movsb"
                     : "+D"(end), "+S"(from), "+c"(size)
                     :
                     : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        return memcpy(to, from, size);
    }
    char *t = to;
    const char *f = from;
    while (size-- > 0) {
        t[size] = f[size];
    }
    return to;
}

void *memset(void *to, int byte, size_t size) {
    void *end = to;
    __asm__ volatile("rep stosb"
                     : "+D"(end), "+c"(size)
                     : "a"(byte)
                     : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *x = a;
    const unsigned char *y = b;
    for (size_t i = 0; i < size; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

size_t strlen(const char *s) {
    size_t n = 0;
    while (s[n] != '\0') {
        n++;
    }
    return n;
}

size_t strnlen(const char *s, size_t max) {
    size_t n = 0;
    while (n < max && s[n] != '\0') {
        n++;
    }
    return n;
}

int strcmp(const char *a, const char *b) {
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t max) {
    for (size_t i = 0; i < max; i++) {
        if (a[i] != b[i] || a[i] == '\0') {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
    }
    return 0;
}

char *strchr(const char *s, int c) {
    for (; *s != (char)c; s++) {
        if (*s == '\0') {
            return NULL;
        }
    }
    return (char *)(uintptr_t)s;
}
