// SPDX-License-Identifier: MIT
// Futexes: wait until a word of user memory changes. Known by space and
// address: spaces share no memory, so two addresses are never one word.
#pragma once

#include "kernel/base/types.h"

struct space;

#define FUTEX_ALL_BITS 0xffffffffu

// Wait while the word is `expected`, until woken or `deadline` (WAIT_FOREVER
// for none). The word's page must have been touched just before.
//
// Returns: 0, or -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT.
long futex_wait(
    struct space *space, uintptr_t address, uint32_t expected, uint32_t bits,
    uint64_t deadline);

// Wake up to `count` waiters whose bits meet `bits`; returns how many.
long futex_wake(
    struct space *space, uintptr_t address, uint32_t count, uint32_t bits);

// Wake up to `wake` waiters, and let up to `move` others wait at `to` from now
// on. With `expected`, -EAGAIN unless the word has that value. Returns how
// many were woken; with `expected`, how many were moved besides.
long futex_requeue(
    struct space *space, uintptr_t address, uint32_t wake, uint32_t move,
    uintptr_t to, const uint32_t *expected);
