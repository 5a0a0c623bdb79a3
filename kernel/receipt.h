// SPDX-License-Identifier: MIT
// The receipt: the record of one measured custom call, as syscall/entry.asm
// writes it into its CPU's ring and kernel/tolls.c reads it. A leaf header.
//
//   arrived  asked queued   granted     released      left
//      |--------|---|-- wait --|-- hold ----|-----------|
//      |------------------- interrupts off --------------|
//
// Order is kept in numbers that every kind of lock has, 32 bits significant:
//
//            ticket lock                  other locks
//   ticket   the one that was taken       `arrivals` of struct resource_lock,
//                                         incremented before asking
//   entry    `serving`, read once it is   `entries`, incremented once it is
//            held: releases so far        held
//   arrivals `next`, read once it is held `arrivals`, read once it is held
#pragma once

#include "kernel/base/types.h"

#define RECEIPTS_PER_RING 256 // for each CPU; a power of two
#define RECEIPTS_FOLD_AT 192  // the measured exit has them folded from here on

// All times are readings of this CPU's time-stamp counter. Without a resource,
// queued and granted are equal, and prev_release, ticket, entry and arrivals
// are 0.
struct receipt {
    cycles_t arrived;      // on entry
    cycles_t asked;        // just before the lock was asked for
    cycles_t queued;       // just after it was: now in the queue, if it has one
    cycles_t granted;      // when it was held
    cycles_t released;     // just before it was released; without one,
                           // after the callout
    cycles_t left;         // just before the exit
    cycles_t prev_release; // last release before the grant, on any CPU; 0 none
    uint64_t result;       // what the caller got
    uint64_t rip;          // where the program called
    uint64_t ticket;       // order of arrival, from 0
    uint64_t entry;        // order of grants, from 0
    uint64_t arrivals;     // how many had arrived at the grant, I included
    uint32_t slot;
    uint32_t type_id;
    uint32_t resource; // or NO_RESOURCE
    uint32_t cpu;
    uint64_t reserved[2];
};

#define RECEIPT_SIZE 128
#define RECEIPT_SHIFT 7

_Static_assert(
    sizeof(struct receipt) == RECEIPT_SIZE &&
        RECEIPT_SIZE == 1 << RECEIPT_SHIFT,
    "the measured entry finds a receipt by a shift");
_Static_assert(
    (RECEIPTS_PER_RING & (RECEIPTS_PER_RING - 1)) == 0,
    "the measured entry masks the index");
