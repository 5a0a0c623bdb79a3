// SPDX-License-Identifier: MIT
// See blame.h.
#include "kernel/blame.h"

static struct blame_section between(uint64_t began, uint64_t ended) {
    return (struct blame_section){began, ended > began ? ended : began};
}

static uint64_t length(struct blame_section section) {
    return section.ended - section.began;
}

// What two sections have in common.
static struct blame_section both(
    struct blame_section a, struct blame_section b) {
    uint64_t began = a.began > b.began ? a.began : b.began;
    uint64_t ended = a.ended < b.ended ? a.ended : b.ended;
    return between(began, ended);
}

static void charge(
    struct toll_shot *shot, enum shot_phase phase, uint64_t part,
    uint64_t whole) {
    shot->parts[phase] = part;
    shot->wholes[phase] = part != 0 ? whole : 0;
}

// The phases of a custom call lie one behind the other.
static struct blame_section charge_call(
    struct toll_shot *shot, struct blame_section late,
    const struct receipt *call) {
    struct blame_section off = between(call->arrived, call->left);
    struct blame_section wait = between(call->queued, call->granted);
    struct blame_section hold = between(call->granted, call->released);
    if (call->resource == RECEIPT_NO_RESOURCE) {
        wait.ended = wait.began;
    }
    uint64_t waited = length(both(late, wait));
    uint64_t held = length(both(late, hold));
    charge(shot, SHOT_WAIT, waited, length(wait));
    charge(shot, SHOT_HOLD, held, length(hold));
    charge(
        shot, SHOT_GATE, length(both(late, off)) - waited - held,
        length(off) - length(wait) - length(hold));
    return off;
}

void blame_split(
    const struct blame_evidence *evidence, struct toll_shot *shot) {
    struct blame_section late = between(evidence->due, evidence->taken);
    struct blame_section call = {0, 0};
    if (evidence->call != NULL) {
        call = charge_call(shot, late, evidence->call);
    }
    struct blame_section handler = both(late, evidence->handler);
    struct blame_section kernel = both(late, evidence->kernel);
    uint64_t handled = length(handler) - length(both(handler, call));
    uint64_t twice = length(both(kernel, call)) +
                     length(both(kernel, handler)) -
                     length(both(both(kernel, handler), call));
    charge(shot, SHOT_HANDLER, handled, length(evidence->handler));
    charge(shot, SHOT_KERNEL, length(kernel) - twice, length(evidence->kernel));
    uint64_t rest = length(late);
    for (int phase = 0; phase < SHOT_NONE; phase++) {
        rest -= shot->parts[phase];
    }
    charge(shot, SHOT_NONE, rest, rest);
}
