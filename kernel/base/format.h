// SPDX-License-Identifier: MIT
// A small vsnprintf: %s %c %d %u %x %p %% with flags 0 and -, width, precision
// for %s (a number or *), sizes l and z.
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "kernel/base/types.h"

// Format into `to`, which is always terminated if size > 0. Returns the length
// that the whole text has.
size_t format_text(char *to, size_t size, const char *format, va_list args);
size_t format(char *to, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
