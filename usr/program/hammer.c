// SPDX-License-Identifier: MIT
// The threads of a hammer run. The start line is a spin barrier with PAUSE, not
// a futex: an emulator that runs the CPUs in turn goes to the next one at a
// PAUSE, so that all of them really start together.
#include "usr/program/hammer.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usr/program/cpus.h"
#include "usr/program/figures.h"

#define CACHE_LINE 64
#define START_TIMEOUT_S 120
#define MS_PER_SECOND 1000
#define TYPE_ALLOWED 47 // the type that slot 0, as shipped, serves
#define NUM_ARGS 6
#define HOLD_TURNS 200 // what shared_hold does unless told otherwise
#define PCI_ENABLE 0x80000000u
#define PCI_DEVICE_SHIFT 11
#define PCI_DEVICES 4

struct run;

// One thread. Its own cache lines: others look at `calls` only now and then.
struct worker {
    _Alignas(CACHE_LINE) _Atomic uint64_t calls;
    struct run *run;
    pthread_t thread;
    uint64_t start;
    uint64_t end;
    uint64_t baseline; // calls before all CPUs competed
    uint64_t args[NUM_ARGS];
    uint64_t previous; // CHECK_OWN, CHECK_SHARED: the last result
    uint64_t constant; // CHECK_CONSTANT: what each result must be
    struct hammer_cpu figures;
};

struct run {
    const struct hammer_plan *plan;
    struct hammer_result *result;
    uint32_t num_workers;
    uint64_t duration; // cycles, when the plan goes by time
    bool allowed;      // CHECK_SUM: this process has the right type
    _Atomic uint32_t arrived;
    _Atomic bool go;
    _Atomic bool cancelled;   // a thread could not be made: go home
    _Atomic uint32_t calling; // threads whose first call is over
    _Atomic bool competing;   // all of them, and `baseline` is set
    _Atomic bool one_done;
    _Atomic uint32_t done; // threads that call no more
    _Atomic bool read;     // the kernel's sections, by the last of them
    struct worker *workers;
};

static const struct {
    const char *name;
    enum hammer_check check;
    uint64_t arg;
} known_slots[] = {
    {"sum", CHECK_SUM, 3},
    {"args6", CHECK_ARGS, 1},
    {"percpu_add", CHECK_OWN, 1},
    {"shared_add", CHECK_SHARED, 1},
    {"shared_hold", CHECK_SHARED, HOLD_TURNS},
    {"cmos_read", CHECK_CONSTANT, 0},
    {"pci_read", CHECK_CONSTANT, 0},
};

static uint64_t call_slot(const struct worker *worker) {
    const uint64_t *args = worker->args;
    return (uint64_t)tollgate_custom(
        worker->run->plan->slot, args[0], args[1], args[2], args[3], args[4],
        args[5]);
}

// The slot's first argument on this CPU. Devices are asked for something else
// on each CPU, so that mixed-up answers show.
static uint64_t first_argument(const struct run *run, uint32_t index) {
    static const uint64_t cmos_registers[] = {0x0b, 0x0d, 0x10, 0x12, 0x14};
    const struct hammer_result *result = run->result;
    if (run->plan->has_arg || result->check != CHECK_CONSTANT) {
        return result->arg;
    }
    if (!strcmp(result->slot_name, "pci_read")) {
        return PCI_ENABLE | index % PCI_DEVICES << PCI_DEVICE_SHIFT;
    }
    return cmos_registers
        [index % (sizeof(cmos_registers) / sizeof(cmos_registers[0]))];
}

// What the callout args6 makes of its arguments.
static uint64_t weighted_sum(const uint64_t *args) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < NUM_ARGS; i++) {
        sum += (i + 1) * args[i];
    }
    return sum;
}

// Learn what the first result will be compared with. Runs on the worker's CPU
// before the start.
static void prepare(struct worker *worker, uint32_t index) {
    const struct run *run = worker->run;
    for (uint32_t i = 0; i < NUM_ARGS; i++) {
        worker->args[i] = first_argument(run, index) + i;
    }
    switch (run->result->check) {
    case CHECK_OWN:
    case CHECK_SHARED:
        worker->args[0] = 0; // adds nothing, holds for no time: only reads
        worker->previous = call_slot(worker);
        worker->args[0] = first_argument(run, index);
        break;
    case CHECK_CONSTANT:
        worker->constant = call_slot(worker);
        break;
    default:
        break;
    }
}

static void note_wrong(
    struct worker *worker, uint64_t call, uint64_t result, uint64_t wanted) {
    struct hammer_cpu *figures = &worker->figures;
    if (figures->wrong++ == 0) {
        figures->wrong_call = call;
        figures->wrong_result = result;
        figures->wrong_wanted = wanted;
    }
}

static void expect(
    struct worker *worker, uint64_t call, uint64_t result, uint64_t wanted) {
    if (result != wanted) {
        note_wrong(worker, call, result, wanted);
    }
}

// Counters are 64 bits wide and grow: an error as a result is never larger than
// they are by less than half their range.
static bool is_after(uint64_t result, uint64_t previous, bool strictly) {
    int64_t ahead = (int64_t)(result - previous);
    return ahead > 0 || (ahead == 0 && !strictly);
}

static void check_result(
    struct worker *worker, uint64_t call, uint64_t result) {
    const struct run *run = worker->run;
    const uint64_t *args = worker->args;
    bool grows = run->result->arg > 0;
    switch (run->result->check) {
    case CHECK_SUM:
        worker->figures.refused += !run->allowed;
        expect(
            worker, call, result,
            run->allowed ? args[0] + args[1] : UINT64_MAX);
        break;
    case CHECK_ARGS:
        expect(worker, call, result, weighted_sum(args));
        break;
    case CHECK_OWN:
        expect(worker, call, result, worker->previous + args[0]);
        worker->previous = result;
        break;
    case CHECK_SHARED:
        if (!is_after(result, worker->previous, grows) ||
            tollgate_is_error(result)) {
            note_wrong(worker, call, result, worker->previous + grows);
        }
        worker->previous = result;
        break;
    case CHECK_CONSTANT:
        expect(worker, call, result, worker->constant);
        break;
    case CHECK_BY_NAME: // in plans only
    case CHECK_NOTHING:
        if (tollgate_is_error(result)) {
            note_wrong(worker, call, result, 0);
        }
        break;
    }
}

// The last CPU has begun: from here on all compete. Release: pairs with
// competition_end().
static void competition_begin(struct run *run) {
    for (uint32_t i = 0; i < run->num_workers; i++) {
        struct worker *worker = &run->workers[i];
        worker->baseline =
            atomic_load_explicit(&worker->calls, memory_order_relaxed);
    }
    atomic_store_explicit(&run->competing, true, memory_order_release);
}

// The first CPU is done. If another one had not begun by then, nothing counts.
static void competition_end(struct run *run) {
    if (!atomic_load_explicit(&run->competing, memory_order_acquire)) {
        return;
    }
    for (uint32_t i = 0; i < run->num_workers; i++) {
        struct worker *worker = &run->workers[i];
        worker->figures.contended =
            atomic_load_explicit(&worker->calls, memory_order_relaxed) -
            worker->baseline;
    }
}

static void call_until_done(struct worker *worker) {
    struct run *run = worker->run;
    uint64_t count = run->plan->count;
    uint64_t calls = 0;
    worker->start = tollgate_cycles();
    while (count ? calls < count
                 : tollgate_cycles() - worker->start < run->duration) {
        check_result(worker, calls, call_slot(worker));
        calls++;
        atomic_store_explicit(&worker->calls, calls, memory_order_relaxed);
        if (calls == 1 &&
            atomic_fetch_add(&run->calling, 1) + 1 == run->num_workers) {
            competition_begin(run);
        }
    }
    worker->end = tollgate_cycles();
    if (!atomic_exchange(&run->one_done, true)) {
        competition_end(run);
    }
    worker->figures.calls = calls;
}

// What the kernel kept interrupts off for meanwhile: read before the watch for
// noise, which keeps them off as well, on purpose.
static void read_sections(struct run *run) {
    struct hammer_result *result = run->result;
    if (!result->measured || run->plan->toll != TOLL_FULL) {
        return;
    }
    if (atomic_fetch_add(&run->done, 1) + 1 == run->num_workers) {
        result->has_sections =
            tollgate_kernel_sections(TOLL_ALL_CPUS, &result->sections) == 0;
        if (!result->has_sections) {
            complain("can not read the kernel's sections: %s", strerror(errno));
        }
        atomic_store(&run->read, true);
    }
    while (!atomic_load(&run->read)) {
        __builtin_ia32_pause();
    }
}

static void *worker_main(void *argument) {
    struct worker *worker = argument;
    struct run *run = worker->run;
    bool pinned = cpus_pin(worker->figures.cpu);
    if (pinned) {
        worker->figures.noise_before = noise_watch(run->plan->noise_us);
        prepare(worker, (uint32_t)(worker - run->workers));
    } else {
        complain(
            "can not run on CPU %u: %s", worker->figures.cpu, strerror(errno));
        atomic_store(&run->cancelled, true);
    }
    // Release: the main thread's acquire load sees all that was prepared.
    atomic_fetch_add(&run->arrived, 1);
    while (!atomic_load(&run->go)) {
        __builtin_ia32_pause();
    }
    if (!atomic_load(&run->cancelled)) {
        call_until_done(worker);
        read_sections(run);
        worker->figures.noise_after = noise_watch(run->plan->noise_us);
    }
    return NULL;
}

// Wait until `started` threads stand at the start line.
static bool wait_for_arrivals(struct run *run, uint32_t started) {
    uint64_t start = tollgate_cycles();
    uint64_t limit = START_TIMEOUT_S * run->result->hz;
    while (atomic_load(&run->arrived) < started) {
        if (tollgate_cycles() - start > limit) {
            complain(
                "only %u of %u threads reached the start in %d s",
                atomic_load(&run->arrived), started, START_TIMEOUT_S);
            return false;
        }
        sched_yield();
        __builtin_ia32_pause();
    }
    return true;
}

// Start the threads, let them go, wait for their end.
static bool run_workers(struct run *run) {
    uint32_t started = 0;
    for (; started < run->num_workers; started++) {
        struct worker *worker = &run->workers[started];
        worker->run = run;
        worker->figures.cpu = run->plan->cpus.cpus[started];
        int error = pthread_create(&worker->thread, NULL, worker_main, worker);
        if (error) {
            complain("can not start a thread: %s", strerror(error));
            atomic_store(&run->cancelled, true);
            break;
        }
    }
    if (!wait_for_arrivals(run, started)) {
        exit(EXIT_FAILED); // threads that are stuck can not be joined
    }
    // What the threads read to prepare themselves is not part of the run.
    if (run->result->measured && tollgate_toll_reset() < 0) {
        run->result->measured = false;
    }
    atomic_store(&run->go, true);
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(run->workers[i].thread, NULL);
    }
    return !atomic_load(&run->cancelled);
}

// Describe the slot in the result.
static bool look_up_slot(
    const struct hammer_plan *plan, struct hammer_result *result) {
    const struct custom_slot *slot = tollgate_slot(plan->slot);
    if (!slot) {
        complain("slot %u is empty", plan->slot);
        return false;
    }
    result->slot_name = slot->name;
    bool by_name = plan->check == CHECK_BY_NAME;
    bool counts = plan->check == CHECK_OWN || plan->check == CHECK_SHARED;
    result->check = by_name ? CHECK_NOTHING : plan->check;
    result->arg = plan->has_arg ? plan->arg : counts;
    for (size_t i = 0; i < sizeof(known_slots) / sizeof(known_slots[0]); i++) {
        if (by_name && !strcmp(known_slots[i].name, result->slot_name)) {
            result->check = known_slots[i].check;
            result->arg = plan->has_arg ? plan->arg : known_slots[i].arg;
        }
    }
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    if (resource) {
        result->resource_name = resource->name;
        result->lock_kind = resource->lock_kind;
    }
    return true;
}

// The value of a shared counter, read without changing it; shared_hold counts
// the reading itself.
static uint64_t read_shared(const struct hammer_plan *plan) {
    return (uint64_t)tollgate_custom(plan->slot, 0, 0, 0, 0, 0, 0);
}

// Compare what a shared counter grew by with what it should have.
static void count_lost(
    struct hammer_result *result, uint64_t before, uint64_t after) {
    bool counts_calls = !strcmp(result->slot_name, "shared_hold");
    uint64_t step = counts_calls ? 1 : result->arg;
    uint64_t readings = result->num_cpus + 1; // prepare() and `before` itself
    uint64_t grown = after - before - (counts_calls ? readings : 0);
    if (step == 0) {
        return;
    }
    result->counted = true;
    result->lost = (int64_t)(result->calls * step - grown) / (int64_t)step;
}

static bool read_tolls(
    const struct hammer_plan *plan, struct hammer_result *result) {
    const struct custom_slot *slot = tollgate_slot(plan->slot);
    bool ok =
        tollgate_toll_read(plan->slot, TOLL_ALL_CPUS, &result->total) == 0;
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        struct hammer_cpu *figures = &result->cpus[i];
        ok =
            ok && !tollgate_toll_read(plan->slot, figures->cpu, &figures->toll);
    }
    if (ok && result->resource_name) {
        result->has_bound = true;
        ok = !tollgate_resource_read(slot->resource, &result->resource);
    }
    if (!ok) {
        complain("can not read the tolls: %s", strerror(errno));
    }
    return ok;
}

// Add up what the workers found.
static void collect(struct run *run) {
    struct hammer_result *result = run->result;
    uint64_t start = UINT64_MAX;
    uint64_t end = 0;
    uint64_t contended = 0;
    uint64_t shares[CPU_LIST_MAX];
    for (uint32_t i = 0; i < run->num_workers; i++) {
        const struct worker *worker = &run->workers[i];
        result->cpus[i] = worker->figures;
        result->calls += worker->figures.calls;
        result->refused += worker->figures.refused;
        result->wrong += worker->figures.wrong;
        shares[i] = worker->figures.contended;
        contended += shares[i];
        start = worker->start < start ? worker->start : start;
        end = worker->end > end ? worker->end : end;
    }
    result->start = start;
    result->ticks = end > start ? end - start : 0;
    result->competed = contended != 0;
    result->jain = jain_index(shares, run->num_workers);
}

static bool run_plan(struct run *run) {
    const struct hammer_plan *plan = run->plan;
    struct hammer_result *result = run->result;
    bool shared = result->check == CHECK_SHARED;
    // Only type 0 may switch the tolls; others get no figures, but their
    // results are checked all the same.
    int mode_before = tollgate_set_toll(plan->toll);
    result->measured = plan->toll != TOLL_OFF && mode_before >= 0;
    uint64_t before = shared ? read_shared(plan) : 0;
    bool ok = run_workers(run);
    if (ok) {
        collect(run);
    }
    if (ok && result->measured) {
        ok = read_tolls(plan, result);
    }
    if (ok && shared) {
        count_lost(result, before, read_shared(plan));
    }
    if (mode_before >= 0) {
        tollgate_set_toll(mode_before);
    }
    return ok;
}

bool hammer_run(const struct hammer_plan *plan, struct hammer_result *result) {
    struct run run = {
        .plan = plan, .result = result, .num_workers = plan->cpus.count};
    *result = (struct hammer_result){
        .num_cpus = plan->cpus.count, .noise_us = plan->noise_us};
    result->hz = tollgate_hz();
    if (result->hz == 0) {
        complain("there is no system page: this is not Tollgate");
        return false;
    }
    if (!look_up_slot(plan, result)) {
        return false;
    }
    run.duration = plan->ms * (result->hz / MS_PER_SECOND);
    run.allowed = tollgate_get_type() == TYPE_ALLOWED;
    size_t size = run.num_workers * sizeof(struct worker);
    run.workers = aligned_alloc(CACHE_LINE, size);
    result->cpus = calloc(run.num_workers, sizeof(result->cpus[0]));
    bool ok = run.workers && result->cpus;
    if (ok) {
        memset(run.workers, 0, size);
        ok = run_plan(&run);
    } else {
        complain("out of memory for %u threads", run.num_workers);
    }
    free(run.workers);
    if (ok) {
        hammer_judge(result);
    } else {
        hammer_free(result);
    }
    return ok;
}

void hammer_free(struct hammer_result *result) {
    free(result->cpus);
    result->cpus = NULL;
}
