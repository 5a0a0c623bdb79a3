// SPDX-License-Identifier: MIT
// What a call costs in instructions, on any system that lets programs read the
// time-stamp counter and under an emulator where that counts instructions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define INSTRUCTIONS_SAMPLES 1000

// A function with up to two arguments.
typedef unsigned long stub_t(unsigned long a, unsigned long b);

struct instructions {
    uint64_t cost;   // the least of all samples
    uint32_t agree;  // of INSTRUCTIONS_SAMPLES, how many cost just that
    uint64_t result; // of the last call
};

// Count from `call stub` to the instruction after it.
//
// Context:  one CPU, QEMU under -icount shift=0.
// Returns:  false, after one line, if the time-stamp counter does not count
//           instructions.
bool instructions_count(
    stub_t *stub, unsigned long a, unsigned long b, struct instructions *count);
