// SPDX-License-Identifier: MIT
// See validate.h.
#include "tests/bench/validate.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

enum {
    THREADS = 2,
    STEPS = 10,
    LOOK_EVERY = 16,
    YIELD_EVERY = 32,
    ENOUGH = 2 * YIELD_EVERY,
    PATIENCE = 100, // times as long as asked for
    WAITERS = 3,
    ROUNDS = 8,
};

// [l] under the lock  [a] atomic
struct load {
    struct contender_lock lock;
    const struct contender *contender;
    uint32_t ms;
    volatile unsigned steps;     // [l] 0 outside of a turn
    unsigned long turns;         // [l] of both threads
    _Atomic(unsigned long) made; // [a] of both threads, as each counted its own
    _Atomic(const char *) wrong; // [a] the first fault
    _Atomic(uint32_t) cpus;      // [a] numbers that were given out
    _Atomic(uint32_t) warm;      // [a] threads that have made ENOUGH turns
    pthread_barrier_t start;
};

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void found(struct load *load, const char *what) {
    const char *nothing = NULL;
    atomic_compare_exchange_strong(&load->wrong, &nothing, what);
}

// Up and down again: each step needs the one before, and someone else's step in
// between is seen at the end.
static void turn_inside(struct load *load) {
    for (unsigned i = 1; i <= STEPS; i++) {
        load->steps++;
        if (load->steps != i) {
            found(load, "two were inside at once");
        }
    }
    if (!load->contender->locked(&load->lock)) {
        found(load, "it is held, and locked() says no");
    }
    if (load->turns % YIELD_EVERY == 0) {
        sched_yield(); // threads that share a CPU meet here or nowhere
    }
    for (unsigned i = STEPS; i-- > 0;) {
        load->steps--;
        if (load->steps != i) {
            found(load, "two were inside at once");
        }
    }
    load->turns++;
}

static void turn_take(struct load *load, cpu_id_t cpu, unsigned long turn) {
    const struct contender *contender = load->contender;
    if (contender->trylock == NULL || turn % 2 == 0) {
        contender->lock(&load->lock, cpu);
        return;
    }
    while (!contender->trylock(&load->lock, cpu)) {
        __builtin_ia32_pause();
    }
}

// For a while, and until both threads have had turns: on a busy host one can be
// through before the other runs at all.
static bool goes_on(struct load *load, uint64_t ms) {
    return ms < load->ms || (atomic_load(&load->warm) != THREADS &&
                             ms < (uint64_t)PATIENCE * load->ms);
}

static void *load_run(void *argument) {
    struct load *load = argument;
    cpu_id_t cpu = atomic_fetch_add(&load->cpus, 1);
    unsigned long turn = 0;
    pthread_barrier_wait(&load->start);
    uint64_t start = now_ms();
    while (turn % LOOK_EVERY != 0 || goes_on(load, now_ms() - start)) {
        turn_take(load, cpu, turn);
        turn_inside(load);
        load->contender->unlock(&load->lock, cpu);
        if (++turn == ENOUGH) {
            atomic_fetch_add(&load->warm, 1);
        }
    }
    atomic_fetch_add(&load->made, turn);
    return NULL;
}

static void threads_run(
    pthread_t *threads, uint32_t count, void *(*body)(void *), void *argument) {
    for (uint32_t i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, body, argument) != 0) {
            abort();
        }
    }
}

static void threads_join(pthread_t *threads, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void check_load(struct load *load) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&load->start, NULL, THREADS);
    threads_run(threads, THREADS, load_run, load);
    threads_join(threads, THREADS);
    if (load->turns != load->made || load->made == 0) {
        found(load, "increments were lost");
    }
    if (load->contender->locked(&load->lock)) {
        found(load, "it is free, and locked() says no");
    }
}

static void check_trylock(struct load *load) {
    const struct contender *contender = load->contender;
    if (contender->trylock == NULL) {
        return;
    }
    contender->lock(&load->lock, 0);
    if (contender->trylock(&load->lock, 1)) {
        found(load, "trylock took a held lock");
        return;
    }
    contender->unlock(&load->lock, 0);
    if (!contender->trylock(&load->lock, 1)) {
        found(load, "trylock left a free lock");
        return;
    }
    contender->unlock(&load->lock, 1);
}

// Some that queue up, one behind the other, while the lock is held.
struct queue {
    struct load *load;
    _Atomic(uint32_t) arrivals;
    uint32_t entries;           // under the lock
    uint32_t by_entry[WAITERS]; // under the lock: who came when
};

static void *queue_wait(void *argument) {
    struct queue *queue = argument;
    struct load *load = queue->load;
    uint32_t who = atomic_fetch_add(&queue->arrivals, 1);
    load->contender->lock(&load->lock, 1 + who);
    queue->by_entry[queue->entries++] = who;
    load->contender->unlock(&load->lock, 1 + who);
    return NULL;
}

static void check_order(struct load *load) {
    const struct contender *contender = load->contender;
    struct queue queue = {.load = load};
    pthread_t threads[WAITERS];
    contender->lock(&load->lock, 0);
    for (uint32_t i = 0; i < WAITERS; i++) {
        uint64_t last = contender->last(&load->lock);
        threads_run(&threads[i], 1, queue_wait, &queue);
        uint64_t start = now_ms();
        while (contender->last(&load->lock) == last) {
            if (now_ms() - start > (uint64_t)PATIENCE * load->ms) {
                found(load, "it keeps no queue");
                break;
            }
            sched_yield();
        }
    }
    contender->unlock(&load->lock, 0);
    threads_join(threads, WAITERS);
    for (uint32_t i = 0; i < WAITERS; i++) {
        if (queue.by_entry[i] != i) {
            found(load, "who came later was served first");
        }
    }
}

const char *validate(const struct contender *contender, uint32_t ms) {
    struct load *load = aligned_alloc(LOCK_LINE, sizeof(*load));
    if (load == NULL) {
        abort();
    }
    *load = (struct load){.contender = contender, .ms = ms};
    contender->init(&load->lock);
    check_trylock(load);
    if (load->wrong == NULL) { // or it may not end
        check_load(load);
    }
    for (int i = 0; i < ROUNDS && contender->is_fair && load->wrong == NULL;
         i++) {
        check_order(load);
    }
    const char *wrong = load->wrong;
    free(load);
    return wrong;
}
