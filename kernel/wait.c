// SPDX-License-Identifier: MIT
// See wait.h.
#include "kernel/wait.h"

#include "kernel/base/x86.h"

// Until the rate is known: more than a minute at any rate there is.
cycles_t wait_limit_cycles = 1ul << 40;

bool wait_is_over(cycles_t start) {
    return rdtsc() - start > wait_limit_cycles;
}
