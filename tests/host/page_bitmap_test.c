// SOURCES: kernel/page_bitmap.c
// SPDX-License-Identifier: MIT
// The page bitmap: every verb at the edges of words and of the bitmap. The
// fuzzer compares long histories with a plain array.
#include "kernel/page_bitmap.h"

#include "tests/host/suite.h"

#define PAGES 200

static uint64_t words[PAGE_BITMAP_WORDS(PAGES)];
static struct page_bitmap bitmap;

static void setup(void) {
    page_bitmap_init(&bitmap, words, PAGES);
}

START_TEST(all_used_at_first) {
    setup();
    ck_assert_uint_eq(bitmap.num_free, 0);
    ck_assert_uint_eq(page_bitmap_alloc(&bitmap), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 1, 0), PAGE_BITMAP_NONE);
    for (size_t page = 0; page < PAGES; page++) {
        ck_assert(!page_bitmap_is_free(&bitmap, page));
    }
}
END_TEST

START_TEST(ranges) {
    setup();
    ck_assert_uint_eq(page_bitmap_release(&bitmap, 60, 10), 10);
    ck_assert(!page_bitmap_is_free(&bitmap, 59));
    ck_assert(page_bitmap_is_free(&bitmap, 60));
    ck_assert(page_bitmap_is_free(&bitmap, 69));
    ck_assert(!page_bitmap_is_free(&bitmap, 70));
    ck_assert_uint_eq(page_bitmap_release(&bitmap, 65, 10), 5);
    ck_assert_uint_eq(page_bitmap_take(&bitmap, 0, 64), 4);
    ck_assert_uint_eq(bitmap.num_free, 11);
}
END_TEST

START_TEST(ranges_beyond_the_end) {
    setup();
    ck_assert_uint_eq(page_bitmap_release(&bitmap, 190, 1000), 10);
    ck_assert_uint_eq(page_bitmap_release(&bitmap, 190, SIZE_MAX), 0);
    ck_assert_uint_eq(page_bitmap_release(&bitmap, PAGES, 1), 0);
    ck_assert_uint_eq(page_bitmap_take(&bitmap, SIZE_MAX, SIZE_MAX), 0);
    ck_assert(!page_bitmap_is_free(&bitmap, PAGES));
    ck_assert(!page_bitmap_is_free(&bitmap, SIZE_MAX));
    ck_assert_uint_eq(bitmap.num_free, 10);
}
END_TEST

START_TEST(alloc_gives_each_page_once) {
    setup();
    page_bitmap_release(&bitmap, 0, PAGES);
    bool seen[PAGES] = {false};
    for (size_t i = 0; i < PAGES; i++) {
        size_t page = page_bitmap_alloc(&bitmap);
        ck_assert_uint_lt(page, PAGES);
        ck_assert(!seen[page]);
        seen[page] = true;
    }
    ck_assert_uint_eq(page_bitmap_alloc(&bitmap), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(bitmap.num_free, 0);
}
END_TEST

START_TEST(alloc_wraps_around) {
    setup();
    page_bitmap_release(&bitmap, PAGES - 1, 1);
    ck_assert_uint_eq(page_bitmap_alloc(&bitmap), PAGES - 1);
    page_bitmap_release(&bitmap, 3, 1);
    ck_assert_uint_eq(page_bitmap_alloc(&bitmap), 3);
}
END_TEST

START_TEST(runs) {
    setup();
    page_bitmap_release(&bitmap, 10, 3);
    page_bitmap_release(&bitmap, 62, 70);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 3, 0), 10);
    ck_assert_uint_eq(
        page_bitmap_alloc_run(&bitmap, 70, 131), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 70, 132), 62);
    ck_assert_uint_eq(bitmap.num_free, 0);
    page_bitmap_release(&bitmap, 150, 50);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 51, 0), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 1, 150), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 50, 10000), 150);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 0, 0), PAGE_BITMAP_NONE);
}
END_TEST

START_TEST(run_is_not_made_of_two) {
    setup();
    page_bitmap_release(&bitmap, 120, 8);
    page_bitmap_release(&bitmap, 129, 8);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 9, 0), PAGE_BITMAP_NONE);
    page_bitmap_release(&bitmap, 128, 1);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 17, 0), 120);
}
END_TEST

START_TEST(free_and_double_free) {
    setup();
    page_bitmap_release(&bitmap, 0, PAGES);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 8, 0), 0);
    ck_assert(page_bitmap_free(&bitmap, 2, 2));
    ck_assert(!page_bitmap_free(&bitmap, 3, 1));
    ck_assert(!page_bitmap_free(&bitmap, 0, 8));
    ck_assert(!page_bitmap_is_free(&bitmap, 0));
    ck_assert_uint_eq(bitmap.num_free, PAGES - 6);
    ck_assert(!page_bitmap_free(&bitmap, PAGES, 1));
    ck_assert(!page_bitmap_free(&bitmap, 0, SIZE_MAX));
    ck_assert(page_bitmap_free(&bitmap, 0, 2));
    ck_assert_uint_eq(bitmap.num_free, PAGES - 4);
}
END_TEST

START_TEST(no_pages_at_all) {
    page_bitmap_init(&bitmap, words, 0);
    ck_assert_uint_eq(page_bitmap_release(&bitmap, 0, 64), 0);
    ck_assert_uint_eq(page_bitmap_alloc(&bitmap), PAGE_BITMAP_NONE);
    ck_assert_uint_eq(page_bitmap_alloc_run(&bitmap, 1, 0), PAGE_BITMAP_NONE);
    ck_assert(!page_bitmap_free(&bitmap, 0, 1));
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        all_used_at_first,      ranges,
        ranges_beyond_the_end,  alloc_gives_each_page_once,
        alloc_wraps_around,     runs,
        run_is_not_made_of_two, free_and_double_free,
        no_pages_at_all,
    };
    return SUITE_RUN("page_bitmap", tests);
}
