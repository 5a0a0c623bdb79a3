// SOURCES: usr/program/hammer.c usr/program/hammer_judge.c
// SOURCES: usr/program/hammer_json.c usr/program/hammer_text.c
// SOURCES: usr/program/cpus.c usr/program/figures.c
// SOURCES: usr/program/json.c usr/program/options.c usr/lib/locks.c
// SOURCES: usr/program/toll_json.c kernel/base/histogram.c
// SOURCES: usr/program/toll_text.c usr/program/noise.c
// FLAGS: -D_GNU_SOURCE -pthread
// SPDX-License-Identifier: MIT
// The hammer against a model of the gate: that it finds nothing wrong with a
// good one, and names what a broken one does.
#include "usr/program/hammer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <string.h>

#include "tests/host/suite.h"

#define HZ 1000000000ul
#define COUNT 3000
#define THREADS 2
#define RARELY 1000 // a defect shows in every so many calls
#define SLOT_ADD 3

// --- a model of the gate ----------------------------------------------------

static struct {
    bool loses;     // a shared update is dropped now and then
    bool goes_back; // a shared result is smaller than the one before
    bool has_no_slot;
    bool not_admin;      // the tolls can not be switched
    uint64_t overtakes;  // that the tolls tell of
    uint64_t miscounted; // calls that the tolls lack
    uint64_t max_wait;
    uint32_t lock_kind;
    const char *slot_name;
    long type;
    // State.
    pthread_mutex_t lock;
    uint64_t value;
    uint64_t calls;
    uint64_t measured;
    _Atomic uint32_t noises; // watches for noise
} gate;

static struct custom_slot slot = {.code = 1};
static struct custom_resource resource;

static void gate_reset(const char *slot_name) {
    memset(&gate, 0, sizeof(gate));
    pthread_mutex_init(&gate.lock, NULL);
    gate.slot_name = slot_name;
    gate.max_wait = 80;
}

static long shared_add(uint64_t amount) {
    pthread_mutex_lock(&gate.lock);
    uint64_t calls = ++gate.calls;
    gate.measured++;
    bool lose = gate.loses && amount && calls % RARELY == 0;
    gate.value += lose ? 0 : amount;
    uint64_t result = gate.value;
    if (lose) {
        result++; // as the loser saw it
    }
    if (gate.goes_back && calls % RARELY == 0) {
        result -= RARELY / 2;
    }
    pthread_mutex_unlock(&gate.lock);
    return (long)result;
}

static long shared_hold(void) {
    pthread_mutex_lock(&gate.lock);
    uint64_t before = gate.value++;
    gate.measured++;
    pthread_mutex_unlock(&gate.lock);
    return (long)before;
}

long tollgate_custom(
    uint32_t index, unsigned long a1, unsigned long a2, unsigned long a3,
    unsigned long a4, unsigned long a5, unsigned long a6) {
    (void)index;
    if (!strcmp(gate.slot_name, "shared_add")) {
        return shared_add(a1);
    }
    if (!strcmp(gate.slot_name, "shared_hold")) {
        return shared_hold();
    }
    if (!strcmp(gate.slot_name, "args6")) {
        return (long)(a1 + 2 * a2 + 3 * a3 + 4 * a4 + 5 * a5 + 6 * a6);
    }
    if (!strcmp(gate.slot_name, "cmos_read")) {
        return (long)a1 + 1;
    }
    if (!strcmp(gate.slot_name, "sum")) {
        return gate.type == 47 ? (long)(a1 + a2) : -1;
    }
    return -38; // ENOSYS
}

int tollgate_cpus(uint64_t mask[TOLLGATE_MASK_WORDS]) {
    memset(mask, 0xff, TOLLGATE_MASK_WORDS * sizeof(mask[0]));
    return TOLLGATE_MAX_CPUS;
}
uint64_t tollgate_hz(void) {
    return HZ;
}
long tollgate_get_type(void) {
    return gate.type;
}
const struct custom_slot *tollgate_slot(uint32_t index) {
    memcpy(slot.name, gate.slot_name, strlen(gate.slot_name) + 1);
    return index == SLOT_ADD && !gate.has_no_slot ? &slot : NULL;
}
const struct custom_resource *tollgate_resource(uint32_t index) {
    resource.lock_kind = gate.lock_kind;
    memcpy(resource.name, "demo", sizeof("demo"));
    return index == 0 && !strncmp(gate.slot_name, "shared", 6) ? &resource
                                                               : NULL;
}
const char *tollgate_string(uint32_t string) {
    (void)string;
    return "";
}
int tollgate_set_toll(int mode) {
    (void)mode;
    return gate.not_admin ? -1 : TOLL_OFF;
}
int tollgate_toll_reset(void) {
    gate.measured = 0;
    return 0;
}
int tollgate_toll_read(uint32_t index, uint32_t cpu, struct toll *toll) {
    (void)index;
    memset(toll, 0, sizeof(*toll));
    if (cpu == TOLL_ALL_CPUS) {
        bool shared = !strncmp(gate.slot_name, "shared", 6);
        toll->calls = shared ? gate.measured : (uint64_t)THREADS * COUNT;
        toll->calls -= gate.miscounted;
        toll->overtaken = gate.overtakes ? 1 : 0;
        toll->overtakes = gate.overtakes;
        toll->max_overtakes = gate.overtakes;
        toll->num_worst = 1;
        toll->worst[0].off = 100;
    }
    return 0;
}
int tollgate_resource_read(uint32_t index, struct toll_resource *figures) {
    (void)index;
    *figures = (struct toll_resource){
        .bound = 100,
        .max_wait = gate.max_wait,
        .cpus = THREADS,
        .broken = gate.max_wait > 100};
    return 0;
}
long tollgate_noise_floor(uint32_t us) {
    atomic_fetch_add(&gate.noises, 1);
    return us;
}
int tollgate_kernel_sections(uint32_t cpu, struct kernel_sections *sections) {
    (void)cpu;
    sections->num_worst = atomic_load(&gate.noises);
    return 0;
}

// --- runs -------------------------------------------------------------------

static struct hammer_plan plan;
static struct hammer_result result;

// Two threads on the CPUs that there are.
static void run_with(int toll) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    plan = (struct hammer_plan){
        .slot = SLOT_ADD, .count = COUNT, .toll = toll, .noise_us = 1};
    for (uint32_t cpu = 0; plan.cpus.count < THREADS; cpu++) {
        if (CPU_ISSET(cpu % CPU_LIST_MAX, &set)) {
            plan.cpus.cpus[plan.cpus.count++] = cpu % CPU_LIST_MAX;
        }
    }
    ck_assert(hammer_run(&plan, &result));
}

static void run(void) {
    run_with(TOLL_ON);
}

// Whether a sentence with `text` in it did not hold.
static bool failed(const char *text) {
    for (size_t i = 0; i < result.num_findings; i++) {
        if (result.findings[i].kind == FINDING_FAILED &&
            strstr(result.findings[i].text, text)) {
            return true;
        }
    }
    return false;
}

static size_t findings_of(enum finding_kind kind) {
    size_t count = 0;
    for (size_t i = 0; i < result.num_findings; i++) {
        count += result.findings[i].kind == kind;
    }
    return count;
}

// What did not hold must be just one sentence, with `text` in it.
static void check_failure(const char *text) {
    ck_assert(failed(text));
    ck_assert_uint_eq(findings_of(FINDING_FAILED), 1);
    ck_assert(!hammer_ok(&result));
    hammer_free(&result);
}

// Nothing failed; so much was verified, and so much only noted.
static void check_success(size_t held, size_t notes) {
    ck_assert(hammer_ok(&result));
    ck_assert_uint_eq(findings_of(FINDING_HELD), held);
    ck_assert_uint_eq(findings_of(FINDING_NOTE), notes);
    ck_assert_uint_eq(result.calls, (uint64_t)THREADS * COUNT);
    ck_assert_uint_eq(result.wrong, 0);
    hammer_free(&result);
}

START_TEST(good_shared_add) {
    gate_reset("shared_add");
    run();
    ck_assert(result.counted);
    ck_assert_int_eq(result.lost, 0);
    check_success(5, 1);
}
END_TEST

START_TEST(good_shared_hold) {
    gate_reset("shared_hold");
    run();
    ck_assert(result.counted);
    ck_assert_int_eq(result.lost, 0);
    check_success(5, 1);
}
END_TEST

// Before anybody watches for noise again, which the kernel would count.
START_TEST(sections_are_read_before_noise) {
    gate_reset("args6");
    run_with(TOLL_FULL);
    ck_assert(result.has_sections);
    ck_assert_uint_eq(result.sections.num_worst, THREADS);
    ck_assert_uint_eq(atomic_load(&gate.noises), 2 * THREADS);
    check_success(2, 0);
    run_with(TOLL_ON);
    ck_assert(!result.has_sections);
    check_success(2, 0);
}
END_TEST

START_TEST(good_others) {
    static const char *const names[] = {"args6", "cmos_read"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        gate_reset(names[i]);
        run();
        check_success(2, 0);
    }
}
END_TEST

START_TEST(sum_by_type) {
    gate_reset("sum");
    gate.type = 47;
    run();
    ck_assert_uint_eq(result.refused, 0);
    check_success(2, 0);
    gate_reset("sum");
    run();
    ck_assert_uint_eq(result.refused, (uint64_t)THREADS * COUNT);
    check_success(2, 0);
}
END_TEST

START_TEST(lost_updates) {
    gate_reset("shared_add");
    gate.loses = true;
    run();
    // The loser's result is repeated by the next call, perhaps on its own CPU.
    ck_assert_int_gt(result.lost, 0);
    ck_assert_int_le(result.lost, THREADS * COUNT / RARELY + 1);
    ck_assert(failed("updates were lost"));
    hammer_free(&result);
}
END_TEST

START_TEST(order_of_results) {
    gate_reset("shared_add");
    gate.goes_back = true;
    run();
    ck_assert_int_eq(result.lost, 0);
    check_failure("results were wrong");
}
END_TEST

START_TEST(unknown_slot) {
    gate_reset("somebody's");
    run();
    ck_assert_uint_eq(result.wrong, (uint64_t)THREADS * COUNT);
    check_failure("results were wrong");
}
END_TEST

START_TEST(overtaken) {
    gate_reset("shared_add");
    gate.overtakes = 7;
    run();
    check_failure("overtaken, one by 7");
    gate.lock_kind = LOCK_TAS; // of which nothing else is expected
    run();
    check_success(3, 2);
    gate.lock_kind = LOCK_TTAS;
    run();
    check_success(3, 2);
    static const enum lock_kind fair[] = {
        LOCK_TICKET_PB, LOCK_MCS, LOCK_CLH, LOCK_ANDERSON};
    for (size_t i = 0; i < ARRAY_SIZE(fair); i++) {
        gate.lock_kind = fair[i];
        run();
        check_failure("overtaken, one by 7");
    }
}
END_TEST

START_TEST(above_the_bound) {
    gate_reset("shared_add");
    gate.max_wait = 101;
    run();
    check_failure("ABOVE the bound");
    gate.lock_kind = LOCK_TAS;
    run();
    check_success(3, 2);
}
END_TEST

START_TEST(miscounted) {
    gate_reset("shared_add");
    gate.miscounted = 1;
    run();
    check_failure("the tolls counted 5,999 calls of 6,000");
}
END_TEST

START_TEST(not_the_administrator) {
    gate_reset("shared_add");
    gate.not_admin = true;
    run();
    ck_assert(!result.measured);
    check_success(2, 0);
}
END_TEST

START_TEST(empty_slot) {
    gate_reset("shared_add");
    gate.has_no_slot = true;
    ck_assert(!hammer_run(&plan, &result));
}
END_TEST

START_TEST(by_time) {
    gate_reset("shared_add");
    run();
    hammer_free(&result);
    plan.count = 0;
    plan.ms = 10;
    ck_assert(hammer_run(&plan, &result));
    ck_assert(hammer_ok(&result));
    ck_assert_uint_ge(result.ticks, plan.ms * (HZ / 1000));
    hammer_free(&result);
}
END_TEST

START_TEST(json_is_whole) {
    struct json json = {0};
    gate_reset("shared_add");
    run();
    json_begin(&json, NULL, JSON_OBJECT);
    hammer_json(&json, &plan, &result);
    json_end(&json);
    ck_assert(!json.failed);
    ck_assert_uint_eq(json.depth, 0);
    ck_assert_ptr_nonnull(strstr(json.text, "\"lost\":0,"));
    ck_assert_ptr_nonnull(
        strstr(json.text, "\"notes\":[\"the bound is made of this run's"));
    ck_assert_ptr_nonnull(strstr(json.text, "\"ok\":true}"));
    json_free(&json);
    hammer_free(&result);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        good_shared_add,  good_shared_hold, sections_are_read_before_noise,
        good_others,      sum_by_type,      lost_updates,
        order_of_results, unknown_slot,     overtaken,
        above_the_bound,  miscounted,       not_the_administrator,
        empty_slot,       by_time,          json_is_whole};
    return SUITE_RUN("hammer", tests);
}
