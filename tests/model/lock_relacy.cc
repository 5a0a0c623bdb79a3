// SPDX-License-Identifier: MIT
// The locks of smp/ under relacy, which runs their own source under chosen and
// random schedules and lets every load return any value that the C11 memory
// model allows. A plain variable under the lock shows a race or a lost update.
//
// Usage: lock_relacy TEST   exits 1 when the lock fails, and says how
#include <cstdio>
#include <cstring>

#include "smp/tas.h"
#include "smp/ticket.h"
#include "smp/ttas.h"

enum { NUM_THREADS = 3, TURNS = 2, SCHEDULES = 100000 };

// The verbs of one kind of lock, by which the tests are written.
#define LOCK_TRAITS(kind)                                                      \
    struct kind##_traits {                                                     \
        typedef struct kind type;                                              \
        static void init(type *lock) {                                         \
            kind##_init(lock);                                                 \
        }                                                                      \
        static void lock(type *lock) {                                         \
            kind##_lock(lock);                                                 \
        }                                                                      \
        static bool trylock(type *lock) {                                      \
            return kind##_trylock(lock);                                       \
        }                                                                      \
        static void unlock(type *lock) {                                       \
            kind##_unlock(lock);                                               \
        }                                                                      \
        static bool locked(type *lock) {                                       \
            return kind##_locked(lock);                                        \
        }                                                                      \
    }
LOCK_TRAITS(ticket);
LOCK_TRAITS(tas);
LOCK_TRAITS(ttas);

// Every thread takes the lock; the last one tries, until it gets it.
template <typename Lock>
struct exclusion : rl::test_suite<exclusion<Lock>, NUM_THREADS> {
    typename Lock::type lock;
    rl::var<unsigned> sum;

    void before() {
        Lock::init(&lock);
        sum($) = 0;
    }

    void thread(unsigned index) {
        for (int turn = 0; turn < TURNS; turn++) {
            if (index < NUM_THREADS - 1) {
                Lock::lock(&lock);
            } else {
                while (!Lock::trylock(&lock)) {
                    rl::yield(1, $);
                }
            }
            RL_ASSERT(Lock::locked(&lock));
            sum($) = sum($) + 1;
            Lock::unlock(&lock);
        }
    }

    void after() {
        RL_ASSERT(sum($) == NUM_THREADS * TURNS);
        RL_ASSERT(!Lock::locked(&lock));
    }
};

// Who has ticket n is the n-th to enter, across the wrap-around too.
struct order : rl::test_suite<order, NUM_THREADS> {
    static const uint32_t start = UINT32_MAX - 1;
    struct ticket lock;
    rl::var<uint32_t> entries;

    void before() {
        atomic_store_explicit(&lock.next, start, memory_order_relaxed);
        atomic_store_explicit(&lock.serving, start, memory_order_relaxed);
        entries($) = start;
    }

    void thread(unsigned) {
        for (int turn = 0; turn < TURNS; turn++) {
            uint32_t mine = ticket_take(&lock);
            while (!ticket_is_served(&lock, mine)) {
                rl::yield(1, $);
            }
            RL_ASSERT(entries($) == mine);
            entries($) = entries($) + 1;
            ticket_unlock(&lock);
        }
    }
};

template <typename Test> static bool explore() {
    rl::test_params params;
    params.iteration_count = SCHEDULES;
    params.search_type = rl::random_scheduler_type;
    return rl::simulate<Test>(params);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        bool (*explore)();
    } tests[] = {
        {"ticket", explore<exclusion<ticket_traits>>},
        {"tas", explore<exclusion<tas_traits>>},
        {"ttas", explore<exclusion<ttas_traits>>},
        {"order", explore<order>},
    };
    for (const auto &test : tests) {
        if (argc == 2 && strcmp(argv[1], test.name) == 0) {
            return test.explore() ? 0 : 1;
        }
    }
    fprintf(stderr, "usage: lock_relacy ticket|tas|ttas|order\n");
    return 2;
}
