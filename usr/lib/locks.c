// SPDX-License-Identifier: MIT
// What libtollgate knows of the kinds of lock.
#include "usr/include/tollgate.h"

const char *tollgate_lock_name(uint32_t kind) {
    static const char *const names[NUM_LOCK_KINDS] = {
#define KIND(number, NAME, name, fair) #name,
        LOCK_KINDS(KIND)
#undef KIND
    };
    return kind < NUM_LOCK_KINDS ? names[kind] : "unknown";
}

bool tollgate_lock_is_fair(uint32_t kind) {
    static const bool fair_kinds[NUM_LOCK_KINDS] = {
#define KIND(number, NAME, name, fair) fair,
        LOCK_KINDS(KIND)
#undef KIND
    };
    return kind < NUM_LOCK_KINDS && fair_kinds[kind];
}
