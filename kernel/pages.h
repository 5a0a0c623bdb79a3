// SPDX-License-Identifier: MIT
// Physical pages: every usable page of the machine, one lock, leaf of all
// kernel locks but the console's.
#pragma once

#include "kernel/base/layout.h"
#include "kernel/base/types.h"

struct syspage_entry;

// Take over all "ram" and "lowmem" of the system page's asinfo that nothing
// else there occupies. Once, on the boot CPU, in two steps: what startup's
// direct map reaches (4 GiB), then, under the kernel's own page tables, the
// rest.
void pages_init(const struct syspage_entry *syspage);
void pages_init_high(const struct syspage_entry *syspage);

// Give a range back that pages_init() left out, as startup's. The whole pages
// inside it become free.
void pages_release(paddr_t start, paddr_t end);

// A zeroed page, or 0 when memory is exhausted.
MUST_CHECK paddr_t page_alloc(void);

// `count` physically contiguous zeroed pages below `limit` (0: anywhere), or 0.
MUST_CHECK paddr_t pages_alloc(size_t count, paddr_t limit);

// Give back what the functions above gave. Freeing a page twice is a panic.
void page_free(paddr_t page);
void pages_free(paddr_t first, size_t count);

// Is nobody using this page?
bool page_is_free(paddr_t page);

size_t pages_free_count(void);
size_t pages_total_count(void);

// Where the direct map has a physical address, and back.
static inline void *direct(paddr_t address) {
    return (void *)(DIRECT_MAP_VADDR + address);
}

static inline paddr_t direct_paddr(const void *address) {
    return (uintptr_t)address - DIRECT_MAP_VADDR;
}
