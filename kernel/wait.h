// SPDX-License-Identifier: MIT
// The limit of every wait for another CPU. It detects hangs and is no target:
// under emulation a CPU may stand still for seconds.
#pragma once

#include "kernel/base/types.h"

#define WAIT_LIMIT_SECONDS 60

// Set once at start from the system page's cycles_per_sec.
extern cycles_t wait_limit_cycles;

// Has a wait that began at time-stamp `start` lasted too long?
bool wait_is_over(cycles_t start);
