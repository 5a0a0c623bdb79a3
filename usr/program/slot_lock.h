// SPDX-License-Identifier: MIT
// The lock of a slot's resource, chosen for one run.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "usr/include/tollgate.h"

// No lock is asked for.
#define LOCK_NOT_GIVEN NUM_LOCK_KINDS

// The lock that --lock names, or LOCK_NOT_GIVEN for NULL. Returns false after
// one line on stderr, which has the names that there are.
bool choose_lock(const char *text, uint32_t *kind);

// The lock of the slot's resource; LOCK_NOT_GIVEN if it has none.
uint32_t slot_lock(uint32_t slot);

// Set it. Returns false after one line on stderr.
bool slot_set_lock(uint32_t slot, uint32_t kind);

// Run run(argument) with this lock, if one is asked for, and set the lock back.
// Returns its exit status, EXIT_FAILED if a lock could not be set.
int slot_with_lock(
    uint32_t slot, uint32_t kind, int (*run)(const void *argument),
    const void *argument);
