// SPDX-License-Identifier: MIT
// A set of CPUs that several of them change at once.
#pragma once

#include <stdatomic.h>

#include "kernel/base/types.h"

struct cpu_set {
    _Atomic uint64_t bits[MAX_CPUS / 64]; // [a]
};

static inline void cpu_set_add(struct cpu_set *set, cpu_id_t cpu) {
    atomic_fetch_or_explicit(
        &set->bits[cpu / 64], 1ul << cpu % 64, memory_order_seq_cst);
}

static inline void cpu_set_remove(struct cpu_set *set, cpu_id_t cpu) {
    atomic_fetch_and_explicit(
        &set->bits[cpu / 64], ~(1ul << cpu % 64), memory_order_seq_cst);
}

static inline bool cpu_set_has(const struct cpu_set *set, cpu_id_t cpu) {
    return (atomic_load_explicit(&set->bits[cpu / 64], memory_order_seq_cst) >>
                cpu % 64 &
            1) != 0;
}
