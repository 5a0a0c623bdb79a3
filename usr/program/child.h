// SPDX-License-Identifier: MIT
// A child process with a type ID of its own, for a few calls.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CHILD_STACK_SIZE (64ul * 1024)

// Run body(arg) in a child of the given type, and wait for it. The child has
// the caller's memory, so what it stores there is seen afterwards; the caller
// stands still meanwhile. It must not run body() on two threads at once.
//
// Returns: the child's wait status, of which body's result is the exit status;
// -1, after one line on stderr, if there was no child.
int child_run(uint32_t type, int (*body)(void *), void *arg);
