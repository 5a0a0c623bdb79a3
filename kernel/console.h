// SPDX-License-Identifier: MIT
// What the kernel says, and the two channels of programs: through the debug
// callouts of the system page. Each call's text appears whole.
#pragma once

#include <stdarg.h>

#include "kernel/base/types.h"

// Print to the kernel's console. Formats: %s %c %d %u %x %p %% with flags 0 and
// -, width, l and z sizes, %.*s.
void kprintf(const char *format, ...) PRINTF_LIKE(1, 2);

// Write bytes to a channel (DEBUG_CONSOLE, DEBUG_PROGRAM, DEBUG_REPORT). Where
// the machine lacks a device for it, the console takes it.
void console_write(unsigned channel, const char *text, size_t size);

// Begins the kernel's own records in the report: the record separator of JSON
// text sequences (RFC 7464).
#define REPORT_MARK '\x1e'

// Print a line to the report channel, a JSON object, behind REPORT_MARK.
void report_printf(const char *format, ...) PRINTF_LIKE(1, 2);

// From now on no lock is taken: another CPU may hold it and never run again.
void console_enter_panic(void);
