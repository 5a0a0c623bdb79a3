// SPDX-License-Identifier: MIT
// The locks of smp/ under relacy, which runs their own source under chosen and
// random schedules and lets every load return any value that the C11 memory
// model allows. A plain variable under the lock shows a race or a lost update.
//
// Usage: lock_relacy TEST   exits 1 when the lock fails, and says how
#include <cstdio>
#include <cstring>

enum { NUM_THREADS = 3, TURNS = 2, SCHEDULES = 100000 };

#define LOCK_MAX_CPUS 4 // every line costs time in every schedule
#include "smp/anderson.h"
#include "smp/clh.h"
#include "smp/mcs.h"
#include "smp/tas.h"
#include "smp/ticket.h"
#include "smp/ticket_pb.h"
#include "smp/ttas.h"

// The verbs of one kind of lock, by which the tests are written; the arguments
// behind the kind are those that follow the lock in init and in the others.
#define LOCK_TRAITS(kind, cpus, ...)                                           \
    struct kind##_traits {                                                     \
        typedef struct kind type;                                              \
        static void init(type *lock) {                                         \
            kind##_init(lock cpus);                                            \
        }                                                                      \
        static void lock(type *lock, unsigned cpu) {                           \
            kind##_lock(lock __VA_ARGS__);                                     \
        }                                                                      \
        static bool trylock(type *lock, unsigned cpu) {                        \
            return kind##_trylock(lock __VA_ARGS__);                           \
        }                                                                      \
        static void unlock(type *lock, unsigned cpu) {                         \
            kind##_unlock(lock __VA_ARGS__);                                   \
        }                                                                      \
        static bool locked(type *lock) {                                       \
            return kind##_locked(lock);                                        \
        }                                                                      \
    }
#define NONE
#define COMMA_CPUS , NUM_THREADS
#define COMMA_CPU , cpu
LOCK_TRAITS(ticket, NONE);
LOCK_TRAITS(tas, NONE);
LOCK_TRAITS(ttas, NONE);
LOCK_TRAITS(ticket_pb, NONE);
LOCK_TRAITS(mcs, COMMA_CPUS, COMMA_CPU);
LOCK_TRAITS(clh, COMMA_CPUS, COMMA_CPU);
LOCK_TRAITS(anderson, COMMA_CPUS, COMMA_CPU);

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
                Lock::lock(&lock, index);
            } else {
                while (!Lock::trylock(&lock, index)) {
                    rl::yield(1, $);
                }
            }
            RL_ASSERT(Lock::locked(&lock));
            sum($) = sum($) + 1;
            Lock::unlock(&lock, index);
        }
    }

    void after() {
        RL_ASSERT(sum($) == NUM_THREADS * TURNS);
        RL_ASSERT(!Lock::locked(&lock));
    }
};

// The queue of a fair lock: age() brings its counters near their end, take()
// and wait() are the halves of lock(). A place in the queue has a name: take()
// says that of the one before, which is `none` if the lock was free, and
// mine().
struct ticket_queue : ticket_traits {
    static const uint32_t aged = UINT32_MAX - 1;
    static void age(type *lock) {
        atomic_store_explicit(&lock->next, aged, memory_order_relaxed);
        atomic_store_explicit(&lock->serving, aged, memory_order_relaxed);
    }
    static const uint64_t none = UINT64_MAX;
    static uint64_t take(type *lock, unsigned) {
        return ticket_take(lock) - 1;
    }
    static uint64_t mine(type *, unsigned, uint64_t before) {
        return (uint32_t)before + 1;
    }
    static void wait(type *lock, unsigned, uint64_t before) {
        ticket_wait(lock, (uint32_t)before + 1);
    }
};

struct ticket_pb_queue : ticket_pb_traits {
    static void age(type *lock) {
        ticket_queue::age(&lock->ticket);
    }
    static const uint64_t none = UINT64_MAX;
    static uint64_t take(type *lock, unsigned cpu) {
        return ticket_queue::take(&lock->ticket, cpu);
    }
    static uint64_t mine(type *lock, unsigned cpu, uint64_t before) {
        return ticket_queue::mine(&lock->ticket, cpu, before);
    }
    static void wait(type *lock, unsigned, uint64_t before) {
        ticket_pb_wait(lock, (uint32_t)before + 1);
    }
};

struct mcs_queue : mcs_traits {
    static void age(type *) {
    } // it has no counters
    static const uint64_t none = 0;
    static uint64_t take(type *lock, unsigned cpu) {
        return mcs_take(lock, cpu);
    }
    static uint64_t mine(type *, unsigned cpu, uint64_t) {
        return lock_line(cpu);
    }
    static void wait(type *lock, unsigned cpu, uint64_t before) {
        mcs_wait(lock, cpu, (uint32_t)before);
    }
};

struct clh_queue : clh_traits {
    static const uint32_t aged = UINT32_MAX - 1;
    static void age(type *lock) {
        for (auto &node : lock->nodes) {
            atomic_store_explicit(&node.done, aged, memory_order_relaxed);
        }
        atomic_store_explicit(
            &lock->tail, (uint64_t)aged << CLH_USE_SHIFT, memory_order_relaxed);
    }
    static const uint64_t none = (uint64_t)aged << CLH_USE_SHIFT;
    static uint64_t take(type *lock, unsigned cpu) {
        return clh_take(lock, cpu);
    }
    static uint64_t mine(type *lock, unsigned cpu, uint64_t) {
        return clh_ask(lock, cpu); // until it is released
    }
    static void wait(type *lock, unsigned, uint64_t before) {
        clh_wait(lock, before);
    }
};

struct anderson_queue : anderson_traits {
    static const uint32_t aged = UINT32_MAX - 1;
    static void age(type *lock) {
        uint32_t mask = lock->nodes[0].mask;
        atomic_store_explicit(&lock->next, aged, memory_order_relaxed);
        for (uint32_t turn = aged - mask; turn != aged + 1; turn++) {
            atomic_store_explicit(
                &anderson_node(lock, turn, mask)->turn, turn,
                memory_order_relaxed);
        }
    }
    static const uint64_t none = UINT64_MAX;
    static uint64_t take(type *lock, unsigned) {
        return anderson_take(lock) - 1;
    }
    static uint64_t mine(type *, unsigned, uint64_t before) {
        return (uint32_t)before + 1;
    }
    static void wait(type *lock, unsigned cpu, uint64_t before) {
        anderson_wait(lock, cpu, (uint32_t)before + 1);
    }
};

// Who enters follows the one that stood before it in the queue.
template <typename Queue>
struct order : rl::test_suite<order<Queue>, NUM_THREADS> {
    typename Queue::type lock;
    rl::var<uint64_t> last; // who had the lock
    rl::var<unsigned> entries;

    void before() {
        Queue::init(&lock);
        Queue::age(&lock);
        last($) = Queue::none;
        entries($) = 0;
    }

    void thread(unsigned index) {
        for (int turn = 0; turn < TURNS; turn++) {
            uint64_t before = Queue::take(&lock, index);
            Queue::wait(&lock, index, before);
            RL_ASSERT(
                entries($) == 0 || before == last($) || before == Queue::none);
            last($) = Queue::mine(&lock, index, before);
            entries($) = entries($) + 1;
            Queue::unlock(&lock, index);
        }
    }

    void after() {
        RL_ASSERT(entries($) == NUM_THREADS * TURNS);
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
        {"ticket_pb", explore<exclusion<ticket_pb_traits>>},
        {"mcs", explore<exclusion<mcs_traits>>},
        {"clh", explore<exclusion<clh_traits>>},
        {"anderson", explore<exclusion<anderson_traits>>},
        {"ticket_order", explore<order<ticket_queue>>},
        {"ticket_pb_order", explore<order<ticket_pb_queue>>},
        {"mcs_order", explore<order<mcs_queue>>},
        {"clh_order", explore<order<clh_queue>>},
        {"anderson_order", explore<order<anderson_queue>>},
    };
    for (const auto &test : tests) {
        if (argc == 2 && strcmp(argv[1], test.name) == 0) {
            return test.explore() ? 0 : 1;
        }
    }
    for (const auto &test : tests) {
        fprintf(stderr, "usage: lock_relacy %s\n", test.name);
    }
    return 2;
}
