// SPDX-License-Identifier: MIT
// The four memory functions that a freestanding compiler may call, and the
// string functions that the kernel and startup use. Same contracts as ISO C's.
// Built twice: once for startup, once for the kernel.
#pragma once

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max);
char *strchr(const char *s, int c);
