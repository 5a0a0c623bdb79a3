// SPDX-License-Identifier: MIT
// See contenders.h: its macros as functions.
#include "tests/bench/contenders.h"

#define CONTENDER(                                                             \
    name, ours, fair, tries, INIT, LOCK, TRYLOCK, UNLOCK, LOCKED, LAST, BYTES) \
    static void name##_init_verb(struct contender_lock *x) {                   \
        INIT;                                                                  \
    }                                                                          \
    static void name##_lock_verb(struct contender_lock *x, cpu_id_t c) {       \
        (void)c;                                                               \
        LOCK;                                                                  \
    }                                                                          \
    static bool name##_trylock_verb(struct contender_lock *x, cpu_id_t c) {    \
        (void)x;                                                               \
        (void)c;                                                               \
        return TRYLOCK;                                                        \
    }                                                                          \
    static void name##_unlock_verb(struct contender_lock *x, cpu_id_t c) {     \
        (void)c;                                                               \
        UNLOCK;                                                                \
    }                                                                          \
    static bool name##_locked_verb(struct contender_lock *x) {                 \
        return LOCKED;                                                         \
    }                                                                          \
    static uint64_t name##_last_verb(struct contender_lock *x) {               \
        (void)x;                                                               \
        return LAST;                                                           \
    }                                                                          \
    static size_t name##_bytes_verb(uint32_t cpus) {                           \
        (void)cpus;                                                            \
        return BYTES;                                                          \
    }
CONTENDERS(CONTENDER)
#undef CONTENDER

const struct contender contenders[] = {
#define CONTENDER(                                                             \
    name, ours, fair, tries, INIT, LOCK, TRYLOCK, UNLOCK, LOCKED, LAST, BYTES) \
    {#name,                                                                    \
     ours,                                                                     \
     fair,                                                                     \
     name##_init_verb,                                                         \
     name##_lock_verb,                                                         \
     (tries) ? name##_trylock_verb : NULL,                                     \
     name##_unlock_verb,                                                       \
     name##_locked_verb,                                                       \
     name##_last_verb,                                                         \
     name##_bytes_verb},
    CONTENDERS(CONTENDER)
#undef CONTENDER
};

const size_t num_contenders = ARRAY_SIZE(contenders);
