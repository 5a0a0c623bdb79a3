// SPDX-License-Identifier: MIT
// See irqs_off.h.
#include "smp/irqs_off.h"

#include "kernel/base/seqlock.h"
#include "kernel/base/x86.h"

// --- counting ---------------------------------------------------------------

static cycles_t length_of(const struct toll_section *section) {
    return section->ended - section->began;
}

static bool same_ends(
    const struct toll_section *a, const struct toll_section *b) {
    return a->from == b->from && a->to == b->to;
}

// Where in the list a section belongs: behind all that are not shorter.
static uint64_t place_of(
    const struct toll_section_account *counts,
    const struct toll_section *section) {
    uint64_t place = 0;
    while (place < counts->num_worst &&
           length_of(&counts->worst[place]) >= length_of(section)) {
        place++;
    }
    return place;
}

// The one that leaves when a section comes in at `place`: that with the same
// ends, or else the last one, which is beyond the end while there is room.
static uint64_t leaver_of(
    const struct toll_section_account *counts,
    const struct toll_section *section, uint64_t place) {
    for (uint64_t i = place; i < counts->num_worst; i++) {
        if (same_ends(&counts->worst[i], section)) {
            return i;
        }
    }
    return counts->num_worst < TOLL_WORST_SECTIONS ? counts->num_worst
                                                   : TOLL_WORST_SECTIONS - 1;
}

static void worst_add(
    struct toll_section_account *counts, const struct toll_section *section) {
    if (counts->num_worst == TOLL_WORST_SECTIONS &&
        length_of(section) <=
            length_of(&counts->worst[counts->num_worst - 1])) {
        return; // as nearly always: not even compared with the others
    }
    uint64_t place = place_of(counts, section);
    for (uint64_t i = 0; i < place; i++) {
        if (same_ends(&counts->worst[i], section)) {
            return; // it was longer before
        }
    }
    uint64_t leaver = leaver_of(counts, section, place);
    if (leaver == counts->num_worst) {
        seqlock_add(&counts->num_worst, 1);
    }
    for (uint64_t i = leaver; i > place; i--) {
        seqlock_set_all(
            &counts->worst[i], &counts->worst[i - 1], sizeof(*section));
    }
    seqlock_set_all(&counts->worst[place], section, sizeof(*section));
}

void irqs_off_count(
    struct toll_section_account *counts, const struct toll_section *section) {
    histogram_add(&counts->cycles, length_of(section));
    worst_add(counts, section);
}

void irqs_off_merge(
    struct toll_section_account *to, const struct toll_section_account *from) {
    histogram_merge(&to->cycles, &from->cycles);
    for (uint64_t i = 0; i < from->num_worst; i++) {
        worst_add(to, &from->worst[i]);
    }
    seqlock_add(&to->missed, from->missed);
}

// --- measuring --------------------------------------------------------------

static void begin(
    struct irqs_off_meter *meter, cycles_t at, uintptr_t from,
    enum toll_section_kind kind, uint32_t number) {
    if (meter->fresh) {
        irqs_off_count(meter->counts, &meter->last);
        meter->fresh = false;
    }
    meter->counts->missed += meter->open;
    meter->now.began = at;
    meter->now.from = from;
    meter->now.kind = kind;
    meter->now.number = number;
    meter->open = true;
}

void irqs_off_begin_at(
    uintptr_t from, enum toll_section_kind kind, uint32_t number) {
    struct irqs_off_meter *meter = this_cpu()->irqs_off;
    if (meter != NULL) {
        begin(meter, rdtsc(), from, kind, number);
    }
}

void irqs_off_begin(enum toll_section_kind kind) {
    irqs_off_begin_at((uintptr_t)__builtin_return_address(0), kind, 0);
}

void irqs_off_go_on(enum toll_section_kind kind) {
    struct irqs_off_meter *meter = this_cpu()->irqs_off;
    if (meter != NULL && !meter->open) {
        irqs_off_begin_at((uintptr_t)__builtin_return_address(0), kind, 0);
    }
}

// One entry may lead to several interrupts (INTR_GENFLAG_ID_LOOP): the section
// is the first one's.
void irqs_off_begin_interrupt(uintptr_t from, uint32_t vector) {
    struct irqs_off_meter *meter = this_cpu()->irqs_off;
    if (meter != NULL && meter->entered != 0) {
        begin(meter, meter->entered, from, TOLL_SECTION_INTERRUPT, vector);
        meter->entered = 0;
    }
}

void irqs_off_end(void) {
    struct irqs_off_meter *meter = this_cpu()->irqs_off;
    if (meter == NULL) {
        return;
    }
    if (!meter->open) {
        meter->counts->missed++;
        return;
    }
    meter->open = false;
    meter->fresh = true;
    meter->last = meter->now;
    meter->last.to = (uintptr_t)__builtin_return_address(0);
    meter->last.ended = rdtsc();
}

const struct toll_section *irqs_off_last(void) {
    struct irqs_off_meter *meter = this_cpu()->irqs_off;
    return meter != NULL ? &meter->last : NULL;
}
