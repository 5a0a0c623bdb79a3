// SPDX-License-Identifier: MIT
// What TOLLGATE_SHOT tells: how late a timer's interrupt was taken, and because
// of whom. A leaf header: programs include it.
#pragma once

#include <stdint.h>

// What kept an interrupt from being taken.
enum shot_phase {
    SHOT_WAIT,    // a custom call that waited for its resource's lock
    SHOT_HOLD,    // a custom call's callout
    SHOT_GATE,    // the rest of a custom call
    SHOT_HANDLER, // the handler of another interrupt
    SHOT_KERNEL,  // the kernel, elsewhere
    SHOT_NONE, // nothing that was measured: the timer, the way to the handler,
               // and whoever the machine below worked for instead
    NUM_SHOT_PHASES
};

// What became of a shot: a timer's interrupt that was wanted at a known
// instant. Times are in cycles.
struct toll_shot {
    uint64_t due;                     // time-stamp counter when it was wanted
    uint64_t taken;                   // and when its handler began
    uint64_t parts[NUM_SHOT_PHASES];  // of taken - due, by phase; adds up to it
    uint64_t wholes[NUM_SHOT_PHASES]; // how long that phase was in all, before
                                      // `due` too; 0 with a part of 0
    uint64_t from; // where the kernel's section began and ended: addresses of
    uint64_t to;   // instructions
    uint32_t cpu;
    uint32_t slot;    // of the custom call, if it has a part
    uint32_t type_id; // and its caller's type
    uint32_t vector;  // of the other interrupt, if it has a part
};
