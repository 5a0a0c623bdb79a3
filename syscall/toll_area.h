// SPDX-License-Identifier: MIT
// The area of tolls: all that was measured, mapped read-only into every process
// at TOLL_AREA_VADDR (also in auxv as AT_TOLLGATE_TOLLS). libtollgate reads it;
// docs/formats.md explains it. A leaf header: programs include it.
//
// It begins with a directory. What it refers to is found by its offset from the
// area's start, in bytes, page-aligned; 0 means that it was never made. What
// was made stays where it is.
//
// An account begins with its sequence (kernel/base/seqlock.h): the CPU that
// owns it changes it with interrupts off while it folds its receipts, and
// whoever reads copies until the copy is whole.
#pragma once

#include <stdint.h>

#include "callouts/syspage.h"
#include "kernel/base/histogram.h"
#include "kernel/receipt.h"

#define TOLL_AREA_VADDR 0x00007fffe8000000ul
#define TOLL_AREA_SIZE (128ul << 20)         // at most
#define TOLL_AREA_MAGIC 0x616572616c6c6f74ul // "tollarea"

// Readers refuse another version. Within one, structures only grow at their
// ends: who knows less of one reads as much as it knows, and finds the rest by
// the sizes in the directory.
#define TOLL_AREA_VERSION 1

#define TOLL_CPUS 256
#define TOLL_WORST 8          // receipts kept of each slot on each CPU
#define TOLL_TYPES 8          // types told apart of each slot on each CPU
#define TOLL_WORST_SECTIONS 8 // of the kernel's on each CPU

// [i] when the CPU is made  [w] written once
struct toll_area_cpu {
    uint64_t account;  // [i] struct toll_cpu_account; 0: no such CPU
    uint64_t receipts; // [i] struct receipt[RECEIPTS_MAX], as the gate writes
                       //     them: from the first on, and from the first again
                       //     when they have been folded
};

struct toll_area {
    uint64_t magic;
    uint32_t version;
    uint32_t size;     // of this structure
    uint32_t cpu_size; // of the others
    uint32_t slot_size;
    uint32_t resource_size;
    uint32_t receipt_size;
    uint32_t num_cpus;
    uint32_t num_slots;
    uint32_t num_resources;
    uint32_t num_receipts;
    uint32_t num_buckets; // of a histogram
    uint32_t section_size;
    struct toll_area_cpu cpus[TOLL_CPUS];
    uint64_t sections[TOLL_CPUS]; // [w] struct toll_section_account
};

// One CPU.
struct toll_cpu_account {
    uint64_t sequence;
    uint64_t lost;                     // receipts that found no memory
    uint64_t refusals[CALLOUT_SLOTS];  // -EPERM by the slot's list of types
    uint64_t slots[CALLOUT_SLOTS];     // [w] struct toll_slot_account
    uint64_t resources[MAX_RESOURCES]; // [w] struct toll_resource_account
};

// The calls of one type.
struct toll_type {
    uint64_t type_id;
    uint64_t calls;
    uint64_t refusals; // measured ones: with the tolls off they have no type
    uint64_t overruns;
    uint64_t off_sum;
    uint64_t off_max;
};

// One slot on one CPU. Made with its first receipt there.
struct toll_slot_account {
    uint64_t sequence;
    uint64_t calls;
    uint64_t overruns;  // held longer than the slot's budget
    uint64_t overtaken; // calls that at least one later arrival overtook
    uint64_t overtakes; // sum over all calls
    uint64_t max_overtakes;
    uint64_t num_worst;
    uint64_t num_types;
    struct toll_type types[TOLL_TYPES]; // in the order of their first calls
    struct toll_type other_types;       // all that found no room there
    struct receipt worst[TOLL_WORST];   // the longest off, longest first
    struct histogram wait;
    struct histogram hold;
    struct histogram off;
};

// The calls that found a queue of one length on arrival.
struct toll_queue {
    uint64_t calls;
    uint64_t wait_sum;
    uint64_t wait_max;
};

// One resource on one CPU. Made with its first receipt there.
struct toll_resource_account {
    uint64_t sequence;
    uint64_t grants;
    uint64_t max_hold;
    uint64_t max_handover;
    uint64_t max_wait;
    uint64_t longest_run;
    uint64_t run;                        // the one that goes on
    uint64_t next_entry;                 // that continues it
    struct toll_queue queues[TOLL_CPUS]; // by length
    struct histogram wait;
};

// How a section of the kernel's began in which interrupts were off.
enum toll_section_kind {
    TOLL_SECTION_PLAIN,     // the kernel turned them off
    TOLL_SECTION_LOCK,      // to take one of its locks
    TOLL_SECTION_INTERRUPT, // number: the system's vector
    TOLL_SECTION_EXCEPTION, // number: its vector
    TOLL_SECTION_CALL,      // SYSCALL of an ordinary call
    TOLL_SECTION_FOLD,    // a custom call is done, and receipts must be folded
    TOLL_SECTION_REFUSED, // a custom call has left a frame unfit for ring 3
    TOLL_SECTION_EXIT,    // on the way to ring 3
    TOLL_SECTION_IDLE,    // after an idle CPU's wait
    TOLL_SECTION_START,   // measuring began in it
    NUM_TOLL_SECTION_KINDS
};

// One section. Both ends are addresses in the kernel: where interrupts were
// turned off or on, or where an entry or an exit says so (TOLLGATE_SYMBOL).
struct toll_section {
    uint64_t began;
    uint64_t ended;
    uint64_t from;
    uint64_t to;
    uint32_t kind;   // enum toll_section_kind
    uint32_t number; // 0 but for interrupts and exceptions
};

// The kernel's own sections on one CPU, up to the last TOLLGATE_TOLL_FOLD. Made
// when TOLL_FULL is first chosen.
struct toll_section_account {
    uint64_t sequence;
    uint64_t missed; // beginnings and ends that were not reported: a bug of the
                     // kernel's, and figures that can't be trusted
    uint64_t num_worst;
    // The longest, longest first, and of those with the same two ends only one.
    struct toll_section worst[TOLL_WORST_SECTIONS];
    struct histogram cycles;
};
