// SPDX-License-Identifier: MIT
// The blame table: the lateness of many shots, charged to who kept their
// interrupts from being taken. Times are in cycles.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usr/include/tollgate.h"

#define MAX_BLAME_ROWS 48

// One phase of one culprit. What does not tell culprits of the phase apart is
// 0.
struct blame_row {
    enum shot_phase phase;
    uint32_t slot;    // of a custom call's phases
    uint32_t type_id; // of its caller
    uint32_t vector;  // SHOT_HANDLER: the other interrupt's
    uint64_t from;    // SHOT_KERNEL: the section's ends
    uint64_t to;
    uint64_t n;     // shots that it made late
    uint64_t sum;   // by how much
    uint64_t max;   // at most
    uint64_t whole; // the longest that this phase was in all, before the shots
                    // too
};

// All zero is an empty one.
struct blame_table {
    uint32_t count;
    uint64_t dropped; // parts for which there was no row left
    struct blame_row rows[MAX_BLAME_ROWS];
};

// Charge a shot's parts.
void blame_add(struct blame_table *table, const struct toll_shot *shot);

// Add one table to another.
void blame_merge(struct blame_table *to, const struct blame_table *from);

// Largest `max` first.
void blame_sort(struct blame_table *table);

// "wait", "hold", "gate", "handler", "kernel", "none"; whether it is a custom
// call's.
const char *blame_phase_name(enum shot_phase phase);
bool blame_is_of_call(enum shot_phase phase);
