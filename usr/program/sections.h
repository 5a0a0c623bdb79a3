// SPDX-License-Identifier: MIT
// The kernel's own interrupts-off sections as text and as JSON. /bin/sections
// and /bin/stress share it.
#pragma once

#include <stdbool.h>

#include "usr/program/noise.h"
#include "usr/include/tollgate.h"

// Read those of all CPUs. Returns false, after one line on stderr, if that is
// not possible.
bool sections_read(struct kernel_sections *sections);

// Print how many and how long, beside the largest noise that the same run has
// seen, and the longest, a line each, marked where it is not above the noise.
void sections_print(const struct kernel_sections *sections, struct noise noise);

// Send a record "kernel_sections" to tools/boot. Returns false, after one line
// on stderr, if that is not possible.
bool sections_report(
    const struct kernel_sections *sections, struct noise noise);
