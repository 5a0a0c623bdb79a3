// SPDX-License-Identifier: MIT
// See random.h.
#include "kernel/random.h"

#include <stdatomic.h>

#include "kernel/base/string.h"
#include "kernel/base/x86.h"

#define CPUID_FEATURES 1
#define CPUID_ECX_RDRAND (1u << 30)
#define RDRAND_ATTEMPTS 10 // Intel SDM volume 1, "RDRAND": retry ten times

// SplitMix64 (Steele, Lea, Flood 2014).
#define MIX_STEP 0x9e3779b97f4a7c15ul
#define MIX_1 0xbf58476d1ce4e5b9ul
#define MIX_2 0x94d049bb133111ebul

static bool rdrand(uint64_t *value) {
    for (unsigned i = 0; i < RDRAND_ATTEMPTS; i++) {
        uint8_t ok;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(ok)::"cc");
        if (ok) {
            return true;
        }
    }
    return false;
}

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * MIX_1;
    z = (z ^ (z >> 27)) * MIX_2;
    return z ^ (z >> 31);
}

static uint64_t random_word(bool has_rdrand) {
    static _Atomic uint64_t state;
    uint64_t value = 0;
    if (has_rdrand && rdrand(&value)) {
        return value;
    }
    uint64_t step = MIX_STEP ^ mix(rdtsc());
    return mix(
        atomic_fetch_add_explicit(&state, step, memory_order_relaxed) + step);
}

void random_bytes(void *to, size_t size) {
    bool has_rdrand = (cpuid(CPUID_FEATURES, 0).ecx & CPUID_ECX_RDRAND) != 0;
    char *at = to;
    while (size > 0) {
        uint64_t word = random_word(has_rdrand);
        size_t part = size < sizeof(word) ? size : sizeof(word);
        memcpy(at, &word, part);
        at += part;
        size -= part;
    }
}
