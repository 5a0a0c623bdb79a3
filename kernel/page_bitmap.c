// SPDX-License-Identifier: MIT
// See page_bitmap.h. Bits beyond the last page are never set, so that whole
// words may be looked at.
#include "kernel/page_bitmap.h"

#define WORD_BITS 64

static uint64_t bit_of(size_t page) {
    return 1ul << page % WORD_BITS;
}

static size_t num_words(const struct page_bitmap *bitmap) {
    return PAGE_BITMAP_WORDS(bitmap->num_pages);
}

void page_bitmap_init(
    struct page_bitmap *bitmap, uint64_t *words, size_t num_pages) {
    *bitmap = (struct page_bitmap){.words = words, .num_pages = num_pages};
    for (size_t i = 0; i < num_words(bitmap); i++) {
        words[i] = 0;
    }
}

bool page_bitmap_is_free(const struct page_bitmap *bitmap, size_t page) {
    return page < bitmap->num_pages &&
           (bitmap->words[page / WORD_BITS] & bit_of(page)) != 0;
}

// How many of `count` pages from `first` on exist.
static size_t clip(
    const struct page_bitmap *bitmap, size_t first, size_t count) {
    if (first >= bitmap->num_pages) {
        return 0;
    }
    size_t existing = bitmap->num_pages - first;
    return count < existing ? count : existing;
}

size_t page_bitmap_release(
    struct page_bitmap *bitmap, size_t first, size_t count) {
    size_t changed = 0;
    count = clip(bitmap, first, count);
    for (size_t page = first; page < first + count; page++) {
        if (!page_bitmap_is_free(bitmap, page)) {
            bitmap->words[page / WORD_BITS] |= bit_of(page);
            changed++;
        }
    }
    bitmap->num_free += changed;
    return changed;
}

size_t page_bitmap_take(
    struct page_bitmap *bitmap, size_t first, size_t count) {
    size_t changed = 0;
    count = clip(bitmap, first, count);
    for (size_t page = first; page < first + count; page++) {
        if (page_bitmap_is_free(bitmap, page)) {
            bitmap->words[page / WORD_BITS] &= ~bit_of(page);
            changed++;
        }
    }
    bitmap->num_free -= changed;
    return changed;
}

size_t page_bitmap_alloc(struct page_bitmap *bitmap) {
    if (bitmap->num_free == 0) {
        return PAGE_BITMAP_NONE;
    }
    size_t word = bitmap->hint;
    while (bitmap->words[word] == 0) {
        word = (word + 1) % num_words(bitmap);
    }
    bitmap->hint = word;
    unsigned bit = (unsigned)__builtin_ctzl(bitmap->words[word]);
    bitmap->words[word] &= bitmap->words[word] - 1; // clears the lowest bit
    bitmap->num_free--;
    return word * WORD_BITS + bit;
}

// The first of `count` adjacent free pages below `limit`.
static size_t find_run(
    const struct page_bitmap *bitmap, size_t count, size_t limit) {
    size_t length = 0;
    for (size_t page = 0; page < limit; page++) {
        if (page % WORD_BITS == 0 && bitmap->words[page / WORD_BITS] == 0) {
            page += WORD_BITS - 1;
            length = 0;
        } else if (!page_bitmap_is_free(bitmap, page)) {
            length = 0;
        } else if (++length == count) {
            return page + 1 - count;
        }
    }
    return PAGE_BITMAP_NONE;
}

size_t page_bitmap_alloc_run(
    struct page_bitmap *bitmap, size_t count, size_t limit) {
    if (limit == 0 || limit > bitmap->num_pages) {
        limit = bitmap->num_pages;
    }
    if (count == 0 || count > bitmap->num_free) {
        return PAGE_BITMAP_NONE;
    }
    size_t first = find_run(bitmap, count, limit);
    if (first != PAGE_BITMAP_NONE) {
        page_bitmap_take(bitmap, first, count);
    }
    return first;
}

bool page_bitmap_free(struct page_bitmap *bitmap, size_t first, size_t count) {
    if (clip(bitmap, first, count) != count) {
        return false;
    }
    for (size_t page = first; page < first + count; page++) {
        if (page_bitmap_is_free(bitmap, page)) {
            return false;
        }
    }
    page_bitmap_release(bitmap, first, count);
    return true;
}
