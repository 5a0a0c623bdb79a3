// SPDX-License-Identifier: MIT
// Which CPUs there are, and which of them a thread runs on.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "usr/program/options.h"

// The CPUs that are up and that this thread may use. Returns false, after one
// line on stderr, if the kernel does not tell.
bool cpus_online(struct cpu_list *list);

// Move the calling thread to one CPU, or let it run on any of a list. Returns
// false with errno.
bool cpus_pin(uint32_t cpu);
bool cpus_allow(const struct cpu_list *list);
