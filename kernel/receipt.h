// SPDX-License-Identifier: MIT
// The receipt: the record of one measured custom call, as syscall/entry.asm
// writes it into its CPU's buffer and kernel/tolls.c and libtollgate read it. A
// leaf header, which programs include.
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
//   anderson  the number that was       `entries`, read    `next`, read once it
//             taken                     once it is held    is held
//                                       and incremented
//                                       before the release
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
// a FIFO lock ticket and entry are the same number. `served` is what `entry`
// is, read right after that step, before the time `queued`: with a FIFO lock
// ticket - served calls were ahead at that moment, the holder among them; with
// tas and ttas as many had asked and not been through, ahead or not.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// For each CPU. The measured exit has them folded from RECEIPTS_FOLD_AT on; few
// more can come before that is done (gate_refuse() folds, too).
#define RECEIPTS_MAX 256
#define RECEIPTS_FOLD_AT 192

// All times are readings of this CPU's time-stamp counter. Without a resource,
// queued, prev_release, ticket, entry, arrivals and served are left as they
// were.
//
// `arrived` is written first and `left` last, so that who reads a receipt that
// may be written meanwhile can tell a whole one: receipt_is_whole().
struct receipt {
    uint64_t arrived;      // on entry
    uint64_t queued;       // the ticket was taken, the lock was asked for
    uint64_t granted;      // when it was held
    uint64_t released;     // just before it was released; without one,
                           // after the callout
    uint64_t left;         // just before the exit
    uint64_t prev_release; // last release before the grant, on any CPU; 0 none
    uint64_t result;       // what the caller got
    uint64_t rip;          // where the program called
    uint64_t ticket;       // order of arrival, from 0
    uint32_t arrivals;     // how many had arrived at the grant, I included
    uint32_t entry;        // order of grants, from 0
    uint16_t slot;
    uint16_t resource; // or RECEIPT_NO_RESOURCE, or RECEIPT_REFUSED
    uint32_t type_id;
    uint32_t cpu;    // filled in when it is copied
    uint32_t served; // releases before, on arrival
    uint32_t reserved[8];
};

#define RECEIPT_NO_RESOURCE 0xffff
#define RECEIPT_REFUSED 0xfffe // by type: there is no more than who called what
#define RECEIPT_SIZE 128

_Static_assert(
    sizeof(struct receipt) == RECEIPT_SIZE,
    "two cache lines, no false sharing");

// Fill in what the entry leaves out.
static inline void receipt_complete(struct receipt *receipt, uint32_t cpu) {
    receipt->cpu = cpu;
    if (receipt->resource == RECEIPT_NO_RESOURCE) {
        receipt->queued = receipt->granted;
        receipt->prev_release = 0;
        receipt->ticket = 0;
        receipt->entry = 0;
        receipt->arrivals = 0;
        receipt->served = 0;
    }
}

// Whether a complete receipt is that of one call, which got to its end: a call
// under way, or one that was refused, leaves times of an older call.
static inline bool receipt_is_whole(const struct receipt *receipt) {
    return receipt->arrived != 0 && receipt->resource != RECEIPT_REFUSED &&
           receipt->arrived <= receipt->queued &&
           receipt->queued <= receipt->granted &&
           receipt->granted <= receipt->released &&
           receipt->released <= receipt->left;
}

// Readings of two CPUs' counters can lie the wrong way round by what the
// counters differ.
static inline uint64_t receipt_elapsed(uint64_t from, uint64_t to) {
    return to > from ? to - from : 0;
}

static inline uint64_t receipt_wait(const struct receipt *receipt) {
    return receipt_elapsed(receipt->queued, receipt->granted);
}

static inline uint64_t receipt_hold(const struct receipt *receipt) {
    return receipt_elapsed(receipt->granted, receipt->released);
}

static inline uint64_t receipt_off(const struct receipt *receipt) {
    return receipt_elapsed(receipt->arrived, receipt->left);
}

// How long the grant took once nothing stood in its way: the call had arrived,
// and the lock was released. That a lock found free counts too, and from the
// arrival on, is what makes the bound one (docs/formats.md): whoever queues up
// behind this caller waits for all of it that is left.
static inline uint64_t receipt_handover(const struct receipt *receipt) {
    uint64_t ready = receipt->prev_release > receipt->arrived
                         ? receipt->prev_release
                         : receipt->arrived;
    return receipt_elapsed(ready, receipt->granted);
}

// How far the number `a` is ahead of `b`; both wrap around at 32 bits.
static inline uint32_t receipt_ahead(uint64_t a, uint64_t b) {
    int32_t difference = (int32_t)((uint32_t)a - (uint32_t)b);
    return difference > 0 ? (uint32_t)difference : 0;
}

// Later arrivals that were served before this one. `entry` calls were served
// before; no more than `ticket` of them came before: the rest came after. With
// a FIFO lock exactly 0; with others a lower bound, which counts no overtaker
// that an earlier arrival, still waiting, makes up for.
static inline uint32_t receipt_overtakes(const struct receipt *receipt) {
    return receipt_ahead(receipt->entry, receipt->ticket);
}

// Calls that were ahead on arrival.
static inline uint32_t receipt_queue(const struct receipt *receipt) {
    return receipt_ahead(receipt->ticket, receipt->served);
}

// Calls that had arrived at the grant and were neither served nor this one.
static inline uint32_t receipt_waiting(const struct receipt *receipt) {
    return receipt_ahead(receipt->arrivals, receipt->entry + 1);
}
