// SOURCES: tests/bench/contenders.c tests/bench/validate.c
// FLAGS: -pthread
// SPDX-License-Identifier: MIT
// One validation loop for our locks and for libck's; and that it notices locks
// that are none, on one row each.
#include "tests/bench/validate.h"

#include <string.h>

#include "tests/host/suite.h"

enum { LOAD_MS = 60, MOST = 32, TIMEOUT_S = 60 };

START_TEST(every_lock_passes) {
    const char *wrong = validate(&contenders[_i], LOAD_MS);
    ck_assert_msg(wrong == NULL, "%s: %s", contenders[_i].name, wrong);
}
END_TEST

static const struct contender *find(const char *name) {
    for (size_t i = 0; i < num_contenders; i++) {
        if (strcmp(contenders[i].name, name) == 0) {
            return &contenders[i];
        }
    }
    ck_abort_msg("there is no contender %s", name);
}

static void check_refused(const struct contender *broken, const char *why) {
    const char *wrong = validate(broken, LOAD_MS);
    ck_assert_ptr_nonnull(wrong);
    ck_assert_str_eq(wrong, why);
}

static void never_waits(struct contender_lock *lock, cpu_id_t cpu) {
    (void)cpu;
    atomic_store(&lock->ours.tas.held, 1);
}

START_TEST(no_exclusion_is_noticed) {
    struct contender broken = *find("tas");
    broken.lock = never_waits;
    const char *wrong = validate(&broken, LOAD_MS);
    ck_assert_ptr_nonnull(wrong);
}
END_TEST

static bool always_free(struct contender_lock *lock) {
    (void)lock;
    return false;
}

START_TEST(locked_that_lies_is_noticed) {
    struct contender broken = *find("ticket");
    broken.locked = always_free;
    check_refused(&broken, "it is held, and locked() says no");
}
END_TEST

static bool takes_anything(struct contender_lock *lock, cpu_id_t cpu) {
    (void)lock;
    (void)cpu;
    return true;
}

START_TEST(trylock_that_barges_is_noticed) {
    struct contender broken = *find("mcs");
    broken.trylock = takes_anything;
    check_refused(&broken, "trylock took a held lock");
}
END_TEST

static _Atomic(uint64_t) asked;

static void counts_and_spins(struct contender_lock *lock, cpu_id_t cpu) {
    (void)cpu;
    atomic_fetch_add(&asked, 1);
    // Who came last is first: the number of those behind is only looked at.
    uint64_t mine = atomic_load(&asked);
    while (atomic_load(&asked) != mine || !tas_trylock(&lock->ours.tas)) {
        if (atomic_load(&asked) != mine) {
            for (int i = 0; i < 100000; i++) {
                __builtin_ia32_pause();
            }
            if (tas_trylock(&lock->ours.tas)) {
                return;
            }
        }
    }
}

static uint64_t how_many_asked(struct contender_lock *lock) {
    (void)lock;
    return atomic_load(&asked);
}

START_TEST(another_order_is_noticed) {
    struct contender broken = *find("tas");
    broken.is_fair = true;
    broken.lock = counts_and_spins;
    broken.last = how_many_asked;
    check_refused(&broken, "who came later was served first");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("validate");
    TCase *tcase = tcase_create("validate");
    tcase_set_timeout(tcase, TIMEOUT_S);
    tcase_add_loop_test(tcase, every_lock_passes, 0, (int)num_contenders);
    tcase_add_test(tcase, no_exclusion_is_noticed);
    tcase_add_test(tcase, locked_that_lies_is_noticed);
    tcase_add_test(tcase, trylock_that_barges_is_noticed);
    tcase_add_test(tcase, another_order_is_noticed);
    suite_add_tcase(suite, tcase);
    return suite_end(suite);
}
