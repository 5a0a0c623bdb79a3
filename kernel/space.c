// SPDX-License-Identifier: MIT
// See space.h. A page is freed only after no table and no TLB has it: it is
// unmapped under the lock, collected in a batch, shot down without the lock,
// and then freed.
#include "kernel/space.h"

#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/scheduler.h"
#include "kernel/shootdown.h"
#include "kernel/thread.h"
#include "kernel/toll_area.h"

#define FIRST_CAPACITY 32
#define BATCH 64 // pages that are unmapped with interrupts off at a time
#define MEMORY_PER_RESERVE 64 // of which a copy leaves one part free

// Page-fault error code (Intel SDM volume 3, "Page-Fault Exceptions").
#define FAULT_WRITE 0x2
#define FAULT_RESERVED 0x8
#define FAULT_EXEC 0x10

static paddr_t syspage_paddr;
static size_t syspage_size;

void space_init(const struct syspage_entry *syspage) {
    syspage_paddr = SYSPAGE_ENTRY(syspage, system_private)->syspage_paddr;
    syspage_size = syspage->size;
}

// --- the list of areas ------------------------------------------------------

// Index of the first area that ends above an address.
static size_t area_find(const struct space *space, uintptr_t address) {
    size_t low = 0, high = space->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (space->areas[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// The area that contains an address, or NULL.
static const struct area *area_at(
    const struct space *space, uintptr_t address) {
    size_t i = area_find(space, address);
    bool inside = i < space->count && space->areas[i].start <= address;
    return inside ? &space->areas[i] : NULL;
}

// Make room for `more` areas.
static bool areas_reserve(struct space *space, size_t more) {
    size_t needed = space->count + more;
    if (needed <= space->capacity) {
        return true;
    }
    size_t capacity = space->capacity ? space->capacity * 2 : FIRST_CAPACITY;
    if (needed > SPACE_MAX_AREAS) {
        return false;
    }
    struct area *areas = kalloc(capacity * sizeof(*areas));
    if (areas == NULL) {
        return false;
    }
    if (space->count > 0) {
        memcpy(areas, space->areas, space->count * sizeof(*areas));
    }
    kfree(space->areas);
    space->areas = areas;
    space->capacity = capacity;
    return true;
}

static void area_insert(struct space *space, size_t i, struct area area) {
    memmove(
        &space->areas[i + 1], &space->areas[i],
        (space->count - i) * sizeof(area));
    space->areas[i] = area;
    space->count++;
}

static void areas_delete(struct space *space, size_t i, size_t count) {
    memmove(
        &space->areas[i], &space->areas[i + count],
        (space->count - i - count) * sizeof(struct area));
    space->count -= count;
}

// Make `address` a border between areas. There is room for one more.
static void area_split(struct space *space, uintptr_t address) {
    size_t i = area_find(space, address);
    if (i < space->count && space->areas[i].start < address) {
        struct area upper = space->areas[i];
        upper.start = address;
        space->areas[i].end = address;
        area_insert(space, i + 1, upper);
    }
}

// Join the area with the one above it where the two are alike.
static void area_join(struct space *space, size_t i) {
    if (i + 1 < space->count &&
        space->areas[i].end == space->areas[i + 1].start &&
        space->areas[i].flags == space->areas[i + 1].flags) {
        space->areas[i].end = space->areas[i + 1].end;
        areas_delete(space, i + 1, 1);
    }
}

// Join what lies at both borders and inside of [start, end).
static void areas_join(struct space *space, uintptr_t start, uintptr_t end) {
    size_t first = area_find(space, start - 1);
    for (size_t i = area_find(space, end) + 1; i-- > first;) {
        area_join(space, i);
    }
}

static bool areas_are_free(
    const struct space *space, uintptr_t start, uintptr_t end) {
    size_t i = area_find(space, start);
    return i == space->count || space->areas[i].start >= end;
}

// Is every address of the range in an area, none of them the kernel's?
static long areas_check_whole(
    const struct space *space, uintptr_t start, uintptr_t end) {
    for (size_t i = area_find(space, start); start < end; i++) {
        if (i == space->count || space->areas[i].start > start) {
            return -ENOMEM;
        }
        if (space->areas[i].flags & AREA_KERNEL) {
            return -EACCES;
        }
        start = space->areas[i].end;
    }
    return 0;
}

static bool areas_have_kernel(
    const struct space *space, uintptr_t start, uintptr_t end) {
    for (size_t i = area_find(space, start);
         i < space->count && space->areas[i].start < end; i++) {
        if (space->areas[i].flags & AREA_KERNEL) {
            return true;
        }
    }
    return false;
}

// The highest free range of a size below MMAP_TOP, or 0.
static uintptr_t area_find_gap(const struct space *space, size_t size) {
    uintptr_t end = MMAP_TOP;
    for (size_t i = area_find(space, MMAP_TOP - 1) + 1; i-- > 0;) {
        if (i >= space->count || space->areas[i].start >= MMAP_TOP) {
            continue;
        }
        if (space->areas[i].end <= end && end - space->areas[i].end >= size) {
            return end - size;
        }
        end = space->areas[i].start;
    }
    return end >= USER_START && end - USER_START >= size ? end - size : 0;
}

// --- pages ------------------------------------------------------------------

static uint32_t page_flags(uint32_t area_flags) {
    uint32_t user = (area_flags & AREA_READ) ? PAGE_USER : 0;
    return (area_flags & (PAGE_WRITE | PAGE_EXEC)) | user;
}

// Whether a page can be provided: the kernel's are there or not.
static bool page_can_be(const struct area *area, uintptr_t address) {
    return (area->flags & AREA_KERNEL) == 0 ||
           toll_area_page(address - TOLL_AREA_VADDR) != 0;
}

// Map a page where none is: a fresh one or, of the area of tolls, the one that
// all have. Returns false without memory. The lock is held.
static bool page_provide(
    struct space *space, const struct area *area, uintptr_t address,
    paddr_t *page) {
    uint32_t flags;
    if (paging_lookup(space->root, address, page, &flags)) {
        return true;
    }
    bool own = (area->flags & AREA_KERNEL) == 0;
    paddr_t first =
        own ? page_alloc() : toll_area_page(address - TOLL_AREA_VADDR);
    if (first == 0) {
        return false;
    }
    if (!paging_map(space->root, address, first, page_flags(area->flags))) {
        if (own) {
            page_free(first);
        }
        return false;
    }
    *page = first;
    return true;
}

static bool fault_is_allowed(const struct area *area, uint32_t error_code) {
    if (area == NULL || (area->flags & AREA_READ) == 0 ||
        (error_code & FAULT_RESERVED) != 0) {
        return false;
    }
    if (error_code & FAULT_WRITE) {
        return (area->flags & PAGE_WRITE) != 0;
    }
    if (error_code & FAULT_EXEC) {
        return (area->flags & PAGE_EXEC) != 0;
    }
    return true;
}

bool space_fault(struct space *space, uintptr_t address, uint32_t error_code) {
    if (space == NULL) {
        return false;
    }
    paddr_t page;
    struct thread *thread = thread_current();
    thread->out_of_memory = false;
    bool irq = spin_lock(&space->lock);
    const struct area *area = area_at(space, address);
    bool done =
        fault_is_allowed(area, error_code) && page_can_be(area, address);
    if (done) {
        done = page_provide(space, area, ALIGN_DOWN(address, PAGE_SIZE), &page);
        thread->out_of_memory = !done;
    }
    spin_unlock(&space->lock, irq);
    return done;
}

// Unmap up to BATCH pages of [*start, end) and move *start behind them.
static size_t batch_unmap(
    struct space *space, uintptr_t *start, uintptr_t end, paddr_t *pages) {
    size_t count = 0;
    bool irq = spin_lock(&space->lock);
    while (*start < end && count < BATCH) {
        uintptr_t next = paging_next(space->root, *start, end);
        if (next < end) {
            pages[count++] = paging_unmap(space->root, next);
            next += PAGE_SIZE;
        }
        *start = next;
    }
    spin_unlock(&space->lock, irq);
    return count;
}

// Take the pages of a range away. `changes` is held, so nobody gives the range
// a new use meanwhile.
static void pages_remove(struct space *space, uintptr_t start, uintptr_t end) {
    paddr_t pages[BATCH];
    while (start < end) {
        uintptr_t first = start;
        size_t count = batch_unmap(space, &start, end, pages);
        if (count > 0) {
            shootdown(&space->active, first, start);
        }
        for (size_t i = 0; i < count; i++) {
            page_free(pages[i]);
        }
        (void)scheduler_may_go_on(); // once begun, it is finished
    }
}

// Give a present page its area's rights. Says whether it has lost some: a right
// that it gained is found by the fault that the old translation causes.
static bool page_protect(struct space *space, uintptr_t address) {
    paddr_t page;
    uint32_t before;
    uint32_t after = page_flags(area_at(space, address)->flags);
    bool mapped = paging_lookup(space->root, address, &page, &before) &&
                  paging_map(space->root, address, page, after);
    ASSERT(mapped);
    return (before & ~after) != 0;
}

// Give the present pages of a range, all of it in areas, their new rights.
static void pages_protect(struct space *space, uintptr_t start, uintptr_t end) {
    bool lost = false;
    uintptr_t at = paging_next(space->root, start, end);
    while (at < end) {
        bool irq = spin_lock(&space->lock);
        for (size_t i = 0; i < BATCH && at < end; i++) {
            lost |= page_protect(space, at);
            at = paging_next(space->root, at + PAGE_SIZE, end);
        }
        spin_unlock(&space->lock, irq);
        (void)scheduler_may_go_on(); // once begun, it is finished
    }
    if (lost) {
        shootdown(&space->active, start, end);
    }
}

// --- changes ----------------------------------------------------------------

// Page-align a range as Linux does; false if it is empty or not the user's.
static bool range_of(uintptr_t address, size_t size, uintptr_t *end) {
    if (address % PAGE_SIZE != 0 || address >= USER_END || size == 0 ||
        size > USER_END - address) {
        return false;
    }
    *end = address + ALIGN_UP(size, PAGE_SIZE);
    return true;
}

// Delete the areas of a range, leaving their pages. Both locks are held.
static long areas_cut(struct space *space, uintptr_t start, uintptr_t end) {
    if (areas_have_kernel(space, start, end)) {
        return -EACCES;
    }
    if (!areas_reserve(space, 2)) {
        return -ENOMEM;
    }
    area_split(space, start);
    area_split(space, end);
    size_t first = area_find(space, start);
    size_t last = first;
    while (last < space->count && space->areas[last].start < end) {
        last++;
    }
    areas_delete(space, first, last - first);
    return 0;
}

static long areas_cut_locked(
    struct space *space, uintptr_t start, uintptr_t end) {
    bool irq = spin_lock(&space->lock);
    long result = areas_cut(space, start, end);
    spin_unlock(&space->lock, irq);
    return result;
}

static long area_add(
    struct space *space, uintptr_t start, uintptr_t end, uint32_t flags) {
    bool irq = spin_lock(&space->lock);
    long result = -ENOMEM;
    if (areas_reserve(space, 1)) {
        struct area area = {start, end, flags};
        area_insert(space, area_find(space, start), area);
        areas_join(space, start, end);
        result = 0;
    }
    spin_unlock(&space->lock, irq);
    return result;
}

static long unmap_changes_held(
    struct space *space, uintptr_t start, uintptr_t end) {
    long result = areas_cut_locked(space, start, end);
    if (result == 0) {
        pages_remove(space, start, end);
    }
    return result;
}

// Where a new area goes: a negated errno, or its address. `changes` is held, so
// the areas do not move.
static long place_find(
    struct space *space, uintptr_t address, size_t size,
    enum space_place place) {
    uintptr_t end;
    bool fits = range_of(address, size, &end) && address >= USER_START;
    bool is_free = fits && areas_are_free(space, address, end);
    if (place == PLACE_ANYWHERE) {
        uintptr_t gap =
            is_free && address != 0 ? address : area_find_gap(space, size);
        return gap != 0 ? (long)gap : -ENOMEM;
    }
    if (!fits) {
        return -EINVAL;
    }
    if (place == PLACE_EXACT_FREE && !is_free) {
        return -EEXIST;
    }
    long result = is_free ? 0 : unmap_changes_held(space, address, end);
    return result == 0 ? (long)address : result;
}

static long map_changes_held(
    struct space *space, uintptr_t address, size_t size, uint32_t flags,
    enum space_place place) {
    long at = place_find(space, address, size, place);
    if (at < 0) {
        return at;
    }
    long result = area_add(space, (uintptr_t)at, (uintptr_t)at + size, flags);
    return result == 0 ? at : result;
}

static bool is_writable_code(uint32_t flags) {
    return (flags & PAGE_WRITE) != 0 && (flags & PAGE_EXEC) != 0;
}

long space_map(
    struct space *space, uintptr_t address, size_t size, uint32_t flags,
    enum space_place place) {
    if (size == 0) {
        return -EINVAL;
    }
    if (is_writable_code(flags)) {
        return -EACCES;
    }
    if (size > USER_END) {
        return -ENOMEM;
    }
    size = ALIGN_UP(size, PAGE_SIZE);
    if (place == PLACE_ANYWHERE) {
        address = ALIGN_DOWN(address, PAGE_SIZE);
    }
    mutex_lock(&space->changes);
    long result = map_changes_held(space, address, size, flags, place);
    mutex_unlock(&space->changes);
    return result;
}

long space_unmap(struct space *space, uintptr_t address, size_t size) {
    uintptr_t end;
    if (!range_of(address, size, &end)) {
        return -EINVAL;
    }
    mutex_lock(&space->changes);
    long result = unmap_changes_held(space, address, end);
    mutex_unlock(&space->changes);
    return result;
}

// Give the areas of a range other rights. Both locks are held.
static long areas_protect(
    struct space *space, uintptr_t start, uintptr_t end, uint32_t flags) {
    long result = areas_check_whole(space, start, end);
    if (result != 0) {
        return result;
    }
    if (!areas_reserve(space, 2)) {
        return -ENOMEM;
    }
    area_split(space, start);
    area_split(space, end);
    for (size_t i = area_find(space, start);
         i < space->count && space->areas[i].start < end; i++) {
        space->areas[i].flags = flags;
    }
    areas_join(space, start, end);
    return 0;
}

long space_protect(
    struct space *space, uintptr_t address, size_t size, uint32_t flags) {
    uintptr_t end;
    if (address % PAGE_SIZE == 0 && size == 0) {
        return 0;
    }
    if (!range_of(address, size, &end)) {
        return address % PAGE_SIZE != 0 ? -EINVAL : -ENOMEM;
    }
    if (is_writable_code(flags)) {
        return -EACCES;
    }
    mutex_lock(&space->changes);
    bool irq = spin_lock(&space->lock);
    long result = areas_protect(space, address, end, flags);
    spin_unlock(&space->lock, irq);
    if (result == 0) {
        pages_protect(space, address, end);
    }
    mutex_unlock(&space->changes);
    return result;
}

long space_discard(struct space *space, uintptr_t address, size_t size) {
    uintptr_t end;
    if (!range_of(address, size, &end)) {
        return size == 0 ? 0 : -EINVAL;
    }
    mutex_lock(&space->changes);
    long result = areas_check_whole(space, address, end);
    if (result == 0) {
        pages_remove(space, address, end);
    }
    mutex_unlock(&space->changes);
    return result;
}

// `changes` is held.
static bool brk_move(struct space *space, uintptr_t brk) {
    uintptr_t from = ALIGN_UP(space->brk, PAGE_SIZE);
    uintptr_t to = ALIGN_UP(brk, PAGE_SIZE);
    if (brk < space->brk_start || brk > MMAP_TOP) {
        return false;
    }
    if (to < from) {
        return unmap_changes_held(space, to, from) == 0;
    }
    return to == from || map_changes_held(
                             space, from, to - from, AREA_READ | PAGE_WRITE,
                             PLACE_EXACT_FREE) >= 0;
}

uintptr_t space_set_brk(struct space *space, uintptr_t brk) {
    mutex_lock(&space->changes);
    if (brk_move(space, brk)) {
        space->brk = brk;
    }
    uintptr_t result = space->brk;
    mutex_unlock(&space->changes);
    return result;
}

// --- access through the direct map ------------------------------------------

// Write inside one page. The page stays while the lock is held.
static bool page_write(
    struct space *space, uintptr_t address, const void *data, size_t size,
    uint32_t needed) {
    paddr_t page;
    bool irq = spin_lock(&space->lock);
    const struct area *area = area_at(space, address);
    bool done =
        area != NULL && (area->flags & AREA_KERNEL) == 0 &&
        (area->flags & needed) == needed &&
        page_provide(space, area, ALIGN_DOWN(address, PAGE_SIZE), &page);
    if (done) {
        memcpy((char *)direct(page) + address % PAGE_SIZE, data, size);
    }
    spin_unlock(&space->lock, irq);
    return done;
}

static bool space_write(
    struct space *space, uintptr_t address, const void *data, size_t size,
    uint32_t needed) {
    const char *from = data;
    while (size > 0) {
        size_t part = PAGE_SIZE - address % PAGE_SIZE;
        part = part < size ? part : size;
        if (!page_write(space, address, from, part, needed)) {
            return false;
        }
        address += part;
        from += part;
        size -= part;
    }
    return true;
}

bool space_store(
    struct space *space, uintptr_t address, const void *data, size_t size) {
    return space_write(space, address, data, size, AREA_READ | PAGE_WRITE);
}

bool space_load(
    struct space *space, uintptr_t address, const void *data, size_t size) {
    return space_write(space, address, data, size, 0);
}

bool space_read_word(struct space *space, uintptr_t address, uint32_t *value) {
    paddr_t page;
    uint32_t flags;
    bool irq = spin_lock(&space->lock);
    bool present = address < USER_END &&
                   paging_lookup(space->root, address, &page, &flags);
    if (present) {
        const char *word = (const char *)direct(page) + address % PAGE_SIZE;
        *value = __atomic_load_n(
            (const uint32_t *)(const void *)word, __ATOMIC_ACQUIRE);
    }
    spin_unlock(&space->lock, irq);
    return present;
}

// --- life -------------------------------------------------------------------

static bool syspage_map(struct space *space) {
    for (size_t i = 0; i < syspage_size; i += PAGE_SIZE) {
        if (!paging_map(
                space->root, SYSPAGE_USER_VADDR + i, syspage_paddr + i,
                PAGE_USER)) {
            return false;
        }
    }
    uintptr_t end = SYSPAGE_USER_VADDR + ALIGN_UP(syspage_size, PAGE_SIZE);
    return area_add(space, SYSPAGE_USER_VADDR, end, AREA_READ | AREA_KERNEL) ==
           0;
}

// Its pages are mapped when they are touched.
static bool tolls_map(struct space *space) {
    return area_add(
               space, TOLL_AREA_VADDR, TOLL_AREA_VADDR + TOLL_AREA_SIZE,
               AREA_READ | AREA_KERNEL) == 0;
}

struct space *space_create(void) {
    struct space *space = kalloc(sizeof(*space));
    if (space == NULL) {
        return NULL;
    }
    space->references = 1;
    space->lock.name = "space";
    space->changes.lock.name = "space changes";
    space->root = paging_create();
    if (space->root == 0) {
        kfree(space);
        return NULL;
    }
    if (!syspage_map(space) || !tolls_map(space)) {
        space_put(space);
        return NULL;
    }
    return space;
}

// The first present page of [*at, end), at which *at is then; false if there is
// none. `changes` is held, so the page stays.
static bool page_next(
    struct space *space, uintptr_t *at, uintptr_t end, paddr_t *page) {
    uint32_t flags;
    bool irq = spin_lock(&space->lock);
    *at = paging_next(space->root, *at, end);
    bool found = *at < end && paging_lookup(space->root, *at, page, &flags);
    spin_unlock(&space->lock, irq);
    return found;
}

// A copy that will not fit must not take the last page from somebody else, who
// would be killed for want of it.
static bool leaves_some(void) {
    return pages_free_count() > pages_total_count() / MEMORY_PER_RESERVE;
}

// Each page is copied on its own: with interrupts off for no longer than that.
static bool area_copy(
    struct space *to, struct space *from, const struct area *area) {
    if (area_add(to, area->start, area->end, area->flags) != 0) {
        return false;
    }
    paddr_t page;
    for (uintptr_t at = area->start; page_next(from, &at, area->end, &page);
         at += PAGE_SIZE) {
        if (!leaves_some() || !space_load(to, at, direct(page), PAGE_SIZE) ||
            !scheduler_may_go_on()) {
            return false;
        }
    }
    return true;
}

// `changes` of `from` is held, so its areas stay as they are.
static bool areas_copy(struct space *to, struct space *from) {
    to->brk_start = from->brk_start;
    to->brk = from->brk;
    for (size_t i = 0; i < from->count; i++) {
        if ((from->areas[i].flags & AREA_KERNEL) == 0 &&
            !area_copy(to, from, &from->areas[i])) {
            return false;
        }
    }
    return true;
}

struct space *space_copy(struct space *from) {
    struct space *to = space_create();
    if (to == NULL) {
        return NULL;
    }
    mutex_lock(&from->changes);
    bool copied = areas_copy(to, from);
    mutex_unlock(&from->changes);
    if (!copied) {
        space_put(to);
        return NULL;
    }
    return to;
}

void space_get(struct space *space) {
    atomic_fetch_add_explicit(&space->references, 1, memory_order_relaxed);
}

// Ordering: release and acquire, so that the last one sees what all others did.
void space_put(struct space *space) {
    if (atomic_fetch_sub_explicit(
            &space->references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (size_t i = 0; i < space->count; i++) {
        if ((space->areas[i].flags & AREA_KERNEL) == 0) {
            pages_remove(space, space->areas[i].start, space->areas[i].end);
        }
    }
    paging_destroy(space->root);
    kfree(space->areas);
    kfree(space);
}

void space_switch(struct space *from, struct space *to) {
    cpu_id_t cpu = this_cpu()->cpu_id;
    if (to != NULL) {
        cpu_set_add(&to->active, cpu);
    }
    write_cr3(to != NULL ? to->root : paging_kernel_root);
    if (from != NULL) {
        cpu_set_remove(&from->active, cpu);
    }
}
