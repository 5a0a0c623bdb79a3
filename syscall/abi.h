// SPDX-License-Identifier: MIT
// What programs and the kernel agree on beyond Linux's own numbers. A leaf
// header: programs include it too.
#pragma once

#ifndef __ASSEMBLER__ // stubs in assembly take the numbers only
#include <stdint.h>

#include "callouts/syspage.h"
#endif

// The custom call: rax = slot << 32 | SYS_CUSTOM. Slot 0 is QNX's stub.
#define SYS_CUSTOM 106

// Tollgate's own calls. "Administrator" is a process of type 0.
// All return 0 or more, or a negative errno as Linux's calls do.

// (type): this process's type ID. Administrator.
#define TOLLGATE_SET_TYPE 1000
// (): this process's type ID, as unsigned.
#define TOLLGATE_GET_TYPE 1001
// (resource, kind): give a resource another lock. Administrator.
#define TOLLGATE_SET_LOCK 1002
// (TOLL_OFF|TOLL_ON): measure custom calls; the mode before. Administrator.
#define TOLLGATE_SET_TOLL 1003
// (slot, cpu|TOLL_ALL_CPUS, struct toll *, size): bytes written.
#define TOLLGATE_TOLL_READ 1004
// (): forget all that was measured. Administrator.
#define TOLLGATE_TOLL_RESET 1005
// (us): cycles of the largest gap between two readings of the time-stamp
// counter in an idle loop with interrupts off; us <= 100000.
#define TOLLGATE_NOISE_FLOOR 1006
// (uint64_t mask[4]): which CPUs are up; their number.
#define TOLLGATE_CPUS 1007
// (resource, struct toll_resource *, size): bytes written.
#define TOLLGATE_RESOURCE_READ 1008
// (on): print each kernel call of this process, and of its children, on the
// console.
#define TOLLGATE_TRACE 1009
// (slot, on): fence a slot off, so that every call of it is refused with
// -ENOTRECOVERABLE, or let it be called again; the state before. Administrator.
#define TOLLGATE_SET_FENCE 1010
// (const void *module, size, char *reason, reason_size): bind a callout module,
// a file of docs/modules.md in memory, in the slot that its header names, in
// place of what is bound there. `reason` gets one line, without its end and
// with a final 0, "" if all went well; reason_size 0: nobody wants it.
// -EINVAL no module, or one that can not be bound; -ENOSPC no room for its
// resource or its per-CPU storage; -ENOMEM, -EFAULT. Administrator.
#define TOLLGATE_BIND 1011
// (slot): empty a slot. -EINVAL no such slot, -ENOENT it is empty.
// Administrator.
#define TOLLGATE_UNBIND 1012
// (): the samples of docs/adding-a-kernel-call.md.
#define TOLLGATE_FOO 1100
#define TOLLGATE_PK 1101

#define TOLLGATE_REASON_SIZE 128 // bytes of TOLLGATE_BIND's, with its final 0

#define TOLL_OFF 0
#define TOLL_ON 1
#define TOLL_ALL_CPUS 0xffffffffu

#ifndef __ASSEMBLER__

// A distribution in cycles of the time-stamp counter. Quantiles come from a
// histogram whose buckets are 1/16 of their value wide; the value given is the
// upper end of its bucket. min and max are exact.
struct toll_distribution {
    uint64_t count;
    uint64_t sum;
    uint64_t min;
    uint64_t median;
    uint64_t p99;
    uint64_t max;
};

// The record of one call, in cycles; cleared bytes where nothing was recorded.
struct toll_receipt {
    uint64_t arrived; // time-stamp counter on entry
    uint64_t wait;    // from the request for the lock to its grant
    uint64_t hold;    // from the grant to the release; without a lock, from
                      // before the callout to after it
    uint64_t off;     // from entry to exit: interrupts off
    uint64_t result;
    uint64_t rip;    // where the program called
    uint64_t ticket; // order of arrival at the resource, from 0
    uint64_t entry;  // order of entry into the resource, from 0
    uint32_t cpu;
    uint32_t slot;
    uint32_t type_id;
    uint32_t overtakes; // later arrivals that were served before this one
};

// The tolls of one slot on one CPU, or on all of them together.
struct toll {
    uint64_t calls;     // measured ones
    uint64_t refusals;  // -EPERM by the slot's list of types; always counted
    uint64_t overruns;  // calls that held longer than the slot's budget
    uint64_t overtaken; // calls that at least one later arrival overtook
    uint64_t overtakes; // sum over all calls
    uint64_t max_overtakes; // largest of one call
    struct toll_distribution wait;
    struct toll_distribution hold;
    struct toll_distribution off;
    struct toll_receipt worst; // the longest `off`
    uint64_t lost; // measured calls, of any slot, whose receipts could not be
                   // kept: they are in no figure above
};

// A resource: what its bound is made of, in cycles. With N CPUs up, a call
// waits at most (N-1) * max_hold + N * max_handover (design.md, section 7).
struct toll_resource {
    uint64_t grants;
    uint64_t max_hold;
    uint64_t max_handover; // to a grant, from when the lock was both released
                           // and asked for
    uint64_t max_wait;
    uint64_t bound;
    uint64_t longest_run; // grants to one CPU in a row while another waited
    uint32_t cpus;        // N
    uint32_t lock_kind;   // enum lock_kind
};

#endif // __ASSEMBLER__

// auxv: where the system page is mapped, for programs that ask.
#define AT_TOLLGATE_SYSPAGE 0x5447
