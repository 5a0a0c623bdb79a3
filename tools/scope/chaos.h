// SPDX-License-Identifier: MIT
// Chaos: delays at random instructions, which shake out what only goes wrong
// when a CPU stands still at the wrong place. What is decided, after how many
// of a CPU's instructions it stands still for how long, follows from the seed
// and the CPU alone; what the other CPUs do meanwhile is the host's affair.
#pragma once

#include <stdint.h>

// Instructions between two delays, and a delay in microseconds: from 1 up to
// twice this, on average this.
#define CHAOS_GAP 2000u
#define CHAOS_DELAY_US 50u

// One CPU.
struct chaos {
    uint64_t random; // the generator's state
    uint64_t left;   // instructions up to the next delay
    uint64_t delays;
    uint64_t delayed_us;
};

void chaos_init(struct chaos *chaos, uint64_t seed, uint32_t cpu);

// An instruction is about to be executed. Returns: how many microseconds the
// CPU is to stand still before that, 0: none.
uint32_t chaos_step(struct chaos *chaos);
