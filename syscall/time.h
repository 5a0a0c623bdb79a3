// SPDX-License-Identifier: MIT
// Times as programs give them: struct timespec.
#pragma once

#include "kernel/base/types.h"

struct timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

// Read or write a time of the program's, in nanoseconds; one that is too long
// to count is read as WAIT_FOREVER.
//
// Returns: 0, -EFAULT, or -EINVAL for what is no time.
MUST_CHECK long time_from_user(uint64_t from, uint64_t *ns);
MUST_CHECK long time_to_user(uint64_t to, uint64_t ns);

// now + ns, without wrapping around.
uint64_t time_after(uint64_t now, uint64_t ns);

// A time of CLOCK_REALTIME as one of clock_now_ns().
uint64_t time_from_real(uint64_t ns);
