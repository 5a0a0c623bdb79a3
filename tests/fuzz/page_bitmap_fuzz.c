// SOURCES: kernel/page_bitmap.c
// SPDX-License-Identifier: MIT
// Random histories of the page bitmap against a plain array of flags.
#include "kernel/page_bitmap.h"

#include "tests/fuzz/fuzz.h"

#define MAX_PAGES 300
#define STEPS 200

struct model {
    size_t num_pages;
    bool free[MAX_PAGES];
};

static bool all_are(
    const struct model *model, size_t first, size_t count, bool value) {
    for (size_t page = first; page < first + count; page++) {
        if (page >= model->num_pages || model->free[page] != value) {
            return false;
        }
    }
    return true;
}

static size_t set_all(
    struct model *model, size_t first, size_t count, bool value) {
    size_t changed = 0;
    for (size_t page = first; page < first + count; page++) {
        if (page < model->num_pages && model->free[page] != value) {
            model->free[page] = value;
            changed++;
        }
    }
    return changed;
}

static size_t lowest_run(
    const struct model *model, size_t count, size_t limit) {
    if (limit == 0 || limit > model->num_pages) {
        limit = model->num_pages;
    }
    for (size_t first = 0; count != 0 && first + count <= limit; first++) {
        if (all_are(model, first, count, true)) {
            return first;
        }
    }
    return PAGE_BITMAP_NONE;
}

static void check_same(
    const struct page_bitmap *bitmap, const struct model *model) {
    size_t free = 0;
    for (size_t page = 0; page < model->num_pages; page++) {
        FUZZ_CHECK(page_bitmap_is_free(bitmap, page) == model->free[page]);
        free += model->free[page];
    }
    FUZZ_CHECK(bitmap->num_free == free);
    FUZZ_CHECK(!page_bitmap_is_free(bitmap, model->num_pages));
}

static void step(
    struct fuzz *fuzz, struct page_bitmap *bitmap, struct model *model) {
    size_t first = fuzz_below(fuzz, model->num_pages + 8);
    size_t count = fuzz_below(fuzz, fuzz_chance(fuzz, 4) ? 140 : 6);
    size_t page;
    switch (fuzz_below(fuzz, 6)) {
    case 0:
        FUZZ_CHECK(
            page_bitmap_release(bitmap, first, count) ==
            set_all(model, first, count, true));
        break;
    case 1:
        FUZZ_CHECK(
            page_bitmap_take(bitmap, first, count) ==
            set_all(model, first, count, false));
        break;
    case 2:
    case 3:
        page = page_bitmap_alloc(bitmap);
        if (page == PAGE_BITMAP_NONE) {
            FUZZ_CHECK(lowest_run(model, 1, 0) == PAGE_BITMAP_NONE);
        } else {
            FUZZ_CHECK(set_all(model, page, 1, false) == 1);
        }
        break;
    case 4:
        page = page_bitmap_alloc_run(bitmap, count, first);
        FUZZ_CHECK(page == lowest_run(model, count, first));
        if (page != PAGE_BITMAP_NONE) {
            set_all(model, page, count, false);
        }
        break;
    default:
        if (page_bitmap_free(bitmap, first, count)) {
            FUZZ_CHECK(all_are(model, first, count, false));
            set_all(model, first, count, true);
        } else {
            FUZZ_CHECK(!all_are(model, first, count, false));
        }
        break;
    }
}

static void once(struct fuzz *fuzz) {
    struct model model = {.num_pages = fuzz_below(fuzz, MAX_PAGES)};
    size_t size = PAGE_BITMAP_WORDS(model.num_pages) * sizeof(uint64_t);
    uint64_t *words = malloc(size);
    struct page_bitmap bitmap;
    page_bitmap_init(&bitmap, words, model.num_pages);
    for (unsigned i = 0; i < STEPS; i++) {
        step(fuzz, &bitmap, &model);
    }
    check_same(&bitmap, &model);
    free(words);
    fuzz->accepted++;
}

int main(int argc, char *argv[]) {
    return fuzz_main("page_bitmap", 2000, argc, argv, once);
}
