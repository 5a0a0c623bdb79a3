// SPDX-License-Identifier: MIT
// See library.h: interrupt groups. Their mask, unmask and config are callouts
// like others; their id and eoi are woven in by boot/weave.c.
#include "boot/library.h"

#include "boot/console.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"

#define LOADS                                                                  \
    (uint32_t)(                                                                \
        INTR_GENFLAG_LOAD_SYSPAGE | INTR_GENFLAG_LOAD_INTRINFO |               \
        INTR_GENFLAG_LOAD_LEVEL | INTR_GENFLAG_LOAD_CPUNUM)
#define ID_GENFLAGS                                                            \
    (LOADS | (uint32_t)(INTR_GENFLAG_NOGLITCH | INTR_GENFLAG_ID_LOOP))
#define EOI_GENFLAGS (LOADS | (uint32_t)INTR_GENFLAG_LOAD_INTRMASK)
#define FLAGS                                                                  \
    (uint32_t)(                                                                \
        INTR_FLAG_CASCADE_IMPLICIT_EOI | INTR_FLAG_SMP_BROADCAST_MASK |        \
        INTR_FLAG_SMP_BROADCAST_UNMASK | INTR_FLAG_MSI)

struct startup_intrinfo startup_groups[STARTUP_MAX_INTRINFO];
uint32_t startup_parents[STARTUP_MAX_INTRINFO];
uint32_t startup_num_groups;

// --- what groups may be like ------------------------------------------------

uint32_t group_num_entries(const struct startup_intrinfo *intr) {
    if (intr->cpu_intr_stride != 0) {
        return intr->num_vectors;
    }
    return intr->cpu_intr_base != 0 ? 1 : 0;
}

static bool intr_has_entry(
    const struct startup_intrinfo *intr, uint32_t vector) {
    for (uint32_t v = 0; v < group_num_entries(intr); v++) {
        if (intr->cpu_intr_base + v * intr->cpu_intr_stride == vector) {
            return true;
        }
    }
    return false;
}

bool group_has_entry(uint32_t vector) {
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        if (intr_has_entry(&startup_groups[i], vector)) {
            return true;
        }
    }
    return false;
}

// The group with this vector of the system's, or startup_num_groups.
static uint32_t group_of(uint32_t vector) {
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        uint32_t first = startup_groups[i].vector_base;
        if (vector >= first && vector - first < startup_groups[i].num_vectors) {
            return i;
        }
    }
    return startup_num_groups;
}

static const char *flags_check(const struct startup_intrinfo *intr) {
    if (intr->flags & INTR_FLAG_NMI) {
        return "NMIs can't be a group: they come between any two instructions";
    }
    if (intr->flags & INTR_FLAG_CPU_FAULT) {
        return "exceptions can't be a group: the kernel deals with them";
    }
    if (intr->flags & ~FLAGS) {
        return "unknown INTR_FLAG_*";
    }
    if (intr->id_genflags & ~ID_GENFLAGS) {
        return "id asks for an INTR_GENFLAG_* that it can't have";
    }
    if (intr->eoi_genflags & ~EOI_GENFLAGS) {
        return "eoi asks for an INTR_GENFLAG_* that it can't have";
    }
    return NULL;
}

static const char *vectors_check(const struct startup_intrinfo *intr) {
    uint32_t last = intr->vector_base + intr->num_vectors - 1;
    if (intr->num_vectors == 0 || last < intr->vector_base ||
        last >= INTR_STUCK) {
        return "no vectors, or too many";
    }
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        const struct startup_intrinfo *other = &startup_groups[i];
        if (intr->vector_base < other->vector_base + other->num_vectors &&
            other->vector_base <= last) {
            return "its vectors are another group's too";
        }
    }
    return NULL;
}

static const char *entries_check(const struct startup_intrinfo *intr) {
    uint32_t count = group_num_entries(intr);
    if (count == 0 && intr->cascade_vector == INTR_NO_CASCADE) {
        return "it has neither an IDT entry nor a group above it";
    }
    for (uint32_t v = 0; v < count; v++) {
        uint32_t entry = intr->cpu_intr_base + v * intr->cpu_intr_stride;
        if (entry < NUM_EXCEPTIONS || entry >= VECTOR_SPURIOUS) {
            return "its IDT entries are not all for interrupts";
        }
        if (group_has_entry(entry)) {
            return "its IDT entries are another group's too";
        }
    }
    return NULL;
}

// A group hangs below one that was added before: so there is no circle.
static const char *cascade_check(const struct startup_intrinfo *intr) {
    if (intr->cascade_vector == INTR_NO_CASCADE) {
        return NULL;
    }
    if (group_of(intr->cascade_vector) == startup_num_groups) {
        return "no group before it has its cascade vector";
    }
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        if (startup_groups[i].cascade_vector == intr->cascade_vector) {
            return "its cascade vector is another group's too";
        }
    }
    return NULL;
}

static const char *group_check(const struct startup_intrinfo *intr) {
    const char *(*const checks[])(const struct startup_intrinfo *) = {
        flags_check, vectors_check, entries_check, cascade_check};
    const char *reason = NULL;
    for (size_t i = 0; reason == NULL && i < ARRAY_SIZE(checks); i++) {
        reason = checks[i](intr);
    }
    return reason;
}

// --- what is added ----------------------------------------------------------

static void group_add(const struct startup_intrinfo *intr) {
    if (startup_num_groups == STARTUP_MAX_INTRINFO) {
        startup_fail("more than %u interrupt groups", STARTUP_MAX_INTRINFO);
    }
    uint32_t group = startup_num_groups;
    startup_parents[group] = intr->cascade_vector != INTR_NO_CASCADE
                                 ? group_of(intr->cascade_vector)
                                 : group;
    startup_groups[group] = *intr;
    startup_num_groups++;
}

void add_interrupt(const struct startup_intrinfo *intr) {
    const char *reason = group_check(intr);
    if (reason != NULL) {
        startup_print("interrupt group %s left out: %s", intr->name, reason);
        return;
    }
    group_add(intr);
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
    add_storage(
        &entry->mask_counts, NULL,
        intr->num_vectors * (uint32_t)sizeof(uint32_t));
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
