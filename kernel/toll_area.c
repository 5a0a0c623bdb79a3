// SPDX-License-Identifier: MIT
// See toll_area.h. The kernel's page tables say which page is where, so nothing
// has to be contiguous and nothing else keeps a list.
#include "kernel/toll_area.h"

#include "kernel/base/layout.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/spinlock.h"

static struct spinlock area_lock = SPINLOCK_INITIALIZER("toll area");
static uintptr_t used; // [area_lock] bytes; the pages behind may exist already

// Nobody else changes the tables that this part of the kernel's half takes.
static bool page_make(uintptr_t address) {
    paddr_t page;
    uint32_t flags;
    if (paging_lookup(paging_kernel_root, address, &page, &flags)) {
        return true;
    }
    page = page_alloc();
    if (page == 0) {
        return false;
    }
    if (!paging_map(paging_kernel_root, address, page, PAGE_WRITE)) {
        page_free(page);
        return false;
    }
    return true;
}

// The lock is held.
static bool pages_make(uintptr_t start, size_t size) {
    for (size_t i = 0; i < size; i += PAGE_SIZE) {
        if (!page_make(start + i)) {
            return false;
        }
    }
    return true;
}

// Add a piece at the end. The lock is held.
static bool piece_add(size_t size, uint64_t *offset) {
    size = ALIGN_UP(size, PAGE_SIZE);
    if (size > TOLL_AREA_SIZE - used || !pages_make(TOLLS_VADDR + used, size)) {
        return false;
    }
    *offset = used;
    used += size;
    return true;
}

static bool directory_make(void) {
    uint64_t offset;
    if (!piece_add(sizeof(struct toll_area), &offset)) {
        return false;
    }
    struct toll_area *area = toll_area();
    area->magic = TOLL_AREA_MAGIC;
    area->version = TOLL_AREA_VERSION;
    area->size = sizeof(struct toll_area);
    area->cpu_size = sizeof(struct toll_cpu_account);
    area->slot_size = sizeof(struct toll_slot_account);
    area->resource_size = sizeof(struct toll_resource_account);
    area->receipt_size = sizeof(struct receipt);
    area->num_cpus = TOLL_CPUS;
    area->num_slots = CALLOUT_SLOTS;
    area->num_resources = MAX_RESOURCES;
    area->num_receipts = RECEIPTS_MAX;
    area->num_buckets = HISTOGRAM_BUCKETS;
    area->section_size = sizeof(struct toll_section_account);
    return true;
}

struct toll_area *toll_area(void) {
    return (struct toll_area *)TOLLS_VADDR;
}

void *toll_area_alloc(size_t size, uint64_t *offset) {
    bool irq = spin_lock(&area_lock);
    bool done = (used != 0 || directory_make()) && piece_add(size, offset);
    spin_unlock(&area_lock, irq);
    return done ? toll_area_at(*offset) : NULL;
}

void *toll_area_at(uint64_t offset) {
    return (void *)(TOLLS_VADDR + offset);
}

paddr_t toll_area_page(uintptr_t offset) {
    paddr_t page;
    uint32_t flags;
    if (offset >= TOLL_AREA_SIZE ||
        !paging_lookup(
            paging_kernel_root, TOLLS_VADDR + offset, &page, &flags)) {
        return 0;
    }
    return page;
}
