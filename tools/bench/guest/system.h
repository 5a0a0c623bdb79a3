// SPDX-License-Identifier: MIT
// The system under the program, as far as the comparison needs it. One binary
// serves both: it is a program of Tollgate, and /init of Linux.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usr/program/instructions.h"
#include "usr/program/json.h"

#define SYSTEM_MAX_CALLS 4

// One of the calls that are compared.
struct bench_call {
    const char *name; // what it does
    const char *by;   // which way: "slot 0", "ioctl"
    stub_t *stub;     // a result of -4095..-1 is a negative errno
    unsigned long a;
    unsigned long b;
};

struct bench_system {
    const char *name;
    size_t num_calls;
    struct bench_call calls[SYSTEM_MAX_CALLS];
    stub_t *shared_add; // adds a to what all CPUs share, gives the new value

    // Make standard output reach the host. All that "first" needs.
    bool (*open)(void);

    // Get ready for the calls.
    bool (*start)(void);

    // Write what the figures depend on beside the processor. After start.
    void (*describe)(struct json *json);

    // Cycles of the time-stamp counter in a second. Takes a while.
    uint64_t (*hz)(void);

    // The last thing that a program does. Returns where the machine ends with
    // its first program.
    void (*close)(void);
};
// open and start return false, after one line, if that is not possible.

extern const struct bench_system tollgate_system;
extern const struct bench_system linux_system;

// An ordinary kernel call with nothing to do, the same on both.
stub_t system_getppid;
