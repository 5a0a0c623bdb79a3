// SPDX-License-Identifier: MIT
// See interrupt.h. Mask counts are in the system page's storage, where the
// entry code finds them for INTR_GENFLAG_LOAD_INTRMASK.
#include "kernel/interrupt.h"

#include "callouts/syspage.h"
#include "kernel/callouts.h"
#include "kernel/console.h"
#include "kernel/heap.h"
#include "kernel/panic.h"
#include "kernel/rendezvous.h"
#include "kernel/spinlock.h"

struct group {
    struct spinlock lock;         // of the counts, and around mask and unmask
    struct intrinfo_entry *intr;  // [i]
    uint32_t *counts;             // [lock] of masks, by vector
    interrupt_handler **handlers; // [a] by vector
    uint64_t spurious;            // [a]
    uint64_t stuck;               // [a]
};

// A vector of a group.
struct line {
    struct group *group; // NULL: there is none
    uint32_t vector;     // in the group
};

static struct syspage_entry *interrupt_syspage;
static struct group *groups;
static uint32_t num_groups;

void interrupt_init(struct syspage_entry *syspage) {
    interrupt_syspage = syspage;
    struct intrinfo_entry *intr = SYSPAGE_ENTRY(syspage, intrinfo);
    uint32_t count = SYSPAGE_COUNT(syspage, intrinfo);
    groups = kalloc(count * sizeof(*groups));
    for (uint32_t i = 0; groups != NULL && i < count; i++) {
        struct group *group = &groups[i];
        *group = (struct group){
            .lock = SPINLOCK_INITIALIZER("interrupt"),
            .intr = &intr[i],
            .counts = (void *)((uintptr_t)syspage + intr[i].mask_counts),
            .handlers = kalloc(intr[i].num_vectors * sizeof(void *)),
        };
        for (uint32_t v = 0; v < intr[i].num_vectors; v++) {
            group->counts[v] = 1;
        }
        num_groups += group->handlers != NULL;
    }
    if (num_groups != count) {
        panic("no memory for %u interrupt groups", count);
    }
}

// --- numbers ----------------------------------------------------------------

static struct line line_find(uint32_t vector) {
    for (uint32_t i = 0; i < num_groups; i++) {
        const struct intrinfo_entry *intr = groups[i].intr;
        if (vector - intr->vector_base < intr->num_vectors) {
            return (struct line){&groups[i], vector - intr->vector_base};
        }
    }
    return (struct line){NULL, 0};
}

uint32_t interrupt_of_entry(uint32_t entry) {
    for (uint32_t i = 0; i < num_groups; i++) {
        const struct intrinfo_entry *intr = groups[i].intr;
        for (uint32_t v = 0;
             intr->cpu_intr_stride != 0 && v < intr->num_vectors; v++) {
            if (intr->cpu_intr_base + v * intr->cpu_intr_stride == entry) {
                return intr->vector_base + v;
            }
        }
    }
    return INTR_SPURIOUS;
}

// --- masks ------------------------------------------------------------------

// Have the controller do what the count says.
static bool line_apply(const struct line *line) {
    const struct intrinfo_entry *intr = line->group->intr;
    bool masked = line->group->counts[line->vector] != 0;
    return (masked ? callout_mask(intr, line->vector)
                   : callout_unmask(intr, line->vector)) == 0;
}

// The same on each CPU. The count may have changed since: the last of several
// rendezvous finds what holds.
static void line_apply_here(void *argument) {
    const struct line *line = argument;
    bool irq = spin_lock(&line->group->lock);
    (void)line_apply(line);
    spin_unlock(&line->group->lock, irq);
}

// Why a line can't be unmasked, or NULL.
static const char *line_refusal(const struct line *line) {
    struct intrinfo_entry *intr = line->group->intr;
    unsigned flags = callout_config(intr, line->vector);
    if (flags & INTR_CONFIG_FLAG_DISALLOWED) {
        return "its controller doesn't allow it to be used";
    }
    return line->group->counts[line->vector] == 0 ? "it is not masked" : NULL;
}

static bool line_change(const struct line *line, bool mask, const char **why) {
    struct group *group = line->group;
    uint32_t *count = &group->counts[line->vector];
    uint32_t broadcast =
        mask ? INTR_FLAG_SMP_BROADCAST_MASK : INTR_FLAG_SMP_BROADCAST_UNMASK;
    bool everywhere = (group->intr->flags & broadcast) != 0;
    bool irq = spin_lock(&group->lock);
    *why = mask ? NULL : line_refusal(line);
    bool edge = false;
    if (*why == NULL) {
        edge = mask ? (*count)++ == 0 : --*count == 0;
        if (edge && !everywhere && !line_apply(line)) {
            *count = mask ? 0 : 1;
            *why = "its controller says no";
        }
    }
    spin_unlock(&group->lock, irq);
    return edge && everywhere;
}

static bool interrupt_change(uint32_t vector, bool mask) {
    struct line line = line_find(vector);
    const char *why = "no group has it";
    if (line.group != NULL && line_change(&line, mask, &why)) {
        rendezvous(line_apply_here, &line);
    }
    if (why != NULL) {
        kprintf(
            "tollgate: interrupt %u can't be %s: %s\n", vector,
            mask ? "masked" : "unmasked", why);
    }
    return why == NULL;
}

bool interrupt_mask(uint32_t vector) {
    return interrupt_change(vector, true);
}

bool interrupt_unmask(uint32_t vector) {
    return interrupt_change(vector, false);
}

bool interrupt_unmask_here(uint32_t vector) {
    struct line line = line_find(vector);
    if (line.group == NULL) {
        return false;
    }
    bool irq = spin_lock(&line.group->lock);
    line.group->counts[line.vector] = 0;
    bool done = line_apply(&line);
    spin_unlock(&line.group->lock, irq);
    return done;
}

// --- dispatch ---------------------------------------------------------------

bool interrupt_attach(uint32_t vector, interrupt_handler *handler) {
    struct line line = line_find(vector);
    if (line.group == NULL) {
        return false;
    }
    __atomic_store_n(
        &line.group->handlers[line.vector], handler, __ATOMIC_RELEASE);
    return true;
}

static void group_is_stuck(struct group *group) {
    if (__atomic_fetch_add(&group->stuck, 1, __ATOMIC_RELAXED) == 0) {
        kprintf(
            "tollgate: interrupt group %s: after %u in a row its id still "
            "finds one\n",
            SYSPAGE_STRING(interrupt_syspage, group->intr->name),
            INTR_ID_LOOP_MAX);
    }
}

void interrupt_dispatch(struct regs *regs, uint32_t vector, uint32_t index) {
    struct group *group = &groups[index];
    uint32_t line = vector - group->intr->vector_base;
    if (vector == INTR_STUCK) {
        group_is_stuck(group);
        return;
    }
    // A NOGLITCH group's id should not say so, but it is not believed.
    if (vector == INTR_SPURIOUS || line >= group->intr->num_vectors) {
        __atomic_fetch_add(&group->spurious, 1, __ATOMIC_RELAXED);
        return;
    }
    interrupt_handler *handler =
        __atomic_load_n(&group->handlers[line], __ATOMIC_ACQUIRE);
    if (handler != NULL) {
        handler(regs, vector);
    } else {
        kprintf("tollgate: interrupt %u: nobody asked for it\n", vector);
    }
}

uint64_t interrupt_spurious(uint32_t group) {
    return __atomic_load_n(&groups[group].spurious, __ATOMIC_RELAXED);
}

uint64_t interrupt_stuck(uint32_t group) {
    return __atomic_load_n(&groups[group].stuck, __ATOMIC_RELAXED);
}
