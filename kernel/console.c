// SPDX-License-Identifier: MIT
// See console.h.
#include "kernel/console.h"

#include "callouts/syspage.h"
#include "kernel/base/format.h"
#include "kernel/callouts.h"
#include "kernel/spinlock.h"

#define LINE_SIZE 512

static struct spinlock console_lock = SPINLOCK_INITIALIZER("console");
static bool console_in_panic;

void console_enter_panic(void) {
    console_in_panic = true;
}

static void channel_write(unsigned channel, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (!callout_display_char(channel, text[i])) {
            (void)callout_display_char(DEBUG_CONSOLE, text[i]);
        }
    }
}

void console_write(unsigned channel, const char *text, size_t size) {
    if (console_in_panic) {
        channel_write(channel, text, size);
        return;
    }
    bool irq = spin_lock(&console_lock);
    channel_write(channel, text, size);
    spin_unlock(&console_lock, irq);
}

// Format a line behind what stands in `line` already, and write it whole. A
// line that is too long is cut.
static void PRINTF_LIKE(4, 0) line_print(
    unsigned channel, char line[LINE_SIZE], size_t start, const char *format,
    va_list args) {
    size_t size =
        start + format_text(line + start, LINE_SIZE - start, format, args);
    if (size >= LINE_SIZE) {
        size = LINE_SIZE - 1;
    }
    console_write(channel, line, size);
}

void kprintf(const char *format, ...) {
    char line[LINE_SIZE];
    va_list args;
    va_start(args, format);
    line_print(DEBUG_CONSOLE, line, 0, format, args);
    va_end(args);
}

void report_printf(const char *format, ...) {
    char line[LINE_SIZE] = {REPORT_MARK};
    va_list args;
    va_start(args, format);
    line_print(DEBUG_REPORT, line, 1, format, args);
    va_end(args);
}
