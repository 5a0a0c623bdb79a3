// SPDX-License-Identifier: MIT
// What is typed: the characters that come in on the program's channel, as
// descriptor 0 of the first program and, where it is a terminal, as /dev/tty.
// The machine has no device of its own for keys: the debug callout is polled,
// and only while somebody reads, or at each tick where a terminal has to notice
// ^C. A run without input polls nothing.
//
// On the wire TTY_ESCAPE stands before itself and before TTY_END, which is the
// end of all input; so any byte can be sent.
#pragma once

#include "kernel/base/types.h"
#include "kernel/line.h"

#define TTY_ESCAPE 0x10 // DLE
#define TTY_END 0x04    // EOT

struct file;
struct syspage_entry;

struct tty_size {
    uint16_t rows;
    uint16_t columns;
    uint16_t pixels[2];
};

void tty_init(const struct syspage_entry *syspage);

// Whether the run has a terminal; whether it has other input.
bool tty_is_there(void);
bool tty_is_pipe(void);

// The first program is about to start, in a group of its own: a terminal is
// its.
void tty_start(uint32_t group);

// Files: the terminal, or the input that is none. NULL without memory.
MUST_CHECK struct file *tty_open(uint32_t access);
MUST_CHECK struct file *tty_open_pipe(void);
bool tty_is_file(const struct file *file);

// Read what is typed, 0 at the end of input. Blocks; interruptible.
long tty_read(char *to, size_t size);

// The settings; with `flush`, input that nobody has read is dropped.
void tty_get(struct line_settings *out);
void tty_set(const struct line_settings *settings, bool flush);
struct tty_size tty_size(void);
void tty_set_size(struct tty_size size);
void tty_flush(void);

// How many characters a read would find.
size_t tty_count(void);

// The process group that the keys' signals are for. Others can't read.
uint32_t tty_foreground(void);
void tty_set_foreground(uint32_t group);

// At each tick of the boot CPU, interrupts off.
void tty_tick(void);
