// SPDX-License-Identifier: MIT
// A small deterministic fuzzer: turn a good input into a slightly bad one, hand
// it over, many times. Iteration i of seed s is iteration 0 of seed s + i, so
// what a failure prints repeats it:  PROGRAM ITERATIONS [SEED].
#pragma once

#include <sanitizer/common_interface_defs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/host/bytes_builder.h"

#define FUZZ_HANG_S 60 // far more than a thousand iterations take
#define FUZZ_ALARM_PERIOD 1024

struct fuzz {
    const char *name;
    uint64_t seed;     // of this iteration
    uint64_t state;    // of the generator
    uint64_t accepted; // inputs that were found good
};

static struct fuzz *fuzz_running;

// Say how to repeat this iteration. Only what may be called anywhere.
static inline void fuzz_report(void) {
    char line[160];
    int length = snprintf(
        line, sizeof(line), "not ok 1 - fuzz %s: repeat with 1 %lu\n",
        fuzz_running->name, fuzz_running->seed);
    if (length > 0 && write(STDOUT_FILENO, line, (size_t)length) < 0) {
        _exit(EXIT_FAILURE);
    }
}

static inline void fuzz_hang(int signal_number) {
    (void)signal_number;
    fuzz_report();
    _exit(EXIT_FAILURE);
}

static inline void fuzz_fail(const char *condition, int line) {
    printf("# line %d: %s\n", line, condition);
    fflush(stdout);
    fuzz_report();
    _exit(EXIT_FAILURE);
}

// What must hold whatever the input is.
#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fuzz_fail(#condition, __LINE__);                                   \
        }                                                                      \
    } while (0)

// xorshift64* (Marsaglia; Vigna's multiplier).
static inline uint64_t fuzz_random(struct fuzz *fuzz) {
    fuzz->state ^= fuzz->state >> 12;
    fuzz->state ^= fuzz->state << 25;
    fuzz->state ^= fuzz->state >> 27;
    return fuzz->state * 0x2545f4914f6cdd1dul;
}

// 0..limit-1; limit is not 0.
static inline size_t fuzz_below(struct fuzz *fuzz, size_t limit) {
    return (size_t)((fuzz_random(fuzz) >> 11) % limit);
}

static inline bool fuzz_chance(struct fuzz *fuzz, size_t one_in) {
    return fuzz_below(fuzz, one_in) == 0;
}

// Numbers at which checks go wrong.
static inline uint64_t fuzz_number(struct fuzz *fuzz) {
    static const uint64_t interesting[] = {
        0,          1,          2,          7,          8,
        0x7f,       0x80,       0xff,       0x100,      0xfff,
        0x1000,     0x7fff,     0x8000,     0xffff,     0x10000,
        0x7fffffff, 0x80000000, 0xffffffff, 1ul << 32,  0x7fffffffefff,
        1ul << 47,  1ul << 63,  INT64_MAX,  UINT64_MAX,
    };
    uint64_t number = interesting[fuzz_below(fuzz, ARRAY_SIZE(interesting))];
    if (fuzz_chance(fuzz, 4)) {
        number = fuzz_random(fuzz) >> fuzz_below(fuzz, 64);
    }
    return number + fuzz_below(fuzz, 3) - 1;
}

// Overwrite 1, 2, 4 or 8 bytes with such a number, often aligned.
static inline void fuzz_overwrite(struct fuzz *fuzz, struct bytes *input) {
    size_t width = 1ul << fuzz_below(fuzz, 4);
    if (width > input->size) {
        return;
    }
    size_t offset = fuzz_below(fuzz, input->size - width + 1);
    if (!fuzz_chance(fuzz, 4)) {
        offset = ALIGN_DOWN(offset, width);
    }
    uint64_t number = fuzz_number(fuzz);
    memcpy(input->at + offset, &number, width);
}

static inline void fuzz_mutate_once(struct fuzz *fuzz, struct bytes *input) {
    if (input->size == 0) {
        return;
    }
    size_t at = fuzz_below(fuzz, input->size);
    size_t from = fuzz_below(fuzz, input->size);
    size_t length = fuzz_below(fuzz, 32);
    switch (fuzz_below(fuzz, 8)) {
    case 0:
        input->at[at] ^= (uint8_t)(1u << fuzz_below(fuzz, 8));
        break;
    case 1:
        input->at[at] = (uint8_t)fuzz_random(fuzz);
        break;
    case 2: // copy a piece elsewhere
        if (length <= input->size - at && length <= input->size - from) {
            memmove(input->at + at, input->at + from, length);
        }
        break;
    case 3: // cut the end off, seldom: little is left to find then
        if (fuzz_chance(fuzz, 4)) {
            input->size = at;
        }
        break;
    case 4: // take a piece out
        if (length <= input->size - at && fuzz_chance(fuzz, 4)) {
            input->size -= length;
            memmove(input->at + at, input->at + at + length, input->size - at);
        }
        break;
    default:
        fuzz_overwrite(fuzz, input);
        break;
    }
}

static inline void fuzz_mutate(struct fuzz *fuzz, struct bytes *input) {
    size_t count = 1 + fuzz_below(fuzz, 6);
    for (size_t i = 0; i < count; i++) {
        fuzz_mutate_once(fuzz, input);
    }
}

// Run `once` for ITERATIONS (argv[1]) from SEED (argv[2]) on. TAP, one test.
static inline int fuzz_main(
    const char *name, unsigned long iterations, int argc, char *argv[],
    void (*once)(struct fuzz *fuzz)) {
    struct fuzz fuzz = {.name = name};
    unsigned long seed = 1;
    if (argc > 1) {
        iterations = strtoul(argv[1], NULL, 0);
    }
    if (argc > 2) {
        seed = strtoul(argv[2], NULL, 0);
    }
    fuzz_running = &fuzz;
    __sanitizer_set_death_callback(fuzz_report);
    signal(SIGALRM, fuzz_hang);
    for (unsigned long i = 0; i < iterations; i++) {
        if (i % FUZZ_ALARM_PERIOD == 0) {
            alarm(FUZZ_HANG_S);
        }
        fuzz.seed = seed + i;
        // Neighbouring seeds must not give neighbouring numbers.
        fuzz.state = (fuzz.seed + 1) * 0x9e3779b97f4a7c15ul;
        fuzz_random(&fuzz);
        once(&fuzz);
    }
    printf(
        "1..1\nok 1 - fuzz %s: %lu inputs from seed %lu, %lu accepted\n", name,
        iterations, seed, fuzz.accepted);
    return EXIT_SUCCESS;
}
