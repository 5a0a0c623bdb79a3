// SPDX-License-Identifier: MIT
// Address spaces: which ranges a program may use, and the pages behind them,
// which come zeroed at the first touch.
//
//   0x1000           programs, then the break, upwards
//   ...              mmap area, downwards from below the stack
//   0x7fffd0000000   end of the first thread's stack
//   0x7fffe0000000   the system page, read-only
//   0x7fffe8000000   the area of tolls, read-only (syscall/toll_area.h)
//   0x7ffffffff000   USER_END
//
// Two locks: changes of the areas take `changes`, a mutex, for their whole
// length; the spinlock guards areas and tables, and is all that a fault takes.
#pragma once

#include "kernel/base/layout.h"
#include "kernel/base/types.h"
#include "kernel/spinlock.h"
#include "kernel/wait_queue.h"
#include "smp/cpu_set.h"

struct syspage_entry;

#define USER_STACK_TOP 0x7fffd0000000ul
#define USER_STACK_SIZE (8ul << 20)
#define MMAP_TOP (USER_STACK_TOP - USER_STACK_SIZE - PAGE_2M)
#define SPACE_MAX_AREAS 2048

// Rights, as one of kernel/paging.h's PAGE_WRITE or PAGE_EXEC, and these.
#define AREA_READ 0x100   // without it, no access at all
#define AREA_KERNEL 0x200 // the system page, tolls: programs can't change them

// [start, end), page-aligned.
struct area {
    uintptr_t start;
    uintptr_t end;
    uint32_t flags;
};

// [c] changes  [l] lock  [a] atomic  [i] set when it is made
struct space {
    _Atomic uint32_t references; // [a] processes that use it
    paddr_t root;                // [i] the tables: [l]
    struct cpu_set active;       // [a] CPUs that have loaded it
    struct mutex changes;
    struct spinlock lock;
    struct area *areas;  // [l] ascending, neighbors of equal rights are joined
    size_t count;        // [l]
    size_t capacity;     // [l]
    uintptr_t brk_start; // [i] by exec
    uintptr_t brk;       // [c]
};

// Remember what every space maps from the start: the system page.
void space_init(const struct syspage_entry *syspage);

// A space with the system page and the tolls in it, one reference; NULL without
// memory.
MUST_CHECK struct space *space_create(void);
void space_get(struct space *space);

// A space with the same areas and a copy of their present pages, one reference;
// NULL without memory Other threads may
// write to the pages while they are copied.
//
// Context: thread context, no spinlock.
MUST_CHECK struct space *space_copy(struct space *from);

// Give a reference back; the last one frees the space and its pages.
//
// Context: thread context, no spinlock; no CPU has the space loaded by then.
void space_put(struct space *space);

// Load `to` instead of `from` on this CPU; NULL is the kernel's own.
//
// Context: interrupts off.
void space_switch(struct space *from, struct space *to);

// A page fault at a user address: provide the page if the program may have it.
// Sets the current thread's out_of_memory if that is why not.
//
// Context: no spinlock but those above space->lock in scheduler.h's order.
MUST_CHECK bool space_fault(
    struct space *space, uintptr_t address, uint32_t error_code);

// How space_map() finds the address.
enum space_place {
    PLACE_ANYWHERE,   // at `address` if it is free, else where there is room
    PLACE_EXACT,      // there; what was there goes
    PLACE_EXACT_FREE, // there, if it is free
};

// Changes. Sizes and addresses that aren't page-aligned are rounded as Linux
// does. They return 0 or an address, or a negated errno.
long space_map(
    struct space *space, uintptr_t address, size_t size, uint32_t flags,
    enum space_place place);
long space_unmap(struct space *space, uintptr_t address, size_t size);
long space_protect(
    struct space *space, uintptr_t address, size_t size, uint32_t flags);

// Forget the contents: the pages are zero at the next touch.
long space_discard(struct space *space, uintptr_t address, size_t size);

// Move the break; returns the one that holds then.
uintptr_t space_set_brk(struct space *space, uintptr_t brk);

// Write to a space, through the direct map. store obeys the area's rights; load
// does not, for exec. False if an address has no area or no memory.
MUST_CHECK bool space_store(
    struct space *space, uintptr_t address, const void *data, size_t size);
MUST_CHECK bool space_load(
    struct space *space, uintptr_t address, const void *data, size_t size);

// The aligned word at a user address whose page is present already; false if
// it isn't.
MUST_CHECK bool space_read_word(
    struct space *space, uintptr_t address, uint32_t *value);
