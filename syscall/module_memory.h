// SPDX-License-Identifier: MIT
// The memory of modules that are bound at run time: two places for each slot,
// since a module is prepared in one while calls go through the other. A place
// holds a page of code, mapped for execution only, and, if the module wants
// shared storage, a page of it, never executable. No page is writable under
// any address while it is executable under another.
//
// Context of all: thread context, interrupts on, one caller at a time.
#pragma once

#include "kernel/base/types.h"

// [i] after module_memory_alloc()
struct module_memory {
    uintptr_t code;    // kernel address, 0: nothing is allocated
    uintptr_t storage; // kernel address, 0: no storage
    uint8_t *draft;    // the code's page while it is written
};

// Make the tables of the area, so that what is bound later takes no memory that
// does not come back. Boot CPU.
void module_memory_init(void);

// A place for a module of `slot`, other than the one that `busy` is. The
// storage is mapped and zeroed; the code is a draft, all INT3. False without
// memory.
MUST_CHECK bool module_memory_alloc(
    struct module_memory *memory, uint32_t slot,
    const struct module_memory *busy, bool with_storage);

// Make the draft the code: from now on it is executable, and never written.
MUST_CHECK bool module_memory_publish(const struct module_memory *memory);

// Unmap it on all CPUs and give its pages back. No CPU is inside, and none can
// get there.
void module_memory_free(struct module_memory *memory);

// Have a patcher mapped for execution, and the draft for writing with nothing
// around it, while run() calls the patcher. False without memory; then it is
// not called.
MUST_CHECK bool module_memory_with_patcher(
    const struct module_memory *memory, const uint8_t *patcher, uint32_t size,
    void (*run)(void *argument, uintptr_t patcher, uintptr_t draft),
    void *argument);
