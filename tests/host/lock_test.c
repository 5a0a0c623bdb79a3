// SOURCES:
// FLAGS: -pthread
// SPDX-License-Identifier: MIT
// Every lock of smp/, by the same tests over one table: what its verbs promise
// one by one, mutual exclusion under load, and the order of the fair ones.
// tests/host/lock_race_test.c builds this file under the thread sanitizer.
#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Threads share cores, as CPUs do not: who waits lets the holder run.
#define __builtin_ia32_pause() sched_yield()
#include "smp/resource_lock.h"
#include "tests/host/suite.h"

// --- the table --------------------------------------------------------------

enum { NUM_THREADS = 4, MAIN_CPU = NUM_THREADS, NUM_CPUS = MAIN_CPU + 1 };

// One row a lock, its verbs with the type taken off; `cpu` is that of a queue
// lock's verbs.
struct lock_row {
    const char *name;
    bool is_fair;
    void (*init)(struct resource_lock *lock);
    void (*lock)(struct resource_lock *lock, cpu_id_t cpu);
    bool (*trylock)(struct resource_lock *lock, cpu_id_t cpu);
    void (*unlock)(struct resource_lock *lock, cpu_id_t cpu);
    bool (*locked)(struct resource_lock *lock);
    uint64_t (*last)(struct resource_lock *lock); // changes with each that asks
    void (*age)(struct resource_lock *lock); // all counters are near their end
};

#define LOCK_VERBS(kind, cpus, ...)                                            \
    static void kind##_row_init(struct resource_lock *lock) {                  \
        resource_lock_init(lock, cpus, NUM_CPUS);                              \
    }                                                                          \
    static void kind##_row_lock(struct resource_lock *lock, cpu_id_t cpu) {    \
        (void)cpu;                                                             \
        kind##_lock(&lock->kind __VA_ARGS__);                                  \
    }                                                                          \
    static bool kind##_row_trylock(struct resource_lock *lock, cpu_id_t cpu) { \
        (void)cpu;                                                             \
        return kind##_trylock(&lock->kind __VA_ARGS__);                        \
    }                                                                          \
    static void kind##_row_unlock(struct resource_lock *lock, cpu_id_t cpu) {  \
        (void)cpu;                                                             \
        kind##_unlock(&lock->kind __VA_ARGS__);                                \
    }                                                                          \
    static bool kind##_row_locked(struct resource_lock *lock) {                \
        return kind##_locked(&lock->kind);                                     \
    }
#define COMMA_CPU , cpu

LOCK_VERBS(ticket, LOCK_TICKET)
LOCK_VERBS(tas, LOCK_TAS)
LOCK_VERBS(ttas, LOCK_TTAS)
LOCK_VERBS(ticket_pb, LOCK_TICKET_PB)
LOCK_VERBS(mcs, LOCK_MCS, COMMA_CPU)
LOCK_VERBS(clh, LOCK_CLH, COMMA_CPU)
LOCK_VERBS(anderson, LOCK_ANDERSON, COMMA_CPU)

// Where counters are when only a few steps of each are left.
#define AGED (UINT32_MAX - 2)

static uint64_t ticket_row_last(struct resource_lock *lock) {
    return atomic_load_explicit(&lock->ticket.next, memory_order_relaxed);
}

static void ticket_row_age(struct resource_lock *lock) {
    atomic_store(&lock->ticket.next, AGED);
    atomic_store(&lock->ticket.serving, AGED);
}

static uint64_t mcs_row_last(struct resource_lock *lock) {
    return atomic_load_explicit(&lock->mcs.tail, memory_order_relaxed);
}

static uint64_t clh_row_last(struct resource_lock *lock) {
    return atomic_load_explicit(&lock->clh.tail, memory_order_relaxed);
}

static void clh_row_age(struct resource_lock *lock) {
    for (uint32_t i = 0; i <= NUM_CPUS; i++) {
        atomic_store(&lock->clh.nodes[i].done, AGED);
    }
    atomic_store(&lock->clh.tail, (uint64_t)AGED << CLH_USE_SHIFT);
}

static uint64_t anderson_row_last(struct resource_lock *lock) {
    return atomic_load_explicit(&lock->anderson.next, memory_order_relaxed);
}

static void anderson_row_age(struct resource_lock *lock) {
    uint32_t mask = lock->anderson.nodes[0].mask;
    atomic_store(&lock->anderson.next, AGED);
    for (uint32_t turn = AGED - mask; turn != AGED + 1; turn++) {
        atomic_store(&anderson_node(&lock->anderson, turn, mask)->turn, turn);
    }
}

#define tas_row_last NULL // nobody leaves a trace
#define ttas_row_last NULL
#define ticket_pb_row_last ticket_row_last
#define tas_row_age NULL // no counters
#define ttas_row_age NULL
#define mcs_row_age NULL
#define ticket_pb_row_age ticket_row_age

#define LOCK_ROW(number, NAME, kind, fair)                                     \
    {#kind,                                                                    \
     fair,                                                                     \
     kind##_row_init,                                                          \
     kind##_row_lock,                                                          \
     kind##_row_trylock,                                                       \
     kind##_row_unlock,                                                        \
     kind##_row_locked,                                                        \
     kind##_row_last,                                                          \
     kind##_row_age},

static const struct lock_row rows[NUM_LOCK_KINDS] = {LOCK_KINDS(LOCK_ROW)};

// --- the verbs --------------------------------------------------------------

START_TEST(zeroed_is_free) {
    struct resource_lock lock = {0};
    for (cpu_id_t cpu = 0; cpu < NUM_CPUS; cpu++) {
        ck_assert(!rows[_i].locked(&lock));
        ck_assert(rows[_i].trylock(&lock, cpu));
        rows[_i].unlock(&lock, cpu);
    }
}
END_TEST

START_TEST(initializer_is_free) {
    struct ticket ticket = TICKET_INITIALIZER;
    struct tas tas = TAS_INITIALIZER;
    struct ttas ttas = TTAS_INITIALIZER;
    struct ticket_pb ticket_pb = TICKET_PB_INITIALIZER;
    struct mcs mcs = MCS_INITIALIZER;
    struct clh clh = CLH_INITIALIZER;
    struct anderson anderson = ANDERSON_INITIALIZER;
    ck_assert(!ticket_locked(&ticket));
    ck_assert(!tas_locked(&tas));
    ck_assert(!ttas_locked(&ttas));
    ck_assert(!ticket_pb_locked(&ticket_pb));
    ck_assert(!mcs_locked(&mcs));
    ck_assert(!clh_locked(&clh));
    ck_assert(!anderson_locked(&anderson));
}
END_TEST

// Also what another kind has left behind.
START_TEST(init_frees) {
    struct resource_lock lock;
    memset(&lock, 0xff, sizeof(lock));
    for (int round = 0; round < 3; round++) {
        rows[_i].init(&lock);
        ck_assert(!rows[_i].locked(&lock));
        ck_assert_uint_eq(lock.arrivals, 0);
        ck_assert_uint_eq(lock.entries, 0);
        rows[_i].lock(&lock, 0);
    }
}
END_TEST

// The storage that startup reserves is enough: nothing beyond it is written.
START_TEST(size_is_enough) {
    for (uint32_t cpus = 1; cpus < NUM_CPUS; cpus++) {
        struct resource_lock lock;
        uint8_t *bytes = (uint8_t *)&lock;
        memset(&lock, 0xa5, sizeof(lock));
        memset(&lock, 0, resource_lock_size(cpus));
        resource_lock_init(&lock, (enum lock_kind)_i, cpus);
        for (uint32_t turn = 0; turn < 3 * cpus; turn++) {
            rows[_i].lock(&lock, turn % cpus);
            ck_assert(!rows[_i].trylock(&lock, (turn + 1) % cpus) || cpus == 1);
            rows[_i].unlock(&lock, turn % cpus);
        }
        for (size_t i = resource_lock_size(cpus); i < sizeof(lock); i++) {
            ck_assert_uint_eq(bytes[i], 0xa5);
        }
    }
}
END_TEST

START_TEST(held_is_locked) {
    struct resource_lock lock = {0};
    rows[_i].init(&lock);
    for (cpu_id_t round = 0; round < 3 * NUM_CPUS; round++) {
        rows[_i].lock(&lock, round % NUM_CPUS);
        ck_assert(rows[_i].locked(&lock));
        rows[_i].unlock(&lock, round % NUM_CPUS);
        ck_assert(!rows[_i].locked(&lock));
    }
}
END_TEST

START_TEST(trylock_takes_a_free_lock) {
    struct resource_lock lock = {0};
    rows[_i].init(&lock);
    for (cpu_id_t round = 0; round < 3 * NUM_CPUS; round++) {
        ck_assert(rows[_i].trylock(&lock, round % NUM_CPUS));
        ck_assert(rows[_i].locked(&lock));
        rows[_i].unlock(&lock, round % NUM_CPUS);
    }
}
END_TEST

START_TEST(trylock_leaves_a_held_lock_alone) {
    struct resource_lock lock = {0};
    rows[_i].init(&lock);
    for (cpu_id_t round = 0; round < 3 * NUM_CPUS; round++) {
        rows[_i].lock(&lock, round % NUM_CPUS);
        ck_assert(!rows[_i].trylock(&lock, (round + 1) % NUM_CPUS));
        ck_assert(!rows[_i].trylock(&lock, (round + 2) % NUM_CPUS));
        ck_assert(rows[_i].locked(&lock));
        rows[_i].unlock(&lock, round % NUM_CPUS);
        ck_assert(!rows[_i].locked(&lock));
    }
}
END_TEST

// --- under load -------------------------------------------------------------

enum {
    TURNS = 20000,    // of each thread, or as many as there is time for:
    LOAD_MS = 500,    // a FIFO lock crawls where threads must wait for a CPU
    WRAP_TURNS = 200, // enough for all counters to run past their end
    LOOK_EVERY = 8,
    WAIT_US = 20000,
    QUEUE_ROUNDS = 12,
};

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

// Whether a thread that began at `start` makes this turn.
static bool has_turn(int turn, int turns, uint64_t start) {
    return turn < turns &&
           (turn % LOOK_EVERY != 0 || now_ms() - start < LOAD_MS);
}

// What the threads share. `sum` and `inside` are plain: correct, and free of a
// race that the sanitizer reports, only under the lock.
struct load {
    struct resource_lock lock;
    const struct lock_row *row;
    int turn_limit; // of each thread
    unsigned long sum;
    unsigned inside;
    unsigned meetings;            // how often someone else was inside
    _Atomic(unsigned long) turns; // that all made
    _Atomic(uint32_t) cpus;       // numbers that were given out
    pthread_barrier_t start;      // all begin together, or they never meet
};

// A thread's number, as the kernel's CPUs have one.
static cpu_id_t load_join(struct load *load) {
    cpu_id_t cpu = atomic_fetch_add(&load->cpus, 1);
    pthread_barrier_wait(&load->start);
    return cpu;
}

static void load_turn(struct load *load) {
    load->inside++;
    load->meetings += load->inside != 1;
    load->sum++;
    load->inside--;
}

static void *load_by_lock(void *argument) {
    struct load *load = argument;
    int turn = 0;
    cpu_id_t cpu = load_join(load);
    for (uint64_t start = now_ms(); has_turn(turn, load->turn_limit, start);
         turn++) {
        load->row->lock(&load->lock, cpu);
        load_turn(load);
        load->row->unlock(&load->lock, cpu);
    }
    atomic_fetch_add(&load->turns, (unsigned long)turn);
    return NULL;
}

static void *load_by_trylock(void *argument) {
    struct load *load = argument;
    int turn = 0;
    cpu_id_t cpu = load_join(load);
    for (uint64_t start = now_ms(); has_turn(turn, load->turn_limit, start);
         turn++) {
        while (!load->row->trylock(&load->lock, cpu)) {
            sched_yield();
        }
        load_turn(load);
        load->row->unlock(&load->lock, cpu);
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

static void load_begin(
    struct load *load, const struct lock_row *row, int turn_limit) {
    load->row = row;
    load->turn_limit = turn_limit;
    row->init(&load->lock);
    pthread_barrier_init(&load->start, NULL, NUM_THREADS);
}

START_TEST(one_at_a_time_by_lock) {
    struct load load = {0};
    load_begin(&load, &rows[_i], TURNS);
    run_threads(NUM_THREADS, load_by_lock, load_by_lock, &load);
    check_load(&load);
}
END_TEST

START_TEST(one_at_a_time_by_trylock) {
    struct load load = {0};
    load_begin(&load, &rows[_i], TURNS);
    run_threads(NUM_THREADS, load_by_lock, load_by_trylock, &load);
    check_load(&load);
}
END_TEST

START_TEST(counters_wrap_around) {
    struct load load = {0};
    load_begin(&load, &rows[_i], WRAP_TURNS);
    if (rows[_i].age == NULL) {
        return;
    }
    rows[_i].age(&load.lock);
    ck_assert(!rows[_i].locked(&load.lock));
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
    asker->row->lock(&asker->lock, 0);
    atomic_store_explicit(&asker->inside, 1, memory_order_relaxed);
    asker->row->unlock(&asker->lock, 0);
    return NULL;
}

START_TEST(lock_waits_for_unlock) {
    struct asker asker = {.row = &rows[_i]};
    pthread_t thread;
    rows[_i].lock(&asker.lock, MAIN_CPU);
    ck_assert_int_eq(pthread_create(&thread, NULL, ask_once, &asker), 0);
    usleep(WAIT_US);
    ck_assert_uint_eq(
        atomic_load_explicit(&asker.inside, memory_order_relaxed), 0);
    rows[_i].unlock(&asker.lock, MAIN_CPU);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_eq(
        atomic_load_explicit(&asker.inside, memory_order_relaxed), 1);
}
END_TEST

// --- order, of the fair locks -----------------------------------------------

// Threads that stand in the queue one after the other, and what they noted.
struct queue {
    struct resource_lock lock;
    const struct lock_row *row;
    _Atomic(uint32_t) arrivals;
    uint32_t entries;               // under the lock
    uint32_t by_entry[NUM_THREADS]; // under the lock: who came when
};

static void *stand_in_queue(void *argument) {
    struct queue *queue = argument;
    uint32_t who =
        atomic_fetch_add_explicit(&queue->arrivals, 1, memory_order_relaxed);
    queue->row->lock(&queue->lock, who);
    queue->by_entry[queue->entries++] = who;
    queue->row->unlock(&queue->lock, who);
    return NULL;
}

// Have all threads queue up, one behind the other, and let them go.
static void queue_round(struct queue *queue) {
    pthread_t threads[NUM_THREADS];
    queue->entries = 0;
    atomic_store(&queue->arrivals, 0);
    queue->row->lock(&queue->lock, MAIN_CPU);
    for (uint32_t i = 0; i < NUM_THREADS; i++) {
        uint64_t last = queue->row->last(&queue->lock);
        ck_assert_int_eq(
            pthread_create(&threads[i], NULL, stand_in_queue, queue), 0);
        while (queue->row->last(&queue->lock) == last) {
            sched_yield();
        }
    }
    queue->row->unlock(&queue->lock, MAIN_CPU);
    for (uint32_t i = 0; i < NUM_THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

// Again and again, since the lines of a queue change hands.
START_TEST(served_in_order_of_arrival) {
    struct queue queue = {.row = &rows[_i]};
    if (!rows[_i].is_fair) {
        return;
    }
    rows[_i].init(&queue.lock);
    for (int round = 0; round < QUEUE_ROUNDS; round++) {
        if (round == 1 && rows[_i].age != NULL) {
            rows[_i].init(&queue.lock);
            rows[_i].age(&queue.lock);
        }
        queue_round(&queue);
        for (uint32_t i = 0; i < NUM_THREADS; i++) {
            ck_assert_msg(
                queue.by_entry[i] == i, "%s: round %d: %u came as number %u",
                rows[_i].name, round, queue.by_entry[i], i);
        }
    }
}
END_TEST

// The ticket lock under load: who has number n is the n-th to enter. What holds
// for the places in the other queues is in tests/model/lock_relacy.cc.
struct numbers {
    struct resource_lock lock;
    uint32_t entries;      // under the lock
    uint32_t out_of_order; // under the lock
    _Atomic(uint32_t) turns;
    pthread_barrier_t start;
};

static void *compare_entry_and_ticket(void *argument) {
    struct numbers *numbers = argument;
    int turn = 0;
    pthread_barrier_wait(&numbers->start);
    for (uint64_t start = now_ms(); has_turn(turn, TURNS, start); turn++) {
        uint32_t mine = ticket_take(&numbers->lock.ticket);
        while (!ticket_is_served(&numbers->lock.ticket, mine)) {
            sched_yield();
        }
        numbers->out_of_order += numbers->entries++ != mine;
        ticket_unlock(&numbers->lock.ticket);
    }
    atomic_fetch_add(&numbers->turns, (uint32_t)turn);
    return NULL;
}

static void check_numbers(
    struct numbers *numbers, void *(*compare)(void *), uint32_t first) {
    numbers->entries = first;
    pthread_barrier_init(&numbers->start, NULL, NUM_THREADS);
    run_threads(NUM_THREADS, compare, compare, numbers);
    ck_assert_uint_gt(numbers->turns, 0);
    ck_assert_uint_eq(numbers->entries, first + numbers->turns);
    ck_assert_uint_eq(numbers->out_of_order, 0);
}

START_TEST(entry_number_is_ticket) {
    struct numbers numbers = {.entries = 0};
    check_numbers(&numbers, compare_entry_and_ticket, 0);
}
END_TEST

START_TEST(tickets_wrap_around) {
    struct numbers numbers = {.entries = 0};
    ticket_row_age(&numbers.lock);
    check_numbers(&numbers, compare_entry_and_ticket, AGED);
    ck_assert(!ticket_locked(&numbers.lock.ticket));
    ck_assert(ticket_trylock(&numbers.lock.ticket));
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

// What the back-off goes by.
START_TEST(tickets_ahead_are_counted) {
    struct ticket_pb lock = TICKET_PB_INITIALIZER;
    uint32_t first = ticket_take(&lock.ticket);
    uint32_t second = ticket_take(&lock.ticket);
    uint32_t third = ticket_take(&lock.ticket);
    ck_assert_uint_eq(ticket_pb_ahead(&lock, first), 0);
    ck_assert_uint_eq(ticket_pb_ahead(&lock, second), 1);
    ck_assert_uint_eq(ticket_pb_ahead(&lock, third), 2);
    ticket_pb_unlock(&lock);
    ck_assert_uint_eq(ticket_pb_ahead(&lock, third), 1);
}
END_TEST

// Lines come back to the tail, but no use of a line does: trylock counts on it.
START_TEST(clh_tails_do_not_come_again) {
    enum { GRANTS = 100 };
    struct clh lock = CLH_INITIALIZER;
    uint64_t tails[GRANTS];
    uint32_t same_line = 0;
    for (uint32_t i = 0; i < GRANTS; i++) {
        clh_lock(&lock, i % NUM_CPUS);
        clh_unlock(&lock, i % NUM_CPUS);
        tails[i] = atomic_load(&lock.tail);
        for (uint32_t j = 0; j < i; j++) {
            same_line += (uint32_t)tails[j] == (uint32_t)tails[i];
            ck_assert_uint_ne(tails[j], tails[i]);
        }
    }
    ck_assert_uint_gt(same_line, 0);
}
END_TEST

START_TEST(anderson_has_a_power_of_two_of_lines) {
    static const uint32_t lines[] = {1, 1, 2, 4, 4, 8, 8, 8, 8, 16};
    for (uint32_t cpus = 0; cpus < ARRAY_SIZE(lines); cpus++) {
        ck_assert_uint_eq(anderson_lines(cpus), lines[cpus]);
    }
    ck_assert_uint_eq(anderson_lines(255), 256);
    ck_assert_uint_eq(anderson_lines(256), 256);
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
        size_is_enough,
        one_at_a_time_by_trylock,
        counters_wrap_around,
        lock_waits_for_unlock,
        served_in_order_of_arrival,
    };
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        tcase_add_loop_test(tcase, tests[i], 0, NUM_LOCK_KINDS);
    }
}

static void add_tests_of_one_lock(TCase *tcase) {
    tcase_add_test(tcase, entry_number_is_ticket);
    tcase_add_test(tcase, tickets_wrap_around);
    tcase_add_test(tcase, only_the_next_ticket_is_served);
    tcase_add_test(tcase, tickets_ahead_are_counted);
    tcase_add_test(tcase, clh_tails_do_not_come_again);
    tcase_add_test(tcase, anderson_has_a_power_of_two_of_lines);
}

int main(void) {
    Suite *suite = suite_create("locks");
    TCase *each = tcase_create("each lock");
    TCase *one = tcase_create("one lock");
    tcase_set_timeout(each, TIMEOUT_S);
    tcase_set_timeout(one, TIMEOUT_S);
    add_tests_of_each_lock(each);
    add_tests_of_one_lock(one);
    suite_add_tcase(suite, each);
    suite_add_tcase(suite, one);
    return suite_end(suite);
}
