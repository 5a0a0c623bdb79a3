// SPDX-License-Identifier: MIT
// What startup says, on the first serial line and the debug port. The kernel's
// console takes over after startup.
#pragma once

#include "kernel/base/types.h"

// Set the serial lines that are there to 115200 8n1, for startup and for the
// debug callouts, and find the debug port.
void console_init(void);

// Whether the UART at this port answered, and the debug port.
bool console_has_uart(uint16_t port);
bool console_has_debugcon(void);

// One line that names what startup found or left out; the boot goes on.
void startup_print(const char *format, ...) PRINTF_LIKE(1, 2);

// One line that says why there will be no boot, then the end of the machine.
_Noreturn void startup_fail(const char *format, ...) PRINTF_LIKE(1, 2);
