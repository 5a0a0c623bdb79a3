// SPDX-License-Identifier: MIT
// Page tables. A root is the physical address of a level-4 table; the kernel's
// half is shared by all of them and complete before the first one is made.
// Nothing here flushes another CPU's TLB: see kernel/shootdown.h. Callers
// serialise changes to one root. No mapping is writable and executable.
#pragma once

#include "kernel/base/types.h"

struct syspage_entry;

#define PAGE_READ 0x0 // kernel data, read-only
#define PAGE_WRITE 0x1
#define PAGE_EXEC 0x2
#define PAGE_USER 0x4
#define PAGE_UNCACHED 0x8

// Build the kernel's own tables from the system page, load them, turn on NX,
// WP, SMEP, SMAP and UMIP where the CPU has them. Boot CPU.
void paging_init(const struct syspage_entry *syspage);

// The same control registers on an AP, which runs on the kernel's root.
void paging_init_cpu(void);

extern paddr_t paging_kernel_root;

// A new root with an empty user half, or 0. destroy frees the tables of the
// user half; the pages they map are the caller's.
MUST_CHECK paddr_t paging_create(void);
void paging_destroy(paddr_t root);

// The same as paging_create(), below 4 GiB: a CPU starts with a CR3 of 32 bits.
MUST_CHECK paddr_t paging_create_low(void);

// Map one page; false when a table can't be allocated. An existing mapping of
// the address is replaced. In the kernel's half, root is paging_kernel_root.
MUST_CHECK bool paging_map(
    paddr_t root, uintptr_t address, paddr_t page, uint32_t flags);

// Remove one mapping; says which page it had, or 0.
paddr_t paging_unmap(paddr_t root, uintptr_t address);

// The page and flags that an address is mapped with; false if it isn't.
bool paging_lookup(
    paddr_t root, uintptr_t address, paddr_t *page, uint32_t *flags);

// The first address of [address, end) that is mapped, or `end`. Skips what has
// no tables. User half only.
uintptr_t paging_next(paddr_t root, uintptr_t address, uintptr_t end);
