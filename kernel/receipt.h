// SPDX-License-Identifier: MIT
// The receipt: the record of one measured custom call, as syscall/entry.asm
// writes it into its CPU's buffer and kernel/tolls.c reads it. A leaf header.
//
//   arrived        queued    granted     released      left
//      |--------------|-- wait --|-- hold ----|-----------|
//      |------------------ interrupts off ------------------|
//
// Order is kept in numbers that every kind of lock has, 32 bits wide;
// `arrivals` and `entries` are those of struct resource_lock:
//
//             ticket                    entry              arrivals
//   ticket,   the one that was taken    `serving`, read    `next`, read once it
//   ticket_pb                           once it is held:   is held
//                                       releases so far
//   anderson  the number that was       `entries`,         `next`, read once it
//             taken                     incremented once   is held
//                                       it is held
//   mcs       place in the queue: that  as anderson        `arrivals`,
//             of the one before, as it                     incremented before
//             tells with its link, + 1;                    asking, read once it
//             `entries` if nobody was                      is held
//             before
//   clh       place in the queue: that  as anderson        as mcs
//             of the use waited for, as
//             its line says, + 1
//   tas, ttas `arrivals`, incremented   as anderson        as mcs
//             before asking
//
// A place in a queue is taken by the atomic step that enters the queue, so with
// a FIFO lock ticket and entry are the same number.
#pragma once

#include "kernel/base/types.h"

// For each CPU. The measured exit has them folded from RECEIPTS_FOLD_AT on; few
// more can come before that is done (gate_refuse() folds, too).
#define RECEIPTS_MAX 256
#define RECEIPTS_FOLD_AT 192

// All times are readings of this CPU's time-stamp counter. Without a resource,
// queued, prev_release, ticket, entry and arrivals are left as they were.
struct receipt {
    cycles_t arrived;      // on entry
    cycles_t queued;       // the ticket was taken, the lock was asked for
    cycles_t granted;      // when it was held
    cycles_t released;     // just before it was released; without one,
                           // after the callout
    cycles_t left;         // just before the exit
    cycles_t prev_release; // last release before the grant, on any CPU; 0 none
    uint64_t result;       // what the caller got
    uint64_t rip;          // where the program called
    uint64_t ticket;       // order of arrival, from 0
    uint32_t arrivals;     // how many had arrived at the grant, I included
    uint32_t entry;        // order of grants, from 0
    uint16_t slot;
    uint16_t resource; // or RECEIPT_NO_RESOURCE
    uint32_t type_id;
    uint32_t cpu; // filled in when it is folded
    uint32_t reserved[9];
};

#define RECEIPT_NO_RESOURCE 0xffff
#define RECEIPT_SIZE 128

_Static_assert(
    sizeof(struct receipt) == RECEIPT_SIZE,
    "two cache lines, no false sharing");
