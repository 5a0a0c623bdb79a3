// SPDX-License-Identifier: MIT
// See pages.h. The bitmap itself lies in the first usable range that holds it.
#include "kernel/pages.h"

#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/page_bitmap.h"
#include "kernel/panic.h"
#include "kernel/spinlock.h"

// Where startup's direct map ends.
#define LOW_LIMIT (4ul << 30)

static struct spinlock pages_lock = SPINLOCK_INITIALIZER("pages");
static struct page_bitmap bitmap; // [pages_lock]
static size_t total;              // [pages_lock] pages ever released

static bool is_named(
    const struct syspage_entry *syspage, const struct asinfo_entry *as,
    const char *name) {
    return strcmp(SYSPAGE_STRING(syspage, as->name), name) == 0;
}

static bool is_ram(
    const struct syspage_entry *syspage, const struct asinfo_entry *as) {
    return is_named(syspage, as, "ram") || is_named(syspage, as, "lowmem");
}

// Whether something other than free memory lies there.
static bool is_occupant(
    const struct syspage_entry *syspage, const struct asinfo_entry *as) {
    return !is_ram(syspage, as) && !is_named(syspage, as, "hw");
}

static paddr_t ram_end(const struct syspage_entry *syspage) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    paddr_t end = 0;
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (is_ram(syspage, &as[i]) && as[i].end + 1 > end) {
            end = as[i].end + 1;
        }
    }
    return end;
}

// The first address from `start` on where `size` bytes are clear of occupants.
static paddr_t clear_address(
    const struct syspage_entry *syspage, paddr_t start, size_t size) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    bool moved;
    do {
        moved = false;
        for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
            if (is_occupant(syspage, &as[i]) && as[i].start < start + size &&
                as[i].end >= start) {
                start = ALIGN_UP(as[i].end + 1, PAGE_SIZE);
                moved = true;
            }
        }
    } while (moved);
    return start;
}

static paddr_t bitmap_place(const struct syspage_entry *syspage, size_t size) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (!is_ram(syspage, &as[i]) || as[i].end < 0x100000) {
            continue;
        }
        paddr_t start =
            clear_address(syspage, ALIGN_UP(as[i].start, PAGE_SIZE), size);
        if (start + size <= as[i].end + 1 && start + size <= LOW_LIMIT) {
            return start;
        }
    }
    panic("no room below 4 GiB for a page bitmap of %zu bytes", size);
}

static void ram_release(paddr_t start, paddr_t end) {
    start = ALIGN_UP(start, PAGE_SIZE);
    end = ALIGN_DOWN(end, PAGE_SIZE);
    if (start == 0) {
        start = PAGE_SIZE; // page 0 stands for "none"
    }
    if (start < end) {
        total += page_bitmap_release(
            &bitmap, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT);
    }
}

static void occupied_take(paddr_t start, paddr_t end) {
    start = ALIGN_DOWN(start, PAGE_SIZE);
    end = ALIGN_UP(end, PAGE_SIZE);
    total -= page_bitmap_take(
        &bitmap, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT);
}

static void ram_release_between(
    const struct syspage_entry *syspage, paddr_t low, paddr_t high) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (is_ram(syspage, &as[i])) {
            paddr_t end = as[i].end + 1;
            ram_release(
                as[i].start > low ? as[i].start : low, end < high ? end : high);
        }
    }
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (is_occupant(syspage, &as[i])) {
            occupied_take(as[i].start, as[i].end + 1);
        }
    }
}

void pages_init(const struct syspage_entry *syspage) {
    size_t num_pages = ram_end(syspage) >> PAGE_SHIFT;
    size_t size =
        ALIGN_UP(PAGE_BITMAP_WORDS(num_pages) * sizeof(uint64_t), PAGE_SIZE);
    paddr_t place = bitmap_place(syspage, size);
    page_bitmap_init(&bitmap, direct(place), num_pages);
    ram_release_between(syspage, 0, LOW_LIMIT);
    occupied_take(place, place + size);
}

void pages_init_high(const struct syspage_entry *syspage) {
    bool irq = spin_lock(&pages_lock);
    ram_release_between(syspage, LOW_LIMIT, UINT64_MAX);
    spin_unlock(&pages_lock, irq);
}

void pages_release(paddr_t start, paddr_t end) {
    bool irq = spin_lock(&pages_lock);
    ram_release(start, end);
    spin_unlock(&pages_lock, irq);
}

static paddr_t page_zeroed(size_t first, size_t count) {
    if (first == PAGE_BITMAP_NONE) {
        return 0;
    }
    paddr_t address = (paddr_t)first << PAGE_SHIFT;
    memset(direct(address), 0, count << PAGE_SHIFT);
    return address;
}

paddr_t page_alloc(void) {
    bool irq = spin_lock(&pages_lock);
    size_t page = page_bitmap_alloc(&bitmap);
    spin_unlock(&pages_lock, irq);
    return page_zeroed(page, 1);
}

paddr_t pages_alloc(size_t count, paddr_t limit) {
    bool irq = spin_lock(&pages_lock);
    size_t first = page_bitmap_alloc_run(&bitmap, count, limit >> PAGE_SHIFT);
    spin_unlock(&pages_lock, irq);
    return page_zeroed(first, count);
}

void pages_free(paddr_t first, size_t count) {
    bool irq = spin_lock(&pages_lock);
    bool freed = page_bitmap_free(&bitmap, first >> PAGE_SHIFT, count);
    spin_unlock(&pages_lock, irq);
    if (!freed) {
        panic("page %lx (%zu) is freed twice", first, count);
    }
}

void page_free(paddr_t page) {
    pages_free(page, 1);
}

bool page_is_free(paddr_t page) {
    bool irq = spin_lock(&pages_lock);
    bool is_free = page_bitmap_is_free(&bitmap, page >> PAGE_SHIFT);
    spin_unlock(&pages_lock, irq);
    return is_free;
}

size_t pages_free_count(void) {
    bool irq = spin_lock(&pages_lock);
    size_t count = bitmap.num_free;
    spin_unlock(&pages_lock, irq);
    return count;
}

size_t pages_total_count(void) {
    bool irq = spin_lock(&pages_lock);
    size_t count = total;
    spin_unlock(&pages_lock, irq);
    return count;
}
