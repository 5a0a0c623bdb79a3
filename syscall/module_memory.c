// SPDX-License-Identifier: MIT
// See module_memory.h. A place is three pages: code, a guard page, storage.
// Behind them the patcher has its page, and the draft that it fills in another
// one with nothing around it; all fits one table of 512 entries.
#include "syscall/module_memory.h"

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/shootdown.h"
#include "smp/ipi.h"

#define PLACES_PER_SLOT 2
#define PLACE_PAGES 3
#define PLACE_SIZE (PLACE_PAGES * PAGE_SIZE)
#define STORAGE_OFFSET (2 * PAGE_SIZE)
#define PATCHER_VADDR                                                          \
    (MODULES_VADDR + CALLOUT_SLOTS * PLACES_PER_SLOT * PLACE_SIZE + PAGE_SIZE)
#define DRAFT_GUARD (32 * PAGE_SIZE) // on either side of the draft
#define DRAFT_VADDR (PATCHER_VADDR + DRAFT_GUARD)
#define AREA_END (DRAFT_VADDR + PAGE_SIZE + DRAFT_GUARD)
#define INT3 0xcc

_Static_assert(
    AREA_END - MODULES_VADDR <= PAGE_2M, "the area's mappings fit one table");

// Have all CPUs forget all translations, those of the direct map too: more than
// a few pages at once are flushed by loading CR3, and none is global.
static void flush_all(void) {
    shootdown(&cpus_up, MODULES_VADDR, AREA_END);
}

static bool direct_map(paddr_t page, uint32_t flags) {
    return paging_map(paging_kernel_root, (uintptr_t)direct(page), page, flags);
}

// Make a page executable at an address, and only there: it becomes read-only in
// the direct map, on all CPUs, before.
static bool exec_map(uintptr_t address, paddr_t page) {
    if (!direct_map(page, PAGE_READ)) {
        return false;
    }
    flush_all();
    return paging_map(paging_kernel_root, address, page, PAGE_EXEC);
}

// Let the kernel write to a page again that was executable.
static void direct_restore(paddr_t page) {
    paddr_t same;
    uint32_t flags = 0;
    uintptr_t address = (uintptr_t)direct(page);
    if (!paging_lookup(paging_kernel_root, address, &same, &flags) ||
        ((flags & PAGE_WRITE) == 0 && !direct_map(page, PAGE_WRITE))) {
        panic("the direct map has lost page %lx", page);
    }
}

void module_memory_init(void) {
    paddr_t page = page_alloc();
    if (page == 0 ||
        !paging_map(paging_kernel_root, MODULES_VADDR, page, PAGE_READ)) {
        panic("no memory for the tables of modules");
    }
    paging_unmap(paging_kernel_root, MODULES_VADDR);
    invlpg(MODULES_VADDR);
    page_free(page);
}

static bool storage_map(struct module_memory *memory) {
    paddr_t page = page_alloc();
    if (page == 0) {
        return false;
    }
    memory->storage = memory->code + STORAGE_OFFSET;
    if (!paging_map(paging_kernel_root, memory->storage, page, PAGE_WRITE)) {
        memory->storage = 0;
        page_free(page);
        return false;
    }
    return true;
}

bool module_memory_alloc(
    struct module_memory *memory, uint32_t slot,
    const struct module_memory *busy, bool with_storage) {
    uintptr_t place = MODULES_VADDR + slot * PLACES_PER_SLOT * PLACE_SIZE;
    paddr_t page = page_alloc();
    if (page == 0) {
        return false;
    }
    *memory = (struct module_memory){
        .code = place == busy->code ? place + PLACE_SIZE : place,
        .draft = direct(page),
    };
    memset(memory->draft, INT3, PAGE_SIZE);
    if (with_storage && !storage_map(memory)) {
        module_memory_free(memory);
        return false;
    }
    return true;
}

bool module_memory_publish(const struct module_memory *memory) {
    return exec_map(memory->code, direct_paddr(memory->draft));
}

void module_memory_free(struct module_memory *memory) {
    if (memory->code == 0) {
        return;
    }
    paddr_t code = direct_paddr(memory->draft);
    paddr_t storage = 0;
    if (memory->storage != 0) {
        storage = paging_unmap(paging_kernel_root, memory->storage);
    }
    paging_unmap(paging_kernel_root, memory->code);
    direct_restore(code);
    flush_all();
    page_free(code);
    if (storage != 0) {
        page_free(storage);
    }
    *memory = (struct module_memory){0};
}

bool module_memory_with_patcher(
    const struct module_memory *memory, const uint8_t *patcher, uint32_t size,
    void (*run)(void *argument, uintptr_t patcher, uintptr_t draft),
    void *argument) {
    paddr_t page = page_alloc();
    if (page == 0) {
        return false;
    }
    memset(direct(page), INT3, PAGE_SIZE);
    memcpy(direct(page), patcher, size);
    bool mapped = exec_map(PATCHER_VADDR, page) &&
                  paging_map(
                      paging_kernel_root, DRAFT_VADDR,
                      direct_paddr(memory->draft), PAGE_WRITE);
    if (mapped) {
        run(argument, PATCHER_VADDR, DRAFT_VADDR);
    }
    paging_unmap(paging_kernel_root, DRAFT_VADDR);
    paging_unmap(paging_kernel_root, PATCHER_VADDR);
    direct_restore(page);
    flush_all();
    page_free(page);
    return mapped;
}
