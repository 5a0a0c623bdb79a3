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

// Exit statuses where a program's own is not to be had, as a shell has them.
#define EXIT_CANNOT 126     // it can not be executed
#define EXIT_NO_PROGRAM 127 // there is none
#define EXIT_SIGNALED 128   // and the number of the signal that has killed it

// Execute a program in place of the caller's. Returns, after one line on
// stderr, only if that is not possible: the exit status that says so.
int execute_program(char **argv);

// Run a program as a child, and wait for it. Returns: its exit status, or one
// of these; 1 if there was no child.
int child_execute(char **argv);
