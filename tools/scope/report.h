// SPDX-License-Identifier: MIT
// What the scope found, for people (a table) and for programs (JSON;
// docs/scope.md has the format).
#pragma once

#include <stdio.h>

#include "tools/scope/census.h"

// What is reported beside the census of all CPUs.
struct report {
    const struct census *census;
    const struct section_cpu *const *cpus; // at the end
    uint32_t num_cpus;
    uint64_t unknown; // times that RFLAGS was loaded and could not be read
};

// The kinds, then the `top` longest pairs of ends.
void report_table(FILE *to, const struct report *report, uint32_t top);

// One JSON object, without a newline behind it.
void report_json(FILE *to, const struct report *report);
