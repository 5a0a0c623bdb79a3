// SPDX-License-Identifier: MIT
// A block of 64-bit words that one writer changes in place while others copy
// it, without a lock and without ever stopping the writer. Its first word is
// the sequence: odd while the writer is at it. A leaf header, which libtollgate
// shares with the kernel.
//
//   writer                                reader
//   sequence = odd    relaxed             before = sequence   acquire
//   word = value      release, each       copy each word      acquire, each
//   sequence = even   release             after = sequence    relaxed
//
// A copy whose `before` is even and equal to `after` is whole:
//   * The acquire of `before` pairs with the release of the even sequence: the
//     copy has all that was written up to then.
//   * If a word was written later, its release pairs with the acquire of its
//     copy, and the odd sequence came before it: `after` is that one or a later
//     one.
// On x86 each of these accesses is one MOV, and there is no fence at all; said
// this way, and not with fences, the thread sanitizer can follow it.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// How often a reader tries. The writer is at it for a fraction of the time that
// a copy takes: so many failures in a row mean that it has died there.
#define SEQLOCK_TRIES 10000

static inline _Atomic uint64_t *seqlock_word(const uint64_t *word) {
    return (_Atomic uint64_t *)(uintptr_t)word;
}

// Begin and end changes. The block's only writer; nothing of it may interrupt
// itself.
static inline void seqlock_begin(uint64_t *sequence) {
    uint64_t odd = *sequence + 1;
    atomic_store_explicit(seqlock_word(sequence), odd, memory_order_relaxed);
}

static inline void seqlock_end(uint64_t *sequence) {
    uint64_t even = *sequence + 1;
    atomic_store_explicit(seqlock_word(sequence), even, memory_order_release);
}

// Change a word, between begin and end, or one that is written only once.
//
// Ordering: release, pairs with the acquire in seqlock_get().
static inline void seqlock_set(uint64_t *word, uint64_t value) {
    atomic_store_explicit(seqlock_word(word), value, memory_order_release);
}

static inline void seqlock_add(uint64_t *word, uint64_t more) {
    seqlock_set(word, *word + more);
}

static inline void seqlock_max(uint64_t *word, uint64_t value) {
    if (value > *word) {
        seqlock_set(word, value);
    }
}

// Change `size` bytes, a multiple of 8: to those at `from`, or to zero.
static inline void seqlock_set_all(void *to, const void *from, size_t size) {
    uint64_t *word = to;
    const uint64_t *value = from;
    for (size_t i = 0; i < size / sizeof(*word); i++) {
        seqlock_set(&word[i], value[i]);
    }
}

static inline void seqlock_clear(void *to, size_t size) {
    uint64_t *word = to;
    for (size_t i = 0; i < size / sizeof(*word); i++) {
        seqlock_set(&word[i], 0);
    }
}

// Any word, by itself.
//
// Ordering: acquire, pairs with the release in seqlock_set().
static inline uint64_t seqlock_get(const uint64_t *word) {
    return atomic_load_explicit(seqlock_word(word), memory_order_acquire);
}

// Copy the block of `size` bytes, a multiple of 8, that begins with `sequence`.
// Returns false if the writer was at it each time, and leaves rubbish then.
static inline bool seqlock_copy(
    void *to, const uint64_t *sequence, size_t size) {
    uint64_t *copy = to;
    for (unsigned tries = 0; tries < SEQLOCK_TRIES; tries++) {
        uint64_t before = seqlock_get(sequence);
        if (before % 2 != 0) {
            __builtin_ia32_pause();
            continue;
        }
        for (size_t i = 0; i < size / sizeof(*copy); i++) {
            copy[i] = seqlock_get(&sequence[i]);
        }
        uint64_t after =
            atomic_load_explicit(seqlock_word(sequence), memory_order_relaxed);
        if (before == after) {
            return true;
        }
    }
    return false;
}
