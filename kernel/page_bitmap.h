// SPDX-License-Identifier: MIT
// Which pages are free: one bit each, 1 is free. No lock, no memory access but
// to the words that the caller supplies; kernel/pages.c has the lock.
#pragma once

#include "kernel/base/types.h"

#define PAGE_BITMAP_NONE SIZE_MAX
#define PAGE_BITMAP_WORDS(pages) (((pages) + 63) / 64)

struct page_bitmap {
    uint64_t *words;
    size_t num_pages;
    size_t num_free;
    size_t hint; // word where the last page was found
};

// All pages used. `words` has PAGE_BITMAP_WORDS(num_pages) words.
void page_bitmap_init(
    struct page_bitmap *bitmap, uint64_t *words, size_t num_pages);

// Make pages first..first+count-1 free, or used. What lies beyond the last page
// is ignored, pages that are already so stay so. Returns how many changed.
size_t page_bitmap_release(
    struct page_bitmap *bitmap, size_t first, size_t count);
size_t page_bitmap_take(struct page_bitmap *bitmap, size_t first, size_t count);

bool page_bitmap_is_free(const struct page_bitmap *bitmap, size_t page);

// Take a free page, near the last one. Returns it, or PAGE_BITMAP_NONE.
MUST_CHECK size_t page_bitmap_alloc(struct page_bitmap *bitmap);

// Take `count` adjacent pages, all below page number `limit` (0: anywhere), the
// lowest that are free. Returns the first, or PAGE_BITMAP_NONE.
MUST_CHECK size_t
page_bitmap_alloc_run(struct page_bitmap *bitmap, size_t count, size_t limit);

// Give pages back. Returns false, having changed nothing, if one of them is
// free already or does not exist.
MUST_CHECK bool page_bitmap_free(
    struct page_bitmap *bitmap, size_t first, size_t count);
