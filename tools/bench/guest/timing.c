// SPDX-License-Identifier: MIT
// A thread on each CPU for what is shared.
#include "tools/bench/guest/timing.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "usr/include/tollgate.h"
#include "usr/program/cpus.h"

#define CALLS_BETWEEN_LOOKS 64 // at the time-stamp counter
#define PERCENT_99(n) ((n)*99 / 100)

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static uint64_t time_batch(const struct bench_call *call) {
    uint64_t from = tollgate_cycles();
    for (int i = 0; i < TIMING_BATCH_CALLS; i++) {
        call->stub(call->a, call->b);
    }
    return tollgate_cycles() - from;
}

void timing_alone(const struct bench_call *call, struct timing *timing) {
    static uint64_t batches[TIMING_BATCHES];
    time_batch(call); // warms up
    for (int i = 0; i < TIMING_BATCHES; i++) {
        batches[i] = time_batch(call);
    }
    qsort(batches, TIMING_BATCHES, sizeof(batches[0]), by_size);
    const double calls = TIMING_BATCH_CALLS;
    timing->min = (double)batches[0] / calls;
    timing->median = (double)batches[TIMING_BATCHES / 2] / calls;
    timing->p99 = (double)batches[PERCENT_99(TIMING_BATCHES)] / calls;
    timing->max = (double)batches[TIMING_BATCHES - 1] / calls;
}

// What the threads share: [i] set before they start, [a] atomic.
struct load {
    stub_t *shared_add;   // [i]
    uint64_t cycles;      // [i]
    atomic_uint waiting;  // [a] threads that are not there yet
    _Atomic uint64_t end; // [a] when to stop: 0 until the last one is there
};

struct worker {
    pthread_t thread;
    struct load *load;
    uint32_t cpu;
    bool pinned;
    uint64_t calls;
    uint64_t from;
    uint64_t to;
};

// Returns: when to stop. The last thread that comes here says it.
static uint64_t wait_for_all(struct load *load) {
    if (atomic_fetch_sub_explicit(&load->waiting, 1, memory_order_acq_rel) ==
        1) {
        atomic_store_explicit(
            &load->end, tollgate_cycles() + load->cycles, memory_order_release);
    }
    uint64_t end;
    // Pairs with the release above.
    while (!(end = atomic_load_explicit(&load->end, memory_order_acquire))) {
        sched_yield();
    }
    return end;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    struct load *load = worker->load;
    worker->pinned = cpus_pin(worker->cpu);
    uint64_t end = wait_for_all(load);
    worker->from = tollgate_cycles();
    do {
        for (int i = 0; i < CALLS_BETWEEN_LOOKS; i++) {
            load->shared_add(1, 0);
        }
        worker->calls += CALLS_BETWEEN_LOOKS;
        worker->to = tollgate_cycles();
    } while (worker->to < end);
    return NULL;
}

// The CPUs that this program may use. Returns: how many.
static uint32_t find_cpus(struct worker *workers) {
    cpu_set_t allowed;
    uint32_t count = 0;
    if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
        return 0;
    }
    for (uint32_t cpu = 0; cpu < CPU_LIST_MAX; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            workers[count++].cpu = cpu;
        }
    }
    return count;
}

static bool add_up(
    const struct worker *workers, uint32_t count,
    struct timing_shared *timing) {
    uint64_t from = UINT64_MAX;
    uint64_t to = 0;
    *timing = (struct timing_shared){.cpus = count, .least = UINT64_MAX};
    for (const struct worker *w = workers; w < workers + count; w++) {
        if (!w->pinned) {
            complain("can not use CPU %u", w->cpu);
            return false;
        }
        timing->calls += w->calls;
        timing->least = w->calls < timing->least ? w->calls : timing->least;
        timing->most = w->calls > timing->most ? w->calls : timing->most;
        from = w->from < from ? w->from : from;
        to = w->to > to ? w->to : to;
    }
    timing->cycles = to - from;
    return true;
}

bool timing_on_all(
    stub_t *shared_add, uint64_t cycles, struct timing_shared *timing) {
    static struct worker workers[CPU_LIST_MAX];
    struct load load = {.shared_add = shared_add, .cycles = cycles};
    memset(workers, 0, sizeof(workers));
    uint32_t count = find_cpus(workers);
    uint64_t before = shared_add(0, 0);
    if (count == 0 || tollgate_is_error(before)) {
        complain("can not call, or find out which CPUs there are");
        return false;
    }
    atomic_init(&load.waiting, count);
    for (uint32_t i = 0; i < count; i++) {
        workers[i].load = &load;
        int error = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        if (error) {
            complain("can not start a thread: %s", strerror(error));
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    if (!add_up(workers, count, timing)) {
        return false;
    }
    uint64_t added = shared_add(0, 0) - before;
    if (added != timing->calls) {
        complain("%" PRIu64 " calls added %" PRIu64, timing->calls, added);
        return false;
    }
    return true;
}
