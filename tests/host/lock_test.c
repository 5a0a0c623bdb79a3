// SOURCES:
// FLAGS: -pthread
// SPDX-License-Identifier: MIT
// Every lock of smp/, by the same tests over one table: what its verbs promise
// one by one, mutual exclusion under load; and the order of the ticket lock.
// tests/host/lock_race_test.c builds this file under the thread sanitizer.
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <stdlib.h>
#include <unistd.h>

// Threads share cores, as CPUs do not: who waits lets the holder run.
#define __builtin_ia32_pause() sched_yield()
#include "smp/resource_lock.h"

// --- the table --------------------------------------------------------------

// One row a lock, its verbs with the type taken off.
struct lock_row {
    const char *name;
    void (*init)(struct resource_lock *lock);
    void (*lock)(struct resource_lock *lock);
    bool (*trylock)(struct resource_lock *lock);
    void (*unlock)(struct resource_lock *lock);
    bool (*locked)(struct resource_lock *lock);
};

#define LOCK_VERBS(kind)                                                       \
    static void kind##_row_init(struct resource_lock *lock) {                  \
        kind##_init(&lock->kind);                                              \
    }                                                                          \
    static void kind##_row_lock(struct resource_lock *lock) {                  \
        kind##_lock(&lock->kind);                                              \
    }                                                                          \
    static bool kind##_row_trylock(struct resource_lock *lock) {               \
        return kind##_trylock(&lock->kind);                                    \
    }                                                                          \
    static void kind##_row_unlock(struct resource_lock *lock) {                \
        kind##_unlock(&lock->kind);                                            \
    }                                                                          \
    static bool kind##_row_locked(struct resource_lock *lock) {                \
        return kind##_locked(&lock->kind);                                     \
    }
#define LOCK_ROW(kind)                                                         \
    {                                                                          \
#kind, kind##_row_init, kind##_row_lock, kind##_row_trylock,           \
            kind##_row_unlock, kind##_row_locked                               \
    }

LOCK_VERBS(ticket)
LOCK_VERBS(tas)
LOCK_VERBS(ttas)

static const struct lock_row rows[NUM_LOCK_KINDS] = {
    [LOCK_TICKET] = LOCK_ROW(ticket),
    [LOCK_TAS] = LOCK_ROW(tas),
    [LOCK_TTAS] = LOCK_ROW(ttas),
};

// --- the verbs --------------------------------------------------------------

START_TEST(zeroed_is_free) {
    struct resource_lock lock = {0};
    ck_assert(!rows[_i].locked(&lock));
    ck_assert(rows[_i].trylock(&lock));
}
END_TEST

START_TEST(initializer_is_free) {
    struct ticket ticket = TICKET_INITIALIZER;
    struct tas tas = TAS_INITIALIZER;
    struct ttas ttas = TTAS_INITIALIZER;
    ck_assert(!ticket_locked(&ticket));
    ck_assert(!tas_locked(&tas));
    ck_assert(!ttas_locked(&ttas));
}
END_TEST

START_TEST(init_frees) {
    struct resource_lock lock = {0};
    rows[_i].lock(&lock);
    rows[_i].init(&lock);
    ck_assert(!rows[_i].locked(&lock));
}
END_TEST

START_TEST(held_is_locked) {
    struct resource_lock lock = {0};
    for (int round = 0; round < 3; round++) {
        rows[_i].lock(&lock);
        ck_assert(rows[_i].locked(&lock));
        rows[_i].unlock(&lock);
        ck_assert(!rows[_i].locked(&lock));
    }
}
END_TEST

START_TEST(trylock_takes_a_free_lock) {
    struct resource_lock lock = {0};
    for (int round = 0; round < 3; round++) {
        ck_assert(rows[_i].trylock(&lock));
        ck_assert(rows[_i].locked(&lock));
        rows[_i].unlock(&lock);
    }
}
END_TEST

START_TEST(trylock_leaves_a_held_lock_alone) {
    struct resource_lock lock = {0};
    rows[_i].lock(&lock);
    ck_assert(!rows[_i].trylock(&lock));
    ck_assert(rows[_i].locked(&lock));
    rows[_i].unlock(&lock);
    ck_assert(!rows[_i].locked(&lock));
}
END_TEST

// --- under load -------------------------------------------------------------

enum {
    NUM_THREADS = 4,
    TURNS = 20000,  // of each thread, or as many as there is time for:
    LOAD_MS = 1000, // a FIFO lock crawls where threads must wait for a CPU
    LOOK_EVERY = 64,
    WAIT_US = 20000,
};

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Whether a thread that began at `start` makes this turn.
static bool has_turn(int turn, uint64_t start) {
    return turn < TURNS &&
           (turn % LOOK_EVERY != 0 || now_ms() - start < LOAD_MS);
}

// What the threads share. `sum` and `inside` are plain: correct, and free of a
// race that the sanitizer reports, only under the lock.
struct load {
    struct resource_lock lock;
    const struct lock_row *row;
    unsigned long sum;
    unsigned inside;
    unsigned meetings;            // how often someone else was inside
    _Atomic(unsigned long) turns; // that all made
    pthread_barrier_t start;      // all begin together, or they never meet
};

static void load_turn(struct load *load) {
    load->inside++;
    load->meetings += load->inside != 1;
    load->sum++;
    load->inside--;
}

static void *load_by_lock(void *argument) {
    struct load *load = argument;
    int turn = 0;
    pthread_barrier_wait(&load->start);
    for (uint64_t start = now_ms(); has_turn(turn, start); turn++) {
        load->row->lock(&load->lock);
        load_turn(load);
        load->row->unlock(&load->lock);
    }
    atomic_fetch_add(&load->turns, (unsigned long)turn);
    return NULL;
}

static void *load_by_trylock(void *argument) {
    struct load *load = argument;
    int turn = 0;
    pthread_barrier_wait(&load->start);
    for (uint64_t start = now_ms(); has_turn(turn, start); turn++) {
        while (!load->row->trylock(&load->lock)) {
            sched_yield();
        }
        load_turn(load);
        load->row->unlock(&load->lock);
    }
    atomic_fetch_add(&load->turns, (unsigned long)turn);
    return NULL;
}

static void run_threads(
    int count, void *(*first)(void *), void *(*other)(void *), void *argument) {
    pthread_t threads[NUM_THREADS];
    for (int i = 0; i < count; i++) {
        void *(*body)(void *) = i == 0 ? first : other;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, body, argument), 0);
    }
    for (int i = 0; i < count; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

static void check_load(const struct load *load) {
    ck_assert_msg(
        load->meetings == 0, "%s: %u times two were inside", load->row->name,
        load->meetings);
    ck_assert_uint_gt(load->turns, 0);
    ck_assert_uint_eq(load->sum, load->turns);
    ck_assert(!load->row->locked((struct resource_lock *)&load->lock));
}

START_TEST(one_at_a_time_by_lock) {
    struct load load = {.row = &rows[_i]};
    pthread_barrier_init(&load.start, NULL, NUM_THREADS);
    run_threads(NUM_THREADS, load_by_lock, load_by_lock, &load);
    check_load(&load);
}
END_TEST

START_TEST(one_at_a_time_by_trylock) {
    struct load load = {.row = &rows[_i]};
    pthread_barrier_init(&load.start, NULL, NUM_THREADS);
    run_threads(NUM_THREADS, load_by_lock, load_by_trylock, &load);
    check_load(&load);
}
END_TEST

// One thread that asks while the lock is held.
struct asker {
    struct resource_lock lock;
    const struct lock_row *row;
    _Atomic(uint32_t) inside;
};

static void *ask_once(void *argument) {
    struct asker *asker = argument;
    asker->row->lock(&asker->lock);
    atomic_store_explicit(&asker->inside, 1, memory_order_relaxed);
    asker->row->unlock(&asker->lock);
    return NULL;
}

START_TEST(lock_waits_for_unlock) {
    struct asker asker = {.row = &rows[_i]};
    pthread_t thread;
    rows[_i].lock(&asker.lock);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_once, &asker), 0);
    usleep(WAIT_US);
    ck_assert_uint_eq(
        atomic_load_explicit(&asker.inside, memory_order_relaxed), 0);
    rows[_i].unlock(&asker.lock);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(
        atomic_load_explicit(&asker.inside, memory_order_relaxed), 1);
}
END_TEST

// --- the ticket lock's order ------------------------------------------------

// Threads that stand in the queue one after the other, and what they noted.
struct queue {
    struct ticket lock;
    _Atomic(uint32_t) arrivals;
    uint32_t entries;               // under the lock
    uint32_t out_of_order;          // under the lock
    uint32_t by_entry[NUM_THREADS]; // under the lock: who came when
    _Atomic(uint32_t) turns;        // that all made
    pthread_barrier_t start;
};

static void *stand_in_queue(void *argument) {
    struct queue *queue = argument;
    uint32_t who =
        atomic_fetch_add_explicit(&queue->arrivals, 1, memory_order_relaxed);
    ticket_lock(&queue->lock);
    queue->by_entry[queue->entries++] = who;
    ticket_unlock(&queue->lock);
    return NULL;
}

// How many numbers were given away that are not served yet, the holder's too.
static uint32_t queue_length(struct queue *queue) {
    return atomic_load_explicit(&queue->lock.next, memory_order_relaxed) -
           atomic_load_explicit(&queue->lock.serving, memory_order_relaxed);
}

START_TEST(served_in_order_of_arrival) {
    struct queue queue = {.entries = 0};
    pthread_t threads[NUM_THREADS];
    ticket_lock(&queue.lock);
    for (uint32_t i = 0; i < NUM_THREADS; i++) {
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, stand_in_queue, &queue), 0);
        while (queue_length(&queue) != i + 2) {
            sched_yield();
        }
    }
    ticket_unlock(&queue.lock);
    for (uint32_t i = 0; i < NUM_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    for (uint32_t i = 0; i < NUM_THREADS; i++) {
        ck_assert_uint_eq(queue.by_entry[i], i);
    }
}
END_TEST

static void *compare_entry_and_ticket(void *argument) {
    struct queue *queue = argument;
    int turn = 0;
    pthread_barrier_wait(&queue->start);
    for (uint64_t start = now_ms(); has_turn(turn, start); turn++) {
        uint32_t mine = ticket_take(&queue->lock);
        while (!ticket_is_served(&queue->lock, mine)) {
            sched_yield();
        }
        queue->out_of_order += queue->entries++ != mine;
        ticket_unlock(&queue->lock);
    }
    atomic_fetch_add(&queue->turns, (uint32_t)turn);
    return NULL;
}

START_TEST(entry_number_is_ticket) {
    struct queue queue = {.entries = 0};
    pthread_barrier_init(&queue.start, NULL, NUM_THREADS);
    run_threads(
        NUM_THREADS, compare_entry_and_ticket, compare_entry_and_ticket,
        &queue);
    ck_assert_uint_gt(queue.turns, 0);
    ck_assert_uint_eq(queue.entries, queue.turns);
    ck_assert_uint_eq(queue.out_of_order, 0);
}
END_TEST

START_TEST(tickets_wrap_around) {
    struct queue queue = {.entries = 0};
    pthread_barrier_init(&queue.start, NULL, NUM_THREADS);
    uint32_t start = UINT32_MAX - 1;
    atomic_store(&queue.lock.next, start);
    atomic_store(&queue.lock.serving, start);
    queue.entries = start;
    ck_assert(!ticket_locked(&queue.lock));
    run_threads(
        NUM_THREADS, compare_entry_and_ticket, compare_entry_and_ticket,
        &queue);
    ck_assert_uint_eq(queue.out_of_order, 0);
    ck_assert(!ticket_locked(&queue.lock));
    ck_assert(ticket_trylock(&queue.lock));
}
END_TEST

START_TEST(only_the_next_ticket_is_served) {
    struct ticket lock = TICKET_INITIALIZER;
    uint32_t first = ticket_take(&lock);
    uint32_t second = ticket_take(&lock);
    ck_assert_uint_eq(second, first + 1);
    ck_assert(ticket_is_served(&lock, first));
    ck_assert(!ticket_is_served(&lock, second));
    ticket_unlock(&lock);
    ck_assert(!ticket_is_served(&lock, first));
    ck_assert(ticket_is_served(&lock, second));
    ck_assert(!ticket_trylock(&lock));
    ticket_unlock(&lock);
    ck_assert(!ticket_locked(&lock));
}
END_TEST

// --- main -------------------------------------------------------------------

enum { TIMEOUT_S = 20 }; // a hang detector

static void add_tests_of_each_lock(TCase *tcase) {
    const TTest *const tests[] = {
        zeroed_is_free,
        initializer_is_free,
        init_frees,
        held_is_locked,
        trylock_takes_a_free_lock,
        trylock_leaves_a_held_lock_alone,
        one_at_a_time_by_lock,
        one_at_a_time_by_trylock,
        lock_waits_for_unlock,
    };
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, NUM_LOCK_KINDS);
    }
}

static void add_tests_of_ticket(TCase *tcase) {
    tcase_add_test(tcase, served_in_order_of_arrival);
    tcase_add_test(tcase, entry_number_is_ticket);
    tcase_add_test(tcase, tickets_wrap_around);
    tcase_add_test(tcase, only_the_next_ticket_is_served);
}

int main(void) {
    Suite *suite = suite_create("locks");
    TCase *each = tcase_create("each lock");
    TCase *ticket = tcase_create("ticket");
    tcase_set_timeout(each, TIMEOUT_S);
    tcase_set_timeout(ticket, TIMEOUT_S);
    add_tests_of_each_lock(each);
    add_tests_of_ticket(ticket);
    suite_add_tcase(suite, each);
    suite_add_tcase(suite, ticket);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
