// SPDX-License-Identifier: MIT
// What the tolls say, and the area that they lie in.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/guest/gate_tests.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define SLOT_ARGS 1
#define SLOT_OWN 2
#define SLOT_SHARED 3
#define SLOT_EMPTY 40
#define CALLS 100
#define NO_RESOURCE_SUCH 999
#define PAGE 4096ul
// A quantile is the upper end of its bucket, 1/32 wider than its least value.
#define BUCKET_PARTS 32

static int error_of(int result) {
    return result < 0 ? errno : 0;
}

// --- figures ----------------------------------------------------------------

static void call_often(uint32_t slot) {
    for (int i = 0; i < CALLS; i++) {
        tollgate_custom(slot, 0, 0, 0, 0, 0, 0);
    }
}

bool tolls_count_exactly(void) {
    struct toll toll;
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    CHECK(tollgate_set_toll(TOLL_ON) >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        call_often(SLOT_OWN);
    }
    call_often(SLOT_SHARED);
    CHECK(cpus_allow(&cpus));
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    call_often(SLOT_OWN); // not measured
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK_EQUAL(tollgate_toll_read(SLOT_OWN, cpus.cpus[i], &toll), 0);
        CHECK_EQUAL(toll.calls, CALLS);
    }
    CHECK_EQUAL(tollgate_toll_read(SLOT_OWN, TOLL_ALL_CPUS, &toll), 0);
    CHECK_EQUAL(toll.calls, CALLS * cpus.count);
    CHECK_EQUAL(toll.off.count, CALLS * cpus.count);
    CHECK_EQUAL(tollgate_toll_read(SLOT_SHARED, TOLL_ALL_CPUS, &toll), 0);
    CHECK_EQUAL(toll.calls, CALLS);
    CHECK_EQUAL(toll.overtakes, 0);
    CHECK_EQUAL(tollgate_toll_read(SLOT_ARGS, TOLL_ALL_CPUS, &toll), 0);
    CHECK_EQUAL(toll.calls, 0);
    return true;
}

// One kind: calls that are measured, some that are not, and measured ones
// again.
static bool numbers_begin_anew(uint32_t resource, enum lock_kind kind) {
    struct toll toll;
    CHECK_EQUAL(tollgate_set_lock(resource, kind), 0);
    CHECK(tollgate_set_toll(TOLL_ON) >= 0);
    call_often(SLOT_SHARED);
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    tollgate_custom(SLOT_SHARED, 0, 0, 0, 0, 0, 0);
    CHECK_EQUAL(tollgate_set_toll(TOLL_ON), TOLL_OFF);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    call_often(SLOT_SHARED);
    CHECK_EQUAL(tollgate_toll_read(SLOT_SHARED, TOLL_ALL_CPUS, &toll), 0);
    CHECK_EQUAL(toll.calls, CALLS);
    CHECK_EQUAL(toll.overtakes, 0);
    CHECK_EQUAL(toll.worst[0].ticket, toll.worst[0].entry);
    CHECK(toll.worst[0].entry < CALLS);
    return true;
}

bool numbers_begin_anew_with_the_tolls(void) {
    uint32_t index = tollgate_slot(SLOT_SHARED)->resource;
    uint32_t before = tollgate_resource(index)->lock_kind;
    bool ok = true;
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS; kind++) {
        ok = numbers_begin_anew(index, (enum lock_kind)kind) && ok;
    }
    CHECK(tollgate_set_toll(TOLL_OFF) >= 0);
    CHECK_EQUAL(tollgate_set_lock(index, (enum lock_kind)before), 0);
    return ok;
}

// One caller finds nobody ahead, whatever the lock, and breaks no bound.
static bool queue_is_empty(uint32_t resource, enum lock_kind kind) {
    struct toll_resource figures;
    CHECK_EQUAL(tollgate_set_lock(resource, kind), 0);
    CHECK_EQUAL(tollgate_resource_read(resource, &figures), 0);
    CHECK_EQUAL(figures.grants, 0); // of the lock before
    call_often(SLOT_SHARED);
    CHECK_EQUAL(tollgate_resource_read(resource, &figures), 0);
    CHECK_EQUAL(figures.grants, CALLS);
    CHECK_EQUAL(figures.queue[0].calls, CALLS);
    CHECK_EQUAL(figures.queue[0].wait_max, figures.max_wait);
    CHECK_EQUAL(figures.wait.count, CALLS);
    CHECK_EQUAL(figures.wait.max, figures.max_wait);
    CHECK(figures.max_wait <= figures.max_handover);
    CHECK_EQUAL(figures.broken, 0);
    return true;
}

bool queues_are_counted(void) {
    uint32_t index = tollgate_slot(SLOT_SHARED)->resource;
    uint32_t before = tollgate_resource(index)->lock_kind;
    bool ok = true;
    CHECK(tollgate_set_toll(TOLL_ON) >= 0);
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS; kind++) {
        ok = queue_is_empty(index, (enum lock_kind)kind) && ok;
    }
    CHECK(tollgate_set_toll(TOLL_OFF) >= 0);
    CHECK_EQUAL(tollgate_set_lock(index, (enum lock_kind)before), 0);
    return ok;
}

static bool is_plausible(const struct toll_distribution *d) {
    CHECK_EQUAL(d->count, CALLS);
    CHECK(d->min <= d->median);
    CHECK(d->median <= d->p99);
    CHECK(d->min <= d->max);
    CHECK(d->p99 <= d->max + d->max / BUCKET_PARTS + 1);
    CHECK(d->sum >= d->min * CALLS && d->sum <= d->max * CALLS);
    return true;
}

bool tolls_are_plausible(void) {
    struct toll toll;
    CHECK(tollgate_set_toll(TOLL_ON) >= 0);
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    uint64_t start = tollgate_cycles();
    call_often(SLOT_SHARED);
    uint64_t end = tollgate_cycles();
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    CHECK_EQUAL(tollgate_toll_read(SLOT_SHARED, TOLL_ALL_CPUS, &toll), 0);
    CHECK(is_plausible(&toll.wait));
    CHECK(is_plausible(&toll.hold));
    CHECK(is_plausible(&toll.off));
    const struct toll_receipt *worst = &toll.worst[0];
    CHECK_EQUAL(worst->off, toll.off.max);
    CHECK(worst->off >= worst->wait + worst->hold);
    CHECK(worst->arrived >= start && worst->arrived + worst->off <= end);
    CHECK_EQUAL(worst->slot, SLOT_SHARED);
    CHECK_EQUAL(worst->type_id, 0);
    CHECK_EQUAL(worst->ticket, worst->entry);
    return true;
}

bool toll_reads_are_checked(void) {
    struct toll toll;
    struct toll_resource resource;
    CHECK_EQUAL(error_of(tollgate_toll_read(CALLOUT_SLOTS, 0, &toll)), EINVAL);
    CHECK_EQUAL(
        error_of(tollgate_toll_read(SLOT_OWN, UINT32_MAX - 1, &toll)), EINVAL);
    CHECK_EQUAL(
        error_of(tollgate_resource_read(NO_RESOURCE_SUCH, &resource)), EINVAL);
    CHECK_EQUAL(error_of(tollgate_set_toll(TOLL_FULL + 1)), EINVAL);
    CHECK_EQUAL(error_of(tollgate_set_toll(-1)), EINVAL);
    return true;
}

// --- the area ---------------------------------------------------------------

bool toll_area_is_read_only(void) {
    const struct toll_area *area = tollgate_tolls();
    CHECK_EQUAL((uintptr_t)area, TOLL_AREA_VADDR);
    char *first = (char *)TOLL_AREA_VADDR;
    char *receipts = first + area->cpus[0].receipts;
    CHECK(is_killed(write_byte, first));
    CHECK(is_killed(write_byte, first + area->cpus[0].account));
    CHECK(is_killed(write_byte, receipts));
    CHECK(is_killed(jump, first));
    CHECK(is_killed(jump, receipts));
    CHECK(is_killed(read_byte, first + TOLL_AREA_SIZE - 1)); // never made
    CHECK(is_killed(read_byte, first + TOLL_AREA_SIZE));
    CHECK(is_killed(read_byte, first - 1));
    CHECK(mprotect(first, PAGE, PROT_READ | PROT_WRITE) < 0);
    CHECK(munmap(first, PAGE) < 0 && errno == EACCES);
    CHECK_EQUAL(area->magic, TOLL_AREA_MAGIC);
    return true;
}

bool toll_area_says_its_sizes(void) {
    const struct toll_area *area = tollgate_tolls();
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    CHECK_EQUAL(area->version, TOLL_AREA_VERSION);
    CHECK_EQUAL(area->size, sizeof(struct toll_area));
    CHECK_EQUAL(area->cpu_size, sizeof(struct toll_cpu_account));
    CHECK_EQUAL(area->slot_size, sizeof(struct toll_slot_account));
    CHECK_EQUAL(area->resource_size, sizeof(struct toll_resource_account));
    CHECK_EQUAL(area->receipt_size, sizeof(struct receipt));
    CHECK_EQUAL(area->num_receipts, RECEIPTS_MAX);
    CHECK_EQUAL(area->num_buckets, HISTOGRAM_BUCKETS);
    uint32_t accounts = 0;
    for (uint32_t i = 0; i < area->num_cpus; i++) {
        accounts += area->cpus[i].account != 0;
        CHECK_EQUAL(area->cpus[i].account % PAGE, 0);
    }
    CHECK_EQUAL(accounts, cpus.count);
    return true;
}

// --- receipts ---------------------------------------------------------------

static bool last_receipt_is_mine(uint32_t cpu) {
    struct toll_receipt receipt;
    uint64_t before = tollgate_cycles();
    for (uint64_t i = 0; i < 2 * RECEIPTS_MAX; i++) {
        long result = tollgate_custom(SLOT_ARGS, i, 0, 0, 0, 0, 0);
        CHECK_EQUAL(tollgate_last_receipt(cpu, &receipt), 0);
        CHECK(receipt.arrived > before);
        CHECK_EQUAL(receipt.result, result);
        CHECK_EQUAL(receipt.slot, SLOT_ARGS);
        CHECK_EQUAL(receipt.cpu, cpu);
        before = receipt.left;
        // A call that does not get as far as a callout leaves none.
        CHECK_EQUAL(tollgate_custom(SLOT_EMPTY, i, 0, 0, 0, 0, 0), -ENOSYS);
        CHECK_EQUAL(tollgate_last_receipt(cpu, &receipt), 0);
        CHECK_EQUAL(receipt.left, before);
    }
    return true;
}

bool receipts_can_be_read_at_once(void) {
    static struct toll_receipt receipts[RECEIPTS_MAX];
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    CHECK(tollgate_set_toll(TOLL_FULL) >= 0);
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK(last_receipt_is_mine(cpus.cpus[i]));
        int count = tollgate_last_receipts(cpus.cpus[i], receipts);
        CHECK(count >= RECEIPTS_FOLD_AT - 1); // one may be half overwritten
        for (int j = 1; j < count; j++) {
            CHECK(receipts[j].arrived > receipts[j - 1].left);
        }
    }
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_FULL);
    CHECK_EQUAL(error_of(tollgate_last_receipt(TOLL_CPUS, receipts)), EINVAL);
    return cpus_allow(&cpus);
}
