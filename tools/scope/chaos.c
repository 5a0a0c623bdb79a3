// SPDX-License-Identifier: MIT
// See chaos.h. The generator is SplitMix64 (Steele, Lea, Flood: "Fast
// Splittable Pseudorandom Number Generators").
#include "tools/scope/chaos.h"

#define GOLDEN 0x9e3779b97f4a7c15ul

static uint64_t next(struct chaos *chaos) {
    uint64_t z = chaos->random += GOLDEN;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
    z = (z ^ z >> 27) * 0x94d049bb133111ebul;
    return z ^ z >> 31;
}

// 1 to twice the mean.
static uint32_t around(struct chaos *chaos, uint32_t mean) {
    return 1 + (uint32_t)(next(chaos) % (2 * mean));
}

void chaos_init(struct chaos *chaos, uint64_t seed, uint32_t cpu) {
    *chaos = (struct chaos){.random = seed};
    chaos->random = next(chaos) + cpu * GOLDEN;
    chaos->random = next(chaos);
    chaos->left = around(chaos, CHAOS_GAP);
}

uint32_t chaos_step(struct chaos *chaos) {
    if (--chaos->left != 0) {
        return 0;
    }
    uint32_t delay = around(chaos, CHAOS_DELAY_US);
    chaos->left = around(chaos, CHAOS_GAP);
    chaos->delays++;
    chaos->delayed_us += delay;
    return delay;
}
