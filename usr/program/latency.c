// SPDX-License-Identifier: MIT
// The threads of a latency run.
#include "usr/program/latency.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "usr/program/cpus.h"

#define NS_PER_SECOND 1000000000ull
#define US_PER_SECOND 1000000ull
#define NS_PER_US 1000ull
#define MS_PER_SECOND 1000ull
#define QUIET_SHOTS 51 // odd: one is the median
#define QUIET_US 200
#define POLL_US 1000
#define SETTLE_US 20000 // for the loads to be under way
// 2^32 / golden ratio: instants come at every phase of what the load does.
#define SPREAD 0x9e3779b9u

struct run {
    const struct latency_plan *plan;
    struct latency_result *result;
    _Atomic uint32_t ready; // threads that have watched for noise
    _Atomic bool go;
    _Atomic bool cancelled; // a thread failed: go home
    _Atomic bool stop;      // the loads
    _Atomic uint64_t calls;
};

struct worker {
    struct run *run;
    pthread_t thread;
    pthread_t load;
    bool has_load;
    struct latency_thread *figures;
};

// --- time -------------------------------------------------------------------

static uint64_t cycles_of(const struct run *run, uint64_t us) {
    uint64_t hz = run->result->hz;
    return us / US_PER_SECOND * hz + us % US_PER_SECOND * hz / US_PER_SECOND;
}

uint64_t latency_ns(const struct latency_result *result, uint64_t cycles) {
    uint64_t hz = result->hz;
    return cycles / hz * NS_PER_SECOND + cycles % hz * NS_PER_SECOND / hz;
}

// Sleep by the C library's means, where the kernel tells nothing of a shot.
static void sleep_plainly(const struct run *run, uint64_t due) {
    uint64_t now = tollgate_cycles();
    uint64_t ns = due > now ? latency_ns(run->result, due - now) : 0;
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    ns += (uint64_t)at.tv_nsec;
    at.tv_sec += (time_t)(ns / NS_PER_SECOND);
    at.tv_nsec = (long)(ns % NS_PER_SECOND);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

// --- samples ----------------------------------------------------------------

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static void note(
    const struct latency_plan *plan, struct latency_thread *figures,
    uint64_t late, bool spoiled) {
    figures->min = figures->n == 0 || late < figures->min ? late : figures->min;
    figures->max = larger(figures->max, late);
    figures->last = late;
    figures->sum += late;
    figures->n++;
    figures->spoiled += spoiled;
    if (!spoiled && late > figures->max_unspoiled) {
        figures->max_unspoiled = late;
    }
    uint64_t us = late / NS_PER_US;
    if (us < plan->histogram_us) {
        figures->histogram[us].n++;
        figures->histogram[us].spoiled += spoiled;
    } else {
        figures->overflows++;
    }
}

// One sample, due at `due`. False if that was over already.
static bool sample(struct worker *worker, uint64_t due) {
    struct run *run = worker->run;
    struct latency_thread *figures = worker->figures;
    struct toll_shot shot = {.taken = 0};
    if (!figures->judged) {
        sleep_plainly(run, due);
        uint64_t now = tollgate_cycles();
        note(
            run->plan, figures,
            latency_ns(run->result, now > due ? now - due : 0), false);
        return true;
    }
    if (tollgate_shot(due, &shot) < 0 || shot.taken == 0) {
        return false;
    }
    uint64_t end = run->plan->shot ? shot.taken : tollgate_cycles();
    bool spoiled = shot.parts[SHOT_NONE] > SPOILED_TIMES * figures->quiet;
    note(run->plan, figures, latency_ns(run->result, end - due), spoiled);
    blame_add(&figures->blame, &shot);
    return true;
}

static void measure(struct worker *worker) {
    const struct run *run = worker->run;
    const struct latency_plan *plan = run->plan;
    struct latency_thread *figures = worker->figures;
    uint64_t interval = cycles_of(run, plan->interval_us);
    uint64_t start = tollgate_cycles();
    uint64_t length = cycles_of(run, plan->ms * NS_PER_US);
    uint64_t due = start;
    uint32_t phase = 0;
    while (plan->loops ? figures->n < plan->loops : due - start < length) {
        due += interval;
        uint64_t spread = plan->shot ? interval * phase >> 32 : 0;
        phase += SPREAD;
        if (!sample(worker, due + spread)) {
            figures->missed++;
        }
        uint64_t now = tollgate_cycles();
        while (due + spread + interval < now) { // too late for the next ones
            due += interval;
        }
        due += plan->shot ? interval : 0; // room for the spread
    }
}

// --- a quiet CPU ------------------------------------------------------------

static int by_size(const void *a, const void *b) {
    const uint64_t *left = a;
    const uint64_t *right = b;
    return (*left > *right) - (*left < *right);
}

// What no one explains of a shot when nothing runs. Also learns whether this
// CPU's shots can be judged at all.
static void watch_quiet(struct worker *worker) {
    struct latency_thread *figures = worker->figures;
    uint64_t none[QUIET_SHOTS];
    uint64_t away = cycles_of(worker->run, QUIET_US);
    for (int i = 0; i < QUIET_SHOTS; i++) {
        struct toll_shot shot;
        if (tollgate_shot(tollgate_cycles() + away, &shot) < 0) {
            return;
        }
        none[i] = shot.parts[SHOT_NONE];
    }
    qsort(none, QUIET_SHOTS, sizeof(none[0]), by_size);
    figures->quiet = none[QUIET_SHOTS / 2];
    figures->judged = true;
}

// --- threads ----------------------------------------------------------------

static bool become_fifo(uint32_t priority) {
    const struct sched_param param = {.sched_priority = (int)priority};
    errno = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
    return errno == 0;
}

static bool prepare(struct worker *worker) {
    const struct run *run = worker->run;
    struct latency_thread *figures = worker->figures;
    figures->tid = (int)syscall(SYS_gettid);
    if (!cpus_pin(figures->cpu)) {
        complain("can not run on CPU %u: %s", figures->cpu, strerror(errno));
        return false;
    }
    if (run->plan->priority != 0 && !become_fifo(run->plan->priority)) {
        complain(
            "can not get priority %u: %s", run->plan->priority,
            strerror(errno));
        return false;
    }
    figures->noise_before = noise_watch(run->plan->noise_us);
    watch_quiet(worker);
    if (run->plan->shot && !figures->judged) {
        complain(
            "--shot: CPU %u has no timer of its own that tells of a shot",
            figures->cpu);
        return false;
    }
    return true;
}

static void nap(void) {
    const struct timespec time = {0, POLL_US * (long)NS_PER_US};
    nanosleep(&time, NULL);
}

static void *worker_main(void *argument) {
    struct worker *worker = argument;
    struct run *run = worker->run;
    if (!prepare(worker)) {
        atomic_store(&run->cancelled, true);
    }
    atomic_fetch_add(&run->ready, 1);
    while (!atomic_load(&run->go)) {
        nap();
    }
    if (!atomic_load(&run->cancelled)) {
        measure(worker);
        worker->figures->noise_after = noise_watch(run->plan->noise_us);
    }
    return NULL;
}

// The emulator's other CPUs get their turn at a PAUSE.
static void *load_main(void *argument) {
    struct worker *worker = argument;
    struct run *run = worker->run;
    const struct latency_plan *plan = run->plan;
    uint64_t calls = 0;
    if (cpus_pin(worker->figures->cpu)) {
        while (!atomic_load_explicit(&run->stop, memory_order_relaxed)) {
            tollgate_custom(plan->slot, plan->arg, 0, 0, 0, 0, 0);
            calls++;
            __builtin_ia32_pause();
        }
    }
    atomic_fetch_add(&run->calls, calls);
    return NULL;
}

static bool start(pthread_t *thread, void *(*body)(void *), void *argument) {
    int error = pthread_create(thread, NULL, body, argument);
    if (error) {
        complain("can not start a thread: %s", strerror(error));
    }
    return error == 0;
}

static void loads_start(struct run *run, struct worker *workers) {
    for (uint32_t i = 0; i < run->result->num_threads; i++) {
        workers[i].has_load = start(&workers[i].load, load_main, &workers[i]);
    }
    usleep(SETTLE_US);
}

static void loads_stop(struct run *run, struct worker *workers) {
    atomic_store(&run->stop, true);
    for (uint32_t i = 0; i < run->result->num_threads; i++) {
        if (workers[i].has_load) {
            pthread_join(workers[i].load, NULL);
        }
    }
    run->result->calls = atomic_load(&run->calls);
}

static bool run_workers(struct run *run, struct worker *workers) {
    uint32_t started = 0;
    for (; started < run->result->num_threads; started++) {
        struct worker *worker = &workers[started];
        if (!start(&worker->thread, worker_main, worker)) {
            atomic_store(&run->cancelled, true);
            break;
        }
    }
    while (atomic_load(&run->ready) < started) {
        nap();
    }
    bool load = run->plan->has_load && !atomic_load(&run->cancelled);
    if (load) {
        loads_start(run, workers);
    }
    atomic_store(&run->go, true);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    if (load) {
        loads_stop(run, workers);
    }
    return !atomic_load(&run->cancelled);
}

// --- the run ----------------------------------------------------------------

static bool make_room(struct run *run, struct worker *workers) {
    const struct latency_plan *plan = run->plan;
    struct latency_result *result = run->result;
    for (uint32_t i = 0; i < result->num_threads; i++) {
        struct latency_thread *figures = &result->threads[i];
        figures->cpu = plan->cpus.cpus[i];
        workers[i] = (struct worker){.run = run, .figures = figures};
        figures->histogram =
            calloc(plan->histogram_us, sizeof(figures->histogram[0]));
        if (!figures->histogram) {
            return false;
        }
    }
    return true;
}

static void collect(struct latency_result *result) {
    result->judged = true;
    for (uint32_t i = 0; i < result->num_threads; i++) {
        result->judged = result->judged && result->threads[i].judged;
        blame_merge(&result->blame, &result->threads[i].blame);
    }
    blame_sort(&result->blame);
}

// Only type 0 may switch the tolls; without them no call is to blame.
static bool run_measured(struct run *run, struct worker *workers) {
    int mode_before = tollgate_set_toll(TOLL_FULL);
    bool ok = run_workers(run, workers);
    if (mode_before >= 0) {
        tollgate_set_toll(mode_before);
    }
    if (ok) {
        collect(run->result);
    }
    return ok;
}

static bool look_up_load(
    const struct latency_plan *plan, struct latency_result *result) {
    const struct custom_slot *slot = tollgate_slot(plan->slot);
    if (plan->has_load && !slot) {
        complain("slot %u is empty", plan->slot);
        return false;
    }
    result->slot_name = plan->has_load ? slot->name : NULL;
    return true;
}

bool latency_run(
    const struct latency_plan *plan, struct latency_result *result) {
    struct run run = {.plan = plan, .result = result};
    *result = (struct latency_result){
        .num_threads = plan->cpus.count, .noise_us = plan->noise_us};
    result->hz = tollgate_hz();
    if (result->hz == 0) {
        complain("there is no system page: this is not Tollgate");
        return false;
    }
    if (!look_up_load(plan, result)) {
        return false;
    }
    struct worker *workers = calloc(plan->cpus.count, sizeof(*workers));
    result->threads = calloc(plan->cpus.count, sizeof(result->threads[0]));
    bool ok = workers && result->threads && make_room(&run, workers);
    if (!ok) {
        complain("out of memory for %u threads", plan->cpus.count);
    }
    ok = ok && run_measured(&run, workers);
    free(workers);
    if (!ok) {
        latency_free(result);
    }
    return ok;
}

struct noise latency_noise(const struct latency_result *result) {
    struct noise most = {0};
    for (uint32_t i = 0; i < result->num_threads; i++) {
        const struct latency_thread *thread = &result->threads[i];
        noise_add(
            &most, (struct noise){thread->noise_before, thread->noise_after});
    }
    return most;
}

void latency_free(struct latency_result *result) {
    for (uint32_t i = 0; result->threads && i < result->num_threads; i++) {
        free(result->threads[i].histogram);
    }
    free(result->threads);
    result->threads = NULL;
}
