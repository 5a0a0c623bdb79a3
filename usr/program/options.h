// SPDX-License-Identifier: MIT
// What the programs read from their command lines. Each parser gives false for
// anything that is not wholly what it should be; the caller names it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Exit statuses that all programs share.
#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

// A number without sign: decimal, 0x hexadecimal or 0 octal.
bool parse_u64(const char *text, uint64_t *value);
bool parse_u32(const char *text, uint32_t *value);

// A number, perhaps with a sign, that fits a long.
bool parse_long(const char *text, long *value);

// Seconds, perhaps with up to three decimals, as milliseconds.
bool parse_seconds(const char *text, uint64_t *ms);

#define CPU_LIST_MAX 256

// CPUs by number, ascending, each once.
struct cpu_list {
    uint32_t count;
    uint32_t cpus[CPU_LIST_MAX];
};

// "0-3,7": the CPUs of a list. A lone number is a CPU, too.
bool parse_cpu_list(const char *text, struct cpu_list *list);

// A mask in hexadecimal, with or without 0x; bit n is CPU n.
bool parse_cpu_mask(const char *text, struct cpu_list *list);

// Print "PROGRAM: FORMAT..." as one line to stderr.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
