// SPDX-License-Identifier: MIT
// See library.h: interrupt groups. Their mask, unmask and config are callouts
// like others; their id and eoi are woven in by boot/weave.c.
#include "boot/library.h"

#include "boot/console.h"

struct startup_intrinfo startup_groups[STARTUP_MAX_INTRINFO];
uint32_t startup_num_groups;

void add_interrupt(const struct startup_intrinfo *intr) {
    if (startup_num_groups == STARTUP_MAX_INTRINFO) {
        startup_fail("more than %u interrupt groups", STARTUP_MAX_INTRINFO);
    }
    startup_groups[startup_num_groups++] = *intr;
    struct intrinfo_entry *entry = section_add(&lsp.intrinfo, sizeof(*entry));
    entry->name = add_string(intr->name);
    entry->vector_base = intr->vector_base;
    entry->num_vectors = intr->num_vectors;
    entry->cascade_vector = intr->cascade_vector;
    entry->cpu_intr_base = intr->cpu_intr_base;
    entry->cpu_intr_stride = intr->cpu_intr_stride;
    entry->flags = intr->flags;
    entry->id.genflags = intr->id_genflags;
    entry->eoi.genflags = intr->eoi_genflags;
    add_callout_at(
        &entry->mask, intr->mask, "mask", intr->version, intr->patch_data);
    add_callout_at(
        &entry->unmask, intr->unmask, "unmask", intr->version,
        intr->patch_data);
    add_callout_at(
        &entry->config, intr->config, "config", intr->version,
        intr->patch_data);
}

void add_interrupt_array(const struct startup_intrinfo *intr, size_t bytes) {
    for (size_t i = 0; i < bytes / sizeof(*intr); i++) {
        add_interrupt(&intr[i]);
    }
}
