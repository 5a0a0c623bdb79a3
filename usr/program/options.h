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

struct option; // of getopt_long()

// Read a command line of options alone: `letters` and `options` as
// getopt_long() has them, each option that is there given to take(), with its
// argument in optarg. Returns false, after one line on stderr, for an option
// that there is none of, an argument that take() gives false for, or a word too
// many.
bool parse_options(
    int argc, char **argv, const char *letters, const struct option *options,
    bool (*take)(int option, void *request), void *request);

// Print "PROGRAM: FORMAT..." as one line to stderr.
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
