// SPDX-License-Identifier: MIT
// <stdatomic.h> by relacy's atomics, so that the lock headers themselves are
// explored. What follows <stdatomic.h> here is the few operations that the
// locks use. Mutants weaken every lock at once, from outside their source:
//
//   MUTANT_RELEASE  release stores are relaxed
//   MUTANT_ACQUIRE  acquire loads and exchanges are relaxed
//   MUTANT_SPLIT    an exchange or an addition is a load and a store
#pragma once

#include <relacy/relacy.hpp>

#define _Static_assert static_assert
#define _Atomic(type) rl::atomic<type>

#undef memory_order_relaxed
#undef memory_order_acquire
#undef memory_order_release
#undef memory_order_acq_rel
#define memory_order_relaxed rl::mo_relaxed
#if defined(MUTANT_ACQUIRE)
#define memory_order_acq_rel rl::mo_release
#elif defined(MUTANT_RELEASE)
#define memory_order_acq_rel rl::mo_acquire
#else
#define memory_order_acq_rel rl::mo_acq_rel
#endif
#ifdef MUTANT_ACQUIRE
#define memory_order_acquire rl::mo_relaxed
#else
#define memory_order_acquire rl::mo_acquire
#endif
#ifdef MUTANT_RELEASE
#define memory_order_release rl::mo_relaxed
#else
#define memory_order_release rl::mo_release
#endif

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_compare_exchange_strong_explicit
#define atomic_load_explicit(object, order) (object)->load(order, $)
#define atomic_store_explicit(object, value, order)                            \
    (object)->store(value, order, $)
#define atomic_compare_exchange_strong_explicit(object, old, value, yes, no)   \
    (object)->compare_exchange_strong(*(old), value, yes, $, no, $)

#ifdef MUTANT_SPLIT
template <typename T, typename V>
T split(rl::atomic<T> *object, V value, bool keep, rl::memory_order order) {
    T old = object->load(order, $);
    object->store(keep ? old + T(value) : T(value), rl::mo_relaxed, $);
    return old;
}
#define atomic_exchange_explicit(object, value, order)                         \
    split(object, value, false, order)
#define atomic_fetch_add_explicit(object, value, order)                        \
    split(object, value, true, order)
#else
#define atomic_exchange_explicit(object, value, order)                         \
    (object)->exchange(value, order, $)
#define atomic_fetch_add_explicit(object, value, order)                        \
    (object)->fetch_add(value, order, $)
#endif

// A waiting thread says so, or the search would only see it wait.
#define __builtin_ia32_pause() rl::yield(1, $)
