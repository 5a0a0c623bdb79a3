// SPDX-License-Identifier: MIT
// The line discipline: what a terminal makes of the characters that come in,
// under the settings of termios(3). Pure C: tests/host/line_test.c. Output is
// not processed here, whoever shows it turns line ends into what it needs.
#pragma once

#include "kernel/base/types.h"

// Linux's numbers.
#define LINE_IGNCR 0000200 // input
#define LINE_ICRNL 0000400
#define LINE_INLCR 0000100
#define LINE_ISIG 0000001 // local
#define LINE_ICANON 0000002
#define LINE_ECHO 0000010
#define LINE_ECHOE 0000020
#define LINE_ECHOK 0000040
#define LINE_ECHONL 0000100
#define LINE_NOFLSH 0000200
#define LINE_ECHOCTL 0001000
#define LINE_IEXTEN 0100000

enum line_key {
    LINE_VINTR,
    LINE_VQUIT,
    LINE_VERASE,
    LINE_VKILL,
    LINE_VEOF,
    LINE_VTIME,
    LINE_VMIN,
    LINE_VSUSP = 10,
    LINE_VEOL,
    LINE_VWERASE = 14,
    LINE_NUM_KEYS = 19,
};

// The kernel's layout of tcgetattr(3)'s structure.
struct line_settings {
    uint32_t input;
    uint32_t output;
    uint32_t control;
    uint32_t local;
    uint8_t discipline;
    uint8_t keys[LINE_NUM_KEYS];
};

#define LINE_ROOM 4096   // characters that nobody has read yet
#define LINE_LENGTH 1024 // of one line under ICANON
#define LINE_SPARE 2     // kept for the ends of lines

// All characters lie in a ring by numbers that never run back: those up to
// `ready` may be read, those from there to `end` can still be edited.
struct line {
    struct line_settings settings;
    uint32_t read;
    uint32_t ready;
    uint32_t end;
    uint16_t ring[LINE_ROOM]; // a character, or what ends a line
    void (*echo)(struct line *line, const char *text, size_t size);
};

// A cooked terminal's settings. Raw has no flags and reads what there is.
void line_init(struct line *line, bool raw);

// Change the settings. What is in the line can be read when it is no longer
// edited.
void line_set(struct line *line, const struct line_settings *settings);

// Take a character in. Returns the signal that it means, or 0.
unsigned line_input(struct line *line, char c);

// How many characters can be taken in without a loss, be they ordinary ones.
size_t line_room(const struct line *line);

// Whether a read has something, be it the end of input.
bool line_is_readable(const struct line *line);

// Take out up to `size` characters, under ICANON not beyond the end of the
// line. 0 is an end of input that was typed.
size_t line_read(struct line *line, char *to, size_t size);

// How many characters line_read() could take at once, at most.
size_t line_count(const struct line *line);

// Drop all input.
void line_flush(struct line *line);
