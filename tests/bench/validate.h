// SPDX-License-Identifier: MIT
// The one loop that every lock must pass, ours and libck's: what a lock
// promises when two threads use it.
#pragma once

#include "tests/bench/contenders.h"

// Validate a lock: two threads under load (mutual exclusion by plain, dependent
// increments; locked() while it is held; every other turn by trylock, where
// there is one), trylock on a held lock, and for a fair one the order in which
// three that queue up are served. Takes about `ms` milliseconds.
//
// Returns: NULL, or the first thing that it found wrong.
const char *validate(const struct contender *contender, uint32_t ms);
