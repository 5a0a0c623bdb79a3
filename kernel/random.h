// SPDX-License-Identifier: MIT
// Random bytes for programs. RDRAND where the CPU has it; elsewhere a mix of
// time-stamp counter readings, which keeps programs going but is no secret:
// don't make keys of it.
#pragma once

#include "kernel/base/types.h"

void random_bytes(void *to, size_t size);
