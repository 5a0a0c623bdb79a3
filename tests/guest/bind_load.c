// SPDX-License-Identifier: MIT
// Binding while others call. Every module that is bound has an epoch, which its
// results show, beside how many calls it has had: so each result can be told to
// be right, whatever was bound when. Callers and the administrator share what
// follows; a caller writes only its own part.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/guest/bind_tests.h"
#include "usr/program/cpus.h"

#define ROUNDS_MEASURED 10
#define ROUNDS_FIRST 10 // until the kernel has all that it keeps
#define ROUNDS_TOGETHER 20
#define MAX_EPOCHS (2 * BIND_MAX_ROUNDS + 1)
#define MAX_CALLERS 8
#define CALLS_IN_A_ROW 16
#define PATIENCE 1000 // times that the administrator gives way to callers
// What may be gone after so many binds: tables of the direct map, for pages
// in a part of memory that modules had not touched before.
#define LEAK_PAGES 4

// What one caller has seen of one epoch.
struct seen {
    uint64_t calls;
    uint64_t sum; // of the counts
    uint32_t max;
};

struct caller {
    pthread_t thread;
    uint32_t cpu;
    uint64_t wrong;
    long first_wrong;
    uint64_t empty; // calls that found no module
    struct seen seen[MAX_EPOCHS];
};

static struct caller *callers;
static uint32_t num_callers;
static _Atomic bool stop;
static _Atomic uint32_t
    epoch_bound; // no call that begins now gets an older one
static _Atomic uint64_t answers;

static void result_note(struct caller *caller, long result, uint32_t oldest) {
    uint32_t epoch = (uint32_t)((uint64_t)result >> 32);
    uint32_t count = (uint32_t)result;
    if (result == -ENOSYS) {
        caller->empty++;
    } else if (
        result < 0 || epoch < oldest || epoch >= MAX_EPOCHS || count == 0) {
        caller->first_wrong = caller->wrong++ ? caller->first_wrong : result;
    } else {
        struct seen *seen = &caller->seen[epoch];
        seen->calls++;
        seen->sum += count;
        seen->max = count > seen->max ? count : seen->max;
        answers++;
    }
}

static void *call_always(void *argument) {
    struct caller *caller = argument;
    (void)cpus_pin(caller->cpu);
    while (!stop) {
        for (int i = 0; i < CALLS_IN_A_ROW; i++) {
            uint32_t oldest = epoch_bound;
            result_note(caller, slot_call(SLOT_COUNTER, 0, 0), oldest);
            __builtin_ia32_pause(); // an emulator's thread goes to the next CPU
        }
        sched_yield(); // to the administrator, if it is on this CPU
    }
    return NULL;
}

static bool callers_start(void) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    num_callers = cpus.count < MAX_CALLERS ? cpus.count : MAX_CALLERS;
    callers = calloc(num_callers, sizeof(*callers));
    CHECK(callers);
    stop = false;
    epoch_bound = 0;
    for (uint32_t i = 0; i < num_callers; i++) {
        callers[i].cpu = cpus.cpus[i];
        CHECK(!pthread_create(
            &callers[i].thread, NULL, call_always, &callers[i]));
    }
    return true;
}

static void callers_end(void) {
    stop = true;
    for (uint32_t i = 0; i < num_callers; i++) {
        pthread_join(callers[i].thread, NULL);
    }
}

// Give way until a module has answered.
static void answer_await(void) {
    uint64_t before = answers;
    for (int i = 0; i < PATIENCE && answers == before; i++) {
        sched_yield();
    }
}

static bool epoch_bind(uint32_t epoch) {
    struct module_file file;
    counter_load(&file, epoch);
    CHECK_EQUAL(module_file_bind(&file), 0);
    epoch_bound = epoch;
    answer_await();
    return true;
}

// In each round a module is bound and unbound, in each second one it is
// replaced between.
static bool rounds_run(uint32_t rounds) {
    uint32_t epoch = 1;
    for (uint32_t round = 0; round < rounds; round++) {
        CHECK(epoch_bind(epoch++));
        if (round % 2 != 0) {
            CHECK(epoch_bind(epoch++));
        }
        CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
        sched_yield();
    }
    return true;
}

// All calls that an epoch has answered were counted once each, from 1 on.
static bool epoch_is_right(uint32_t epoch) {
    uint64_t calls = 0, sum = 0, max = 0;
    for (uint32_t i = 0; i < num_callers; i++) {
        const struct seen *seen = &callers[i].seen[epoch];
        calls += seen->calls;
        sum += seen->sum;
        max = seen->max > max ? seen->max : max;
    }
    if (max != calls || sum != calls * (calls + 1) / 2) {
        ktap_note(
            "epoch %u: %lu calls, the counts go up to %lu and their sum is %lu",
            epoch, calls, max, sum);
        return false;
    }
    return true;
}

static bool results_are_right(uint32_t rounds) {
    uint64_t empty = 0, answered = 0;
    uint32_t used = 0;
    for (uint32_t i = 0; i < num_callers; i++) {
        if (callers[i].wrong != 0) {
            ktap_note(
                "CPU %u: %lu wrong results, the first is 0x%lx", callers[i].cpu,
                callers[i].wrong, (unsigned long)callers[i].first_wrong);
            return false;
        }
        empty += callers[i].empty;
    }
    for (uint32_t epoch = 0; epoch < MAX_EPOCHS; epoch++) {
        uint64_t calls = 0;
        CHECK(epoch_is_right(epoch));
        for (uint32_t i = 0; i < num_callers; i++) {
            calls += callers[i].seen[epoch].calls;
        }
        used += calls != 0;
        answered += calls;
    }
    ktap_note(
        "%u callers, %u rounds: %lu calls answered by %u modules, %lu found "
        "the slot empty",
        num_callers, rounds, answered, used, empty);
    CHECK(used >= rounds / 2 && empty > 0); // or there was no load
    return true;
}

static bool load_run(uint32_t rounds) {
    CHECK(callers_start());
    bool done = rounds_run(rounds);
    callers_end();
    bool right = done && results_are_right(rounds);
    free(callers);
    return right;
}

bool results_are_right_under_load(void) {
    CHECK(load_run(ROUNDS_FIRST));
    unsigned long before = pages_free();
    CHECK(load_run(bind_rounds));
    unsigned long after = pages_free();
    ktap_note("%lu pages were free before, %lu after", before, after);
    CHECK(before != 0 && after + LEAK_PAGES >= before);
    return true;
}

bool results_are_right_while_measured(void) {
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    bool right = load_run(ROUNDS_MEASURED);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    return right;
}

// A replaced module, callers on all CPUs, and a look at the tolls, for a look
// from outside, from when it says so on.
int hold_under_load(unsigned seconds) {
    struct module_file file;
    if (!callers_start()) {
        return EXIT_FAILURE;
    }
    for (uint32_t epoch = 1; epoch <= 2; epoch++) {
        counter_load(&file, epoch);
        if (module_file_bind(&file) < 0) {
            return EXIT_FAILURE;
        }
    }
    struct toll toll;
    bool tolls_are_mapped =
        tollgate_toll_read(SLOT_COUNTER, TOLL_ALL_CPUS, &toll) == 0;
    printf("bound, and called on %u CPUs\n", num_callers);
    fflush(stdout);
    sleep(seconds);
    callers_end();
    return tolls_are_mapped ? EXIT_SUCCESS : EXIT_FAILURE;
}

// --- administrators ---------------------------------------------------------

static _Atomic uint64_t failures;

// Whether a slot that may be empty could be fenced off, or cleared.
static bool fence_is_set(int on) {
    return tollgate_set_fence(SLOT_COUNTER, on) >= 0 || errno == EINVAL;
}

// Whether a lock could be chosen for the resource that the module has made.
static bool lock_is_chosen(int i) {
    uint32_t resource = 0;
    while (strcmp(tollgate_resource(resource)->name, "bind_demo") != 0) {
        resource++;
    }
    return tollgate_set_lock(resource, (enum lock_kind)(i % NUM_LOCK_KINDS)) ==
           0;
}

// Do all to a slot that somebody else does, too.
static void *administer(void *unused) {
    (void)unused;
    struct module_file file;
    counter_load(&file, 1);
    for (int i = 0; i < ROUNDS_TOGETHER; i++) {
        if (tollgate_bind(file.bytes, file.size, NULL, 0) < 0 ||
            !fence_is_set(i % 2) || !lock_is_chosen(i) ||
            slot_call(SLOT_COUNTER, 0, 0) == 0 ||
            (tollgate_unbind(SLOT_COUNTER) < 0 && errno != ENOENT)) {
            failures++;
        }
    }
    return NULL;
}

bool two_administrators_take_turns(void) {
    pthread_t threads[2];
    unsigned long before = pages_free();
    for (int i = 0; i < 2; i++) {
        CHECK(!pthread_create(&threads[i], NULL, administer, NULL));
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK_EQUAL(failures, 0);
    CHECK(tollgate_unbind(SLOT_COUNTER) == 0 || errno == ENOENT);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), -ENOSYS);
    CHECK(pages_free() + LEAK_PAGES >= before);
    return true;
}
