// SPDX-License-Identifier: MIT
// Whose doing a late interrupt is: its lateness split over the sections with
// interrupts off that lie between the instant when it was wanted and its
// handler. Arithmetic alone; all times are cycles of one CPU's counter.
#pragma once

#include "kernel/base/types.h"
#include "kernel/receipt.h"
#include "syscall/toll_shot.h"

// A section with interrupts off. began == ended: there was none.
struct blame_section {
    uint64_t began;
    uint64_t ended;
};

// What is known of one shot. The sections are those that an interrupt which was
// wanted in them had to wait for: interrupts came on again only at its handler.
struct blame_evidence {
    uint64_t due;
    uint64_t taken;
    const struct receipt *call;   // NULL: no custom call
    struct blame_section handler; // another interrupt's
    struct blame_section kernel;  // may have the handler's within
};

// Fill in parts and wholes of `shot`. An instant that two sections cover is the
// call's, else the handler's.
void blame_split(const struct blame_evidence *evidence, struct toll_shot *shot);
