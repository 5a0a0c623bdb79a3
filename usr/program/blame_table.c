// SPDX-License-Identifier: MIT
// See blame_table.h.
#include "usr/program/blame_table.h"

#include <stdlib.h>

const char *blame_phase_name(enum shot_phase phase) {
    static const char *const names[NUM_SHOT_PHASES] = {
        [SHOT_WAIT] = "wait",     [SHOT_HOLD] = "hold",
        [SHOT_GATE] = "gate",     [SHOT_HANDLER] = "handler",
        [SHOT_KERNEL] = "kernel", [SHOT_NONE] = "none",
    };
    return phase < NUM_SHOT_PHASES ? names[phase] : "?";
}

bool blame_is_of_call(enum shot_phase phase) {
    return phase == SHOT_WAIT || phase == SHOT_HOLD || phase == SHOT_GATE;
}

static bool is_same(const struct blame_row *a, const struct blame_row *b) {
    return a->phase == b->phase && a->slot == b->slot &&
           a->type_id == b->type_id && a->vector == b->vector &&
           a->from == b->from && a->to == b->to;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static void row_add(struct blame_table *table, const struct blame_row *row) {
    uint32_t i = 0;
    while (i < table->count && !is_same(&table->rows[i], row)) {
        i++;
    }
    if (i == MAX_BLAME_ROWS) {
        table->dropped += row->n;
        return;
    }
    if (i == table->count) {
        table->rows[table->count++] = *row;
        return;
    }
    struct blame_row *sum = &table->rows[i];
    sum->n += row->n;
    sum->sum += row->sum;
    sum->max = larger(sum->max, row->max);
    sum->whole = larger(sum->whole, row->whole);
}

void blame_add(struct blame_table *table, const struct toll_shot *shot) {
    for (unsigned i = 0; i < NUM_SHOT_PHASES; i++) {
        enum shot_phase phase = (enum shot_phase)i;
        bool is_call = blame_is_of_call(phase);
        bool is_kernel = phase == SHOT_KERNEL;
        if (shot->parts[i] == 0) {
            continue;
        }
        row_add(
            table, &(struct blame_row){
                       .phase = phase,
                       .slot = is_call ? shot->slot : 0,
                       .type_id = is_call ? shot->type_id : 0,
                       .vector = phase == SHOT_HANDLER ? shot->vector : 0,
                       .from = is_kernel ? shot->from : 0,
                       .to = is_kernel ? shot->to : 0,
                       .n = 1,
                       .sum = shot->parts[i],
                       .max = shot->parts[i],
                       .whole = shot->wholes[i]});
    }
}

void blame_merge(struct blame_table *to, const struct blame_table *from) {
    to->dropped += from->dropped;
    for (uint32_t i = 0; i < from->count; i++) {
        row_add(to, &from->rows[i]);
    }
}

static int by_max(const void *a, const void *b) {
    const struct blame_row *left = a;
    const struct blame_row *right = b;
    return (left->max < right->max) - (left->max > right->max);
}

void blame_sort(struct blame_table *table) {
    qsort(table->rows, table->count, sizeof(table->rows[0]), by_max);
}
