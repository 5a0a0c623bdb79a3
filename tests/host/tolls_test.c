// SOURCES: kernel/tolls.c kernel/base/histogram.c usr/lib/tolls.c
// SOURCES: smp/irqs_off.c
// FLAGS: -pthread
// SPDX-License-Identifier: MIT
// The accounting of tolls, from receipts made by hand, as libtollgate reads it.
// The area is stood in for: its memory can run out.
// tests/host/tolls_race_test.c builds this file under the thread sanitizer.
#include "kernel/tolls.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "kernel/base/seqlock.h"
#include "kernel/receipt.h"
#include "kernel/toll_area.h"
#include "tests/host/suite.h"
#include "usr/include/tollgate.h"

#define NUM_CPUS 3
#define SLOT 4
#define BUDGET_SLOT 5
#define RESOURCE 1
#define BUDGET 1000

// --- stand-ins --------------------------------------------------------------

static ALIGNED(PAGE_SIZE) char area[8ul << 20];
static uint64_t used;
static int allocations_left;
static uint32_t cpus_up;

struct toll_area *toll_area(void) {
    return (struct toll_area *)(void *)area;
}

void *toll_area_at(uint64_t offset) {
    return area + offset;
}

void *toll_area_alloc(size_t size, uint64_t *offset) {
    size = ALIGN_UP(size, PAGE_SIZE);
    if (allocations_left-- <= 0 || size > sizeof(area) - used) {
        return NULL;
    }
    *offset = used;
    used += size;
    return area + *offset;
}

// What the library asks its surroundings.
unsigned long getauxval(unsigned long type) {
    return type == AT_TOLLGATE_TOLLS ? (uintptr_t)area : 0;
}

static void (*at_fold)(void); // what happens meanwhile

int tollgate_toll_fold(void) {
    if (at_fold) {
        at_fold();
    }
    return 0;
}

int tollgate_cpus(uint64_t mask[TOLLGATE_MASK_WORDS]) {
    (void)mask;
    return (int)cpus_up;
}

// --- a machine --------------------------------------------------------------

static struct {
    struct syspage_entry entry;
    struct custom_entry custom;
} page;
static struct percpu cpus[NUM_CPUS];
static struct toll toll;
static struct toll_resource shared;

const struct custom_resource *tollgate_resource(uint32_t index) {
    return index < page.custom.num_resources ? &page.custom.resources[index]
                                             : NULL;
}

static void setup(void) {
    page.entry.custom.offset = (uint32_t)((char *)&page.custom - (char *)&page);
    page.entry.custom.size = sizeof(page.custom);
    page.custom.num_resources = RESOURCE + 1;
    page.custom.resources[RESOURCE].lock_kind = LOCK_TTAS;
    page.custom.slots[BUDGET_SLOT].budget_cycles = BUDGET;
    memset(area, 0, sizeof(area));
    toll_area()->magic = TOLL_AREA_MAGIC;
    toll_area()->version = TOLL_AREA_VERSION;
    used = ALIGN_UP(sizeof(struct toll_area), PAGE_SIZE);
    allocations_left = 1000;
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        cpus[i] = (struct percpu){.cpu_id = i};
        ck_assert(tolls_create_cpu(&cpus[i]));
    }
    tolls_init(&page.entry);
}

static void put(uint32_t cpu, struct receipt receipt) {
    receipt.cpu = 0xdead; // the entry does not write it
    struct receipt *next = (struct receipt *)cpus[cpu].receipt;
    ck_assert_uint_lt(
        cpus[cpu].receipt,
        cpus[cpu].receipts_base + RECEIPTS_MAX * RECEIPT_SIZE);
    *next = receipt;
    cpus[cpu].receipt += RECEIPT_SIZE;
}

static void fold_all(void) {
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        while (tolls_fold_batch(&cpus[i])) {
        }
    }
}

static void reset_all(void) {
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        tolls_reset_cpu(&cpus[i]);
    }
}

static void read_slot(uint32_t slot, uint32_t cpu) {
    ck_assert_int_eq(tollgate_toll_read(slot, cpu, &toll), 0);
}

static void read_shared(uint32_t up) {
    cpus_up = up;
    ck_assert_int_eq(tollgate_resource_read(RESOURCE, &shared), 0);
}

// A call of SLOT without a resource that held for `hold`, off for hold + 30.
static struct receipt plain(uint64_t hold) {
    return (struct receipt){
        .arrived = 10000,
        .granted = 10010,
        .released = 10010 + hold,
        .left = 10030 + hold,
        .slot = SLOT,
        .resource = RECEIPT_NO_RESOURCE,
        // Left over from the call before.
        .queued = 77,
        .prev_release = 10008,
        .ticket = 1,
        .entry = 5,
        .arrivals = 9,
    };
}

// A call of the resource that waited 200 for a release, and held for 300.
static struct receipt waited(uint64_t ticket, uint64_t entry) {
    return (struct receipt){
        .arrived = 20000,
        .queued = 20020,
        .prev_release = 20200,
        .granted = 20220,
        .released = 20520,
        .left = 20600,
        .slot = SLOT,
        .resource = RESOURCE,
        .ticket = ticket,
        .entry = (uint32_t)entry,
        .arrivals = (uint32_t)entry + 1,
    };
}

// --- slots ------------------------------------------------------------------

START_TEST(nothing_called_nothing_counted) {
    static const struct toll nothing;
    setup();
    memset(&toll, 0xff, sizeof(toll));
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_mem_eq(&toll, &nothing, sizeof(toll));
    fold_all();
    memset(&toll, 0xff, sizeof(toll));
    read_slot(SLOT, 0);
    ck_assert_mem_eq(&toll, &nothing, sizeof(toll));
}
END_TEST

START_TEST(unknown_slots_and_cpus_are_refused) {
    setup();
    ck_assert_int_eq(tollgate_toll_read(CALLOUT_SLOTS, 0, &toll), -1);
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(tollgate_toll_read(0, MAX_CPUS, &toll), -1);
    ck_assert_int_eq(tollgate_toll_read(0, MAX_CPUS - 1, &toll), 0);
    ck_assert_int_eq(tollgate_resource_read(RESOURCE + 1, &shared), -1);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(call_without_resource) {
    setup();
    struct receipt receipt = plain(500);
    receipt.result = 7;
    receipt.rip = 0x401000;
    receipt.type_id = 47;
    put(1, receipt);
    fold_all();
    read_slot(SLOT, 1);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.wait.count, 1);
    ck_assert_uint_eq(toll.wait.max, 0);
    ck_assert_uint_eq(toll.hold.min, 500);
    ck_assert_uint_eq(toll.hold.median, 500);
    ck_assert_uint_eq(toll.off.sum, 530);
    ck_assert_uint_eq(toll.overtaken, 0);
    ck_assert_uint_eq(toll.lost, 0);
    ck_assert_uint_eq(toll.worst[0].arrived, 10000);
    ck_assert_uint_eq(toll.worst[0].wait, 0);
    ck_assert_uint_eq(toll.worst[0].hold, 500);
    ck_assert_uint_eq(toll.worst[0].off, 530);
    ck_assert_uint_eq(toll.worst[0].result, 7);
    ck_assert_uint_eq(toll.worst[0].rip, 0x401000);
    ck_assert_uint_eq(toll.worst[0].cpu, 1);
    ck_assert_uint_eq(toll.worst[0].slot, SLOT);
    ck_assert_uint_eq(toll.worst[0].type_id, 47);
}
END_TEST

START_TEST(call_with_resource) {
    setup();
    put(0, waited(9, 9));
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.wait.max, 200);
    ck_assert_uint_eq(toll.hold.max, 300);
    ck_assert_uint_eq(toll.off.max, 600);
    ck_assert_uint_eq(toll.worst[0].ticket, 9);
    ck_assert_uint_eq(toll.worst[0].entry, 9);
}
END_TEST

START_TEST(slots_are_apart) {
    setup();
    put(0, plain(1));
    fold_all();
    read_slot(SLOT + 10, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 0);
}
END_TEST

START_TEST(all_cpus_are_the_sum) {
    setup();
    put(0, plain(100));
    put(1, plain(300));
    put(1, plain(200));
    fold_all();
    read_slot(SLOT, 1);
    ck_assert_uint_eq(toll.calls, 2);
    ck_assert_uint_eq(toll.hold.min, 200);
    read_slot(SLOT, 2);
    ck_assert_uint_eq(toll.calls, 0);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 3);
    ck_assert_uint_eq(toll.hold.count, 3);
    ck_assert_uint_eq(toll.hold.sum, 600);
    ck_assert_uint_eq(toll.hold.min, 100);
    ck_assert_uint_eq(toll.hold.max, 300);
    ck_assert_uint_ge(toll.hold.median, 200);
    ck_assert_uint_le(toll.hold.median, 200 + 200 / HISTOGRAM_STEPS);
}
END_TEST

START_TEST(worst_is_the_longest_off) {
    setup();
    put(0, plain(100));
    put(0, plain(900));
    put(0, plain(300));
    put(2, plain(901));
    put(1, plain(5));
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.worst[0].hold, 900);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.worst[0].hold, 901);
    ck_assert_uint_eq(toll.worst[0].cpu, 2);
}
END_TEST

START_TEST(overrun_is_above_the_budget) {
    setup();
    struct receipt receipt = plain(BUDGET);
    receipt.slot = BUDGET_SLOT;
    put(0, receipt);
    receipt.released++;
    put(0, receipt);
    put(0, plain(100 * BUDGET)); // SLOT has no budget
    fold_all();
    read_slot(BUDGET_SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 2);
    ck_assert_uint_eq(toll.overruns, 1);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.overruns, 0);
}
END_TEST

START_TEST(counters_of_two_cpus_may_differ) {
    setup();
    struct receipt receipt = waited(0, 0);
    receipt.prev_release = receipt.granted + 5;
    put(0, receipt);
    receipt.released = receipt.granted - 1;
    put(0, receipt);
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.hold.min, 0);
    ck_assert_uint_eq(toll.hold.max, 300);
    read_shared(1);
    ck_assert_uint_eq(shared.max_handover, 0);
}
END_TEST

// --- order ------------------------------------------------------------------

START_TEST(overtakes) {
    setup();
    put(0, waited(7, 7)); // in order
    put(0, waited(8, 7)); // one that came before has still to be served
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.overtaken, 0);
    ck_assert_uint_eq(toll.overtakes, 0);
    put(0, waited(7, 10));
    put(1, waited(UINT32_MAX, 4)); // wrapped around| 4)); // wrapped around
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.overtaken, 2);
    ck_assert_uint_eq(toll.overtakes, 3 + 5);
    ck_assert_uint_eq(toll.max_overtakes, 5);
}
END_TEST

START_TEST(worst_knows_its_overtakes) {
    setup();
    put(0, waited(UINT32_MAX, 2)); // a ticket lock's counters have 32 bits
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.worst[0].overtakes, 3);
}
END_TEST

// Grants with these numbers to one CPU, `others` waiting at each.
static void put_run(
    uint32_t cpu, uint64_t first, uint64_t count, uint64_t others) {
    for (uint64_t entry = first; entry < first + count; entry++) {
        struct receipt receipt = waited(entry, entry);
        receipt.arrivals = (uint32_t)(entry + 1 + others);
        put(cpu, receipt);
    }
}

static void check_longest_run(uint64_t wanted) {
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, wanted);
}

START_TEST(run_while_another_waits) {
    setup();
    put_run(0, 10, 1, 2);
    check_longest_run(1);
    put_run(0, 11, 3, 2);
    put_run(1, 14, 2, 1);
    put_run(0, 16, 1, 1);
    check_longest_run(4);
}
END_TEST

START_TEST(run_ends_at_a_gap) {
    setup();
    put_run(0, 10, 2, 1);
    put_run(0, 13, 2, 1);
    check_longest_run(2);
}
END_TEST

START_TEST(run_needs_somebody_who_waits) {
    setup();
    put_run(0, 10, 5, 0);
    check_longest_run(0);
    put_run(0, 15, 2, 1);
    put_run(0, 17, 1, 0);
    put_run(0, 18, 1, 1);
    check_longest_run(2);
}
END_TEST

START_TEST(run_wraps_around) {
    setup();
    put_run(0, UINT32_MAX, 1, 1);
    put_run(0, 0, 1, 1);
    check_longest_run(2);
}
END_TEST

// --- resources --------------------------------------------------------------

START_TEST(resource_of_all_cpus) {
    setup();
    struct receipt receipt = waited(1, 1);
    put(0, receipt);
    receipt.released += 40;
    put(1, receipt);
    receipt = waited(2, 2);
    receipt.prev_release -= 10;
    receipt.slot = BUDGET_SLOT; // another slot of the same resource
    put(2, receipt);
    put(2, plain(100000)); // none of its business
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.grants, 3);
    ck_assert_uint_eq(shared.max_hold, 340);
    ck_assert_uint_eq(shared.max_handover, 30);
    ck_assert_uint_eq(shared.max_wait, 200);
    ck_assert_uint_eq(shared.bound, 3 * 340 + 4 * 30);
    ck_assert_uint_eq(shared.cpus, 4);
    ck_assert_uint_eq(shared.lock_kind, LOCK_TTAS);
    read_shared(1);
    ck_assert_uint_eq(shared.bound, 30);
}
END_TEST

START_TEST(handover_of_a_free_lock_begins_with_the_arrival) {
    setup();
    struct receipt receipt = waited(0, 0);
    receipt.prev_release = 0;
    put(0, receipt);
    fold_all();
    read_shared(1);
    ck_assert_uint_eq(shared.max_handover, 220);
    receipt.arrived = 19000;
    receipt.prev_release = 19005; // released just after
    put(0, receipt);
    fold_all();
    read_shared(1);
    ck_assert_uint_eq(shared.max_handover, 1215);
}
END_TEST

// --- the queue found on arrival, and the bound ------------------------------

// A call that found `queue` others ahead and waited that long, for a release 10
// before its grant.
static struct receipt queued(uint32_t queue, uint64_t wait) {
    struct receipt receipt = waited(1000, 1000);
    receipt.served = 1000 - queue;
    receipt.granted = receipt.queued + wait;
    receipt.prev_release = receipt.granted - 10;
    receipt.released = receipt.granted + 100;
    receipt.left = receipt.released + 10;
    return receipt;
}

START_TEST(queues_by_length) {
    setup();
    put(0, queued(0, 10));
    put(0, queued(2, 150));
    put(1, queued(2, 170));
    put(1, queued(TOLL_CPUS - 1, 5000));
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.queue[0].calls, 1);
    ck_assert_uint_eq(shared.queue[1].calls, 0);
    ck_assert_uint_eq(shared.queue[2].calls, 2);
    ck_assert_uint_eq(shared.queue[2].wait_sum, 320);
    ck_assert_uint_eq(shared.queue[2].wait_max, 170);
    ck_assert_uint_eq(shared.queue[2].bound, 2 * 100 + 3 * 10);
    ck_assert_uint_eq(shared.queue[TOLL_CPUS - 1].wait_max, 5000);
    ck_assert_uint_eq(shared.wait.count, 4);
    ck_assert_uint_eq(shared.wait.max, 5000);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.worst[0].queue, TOLL_CPUS - 1);
    ck_assert_uint_eq(toll.worst[1].queue, 2);
}
END_TEST

START_TEST(queues_wrap_around) {
    struct receipt receipt = queued(0, 10);
    setup();
    receipt.ticket = 1;
    receipt.entry = 1;
    receipt.served = UINT32_MAX;
    put(0, receipt);
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.queue[2].calls, 1);
}
END_TEST

START_TEST(calls_within_the_bound_break_none) {
    setup();
    put(0, queued(0, 10));
    put(0, queued(1, 1 * 100 + 2 * 10));
    put(1, queued(3, 3 * 100 + 4 * 10));
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.bound, 3 * 100 + 4 * 10);
    ck_assert_uint_eq(shared.max_wait, shared.bound);
    ck_assert_uint_eq(shared.broken, 0);
}
END_TEST

// Below the bound for all, above the one for so short a queue.
START_TEST(one_cycle_above_the_bound_of_a_length) {
    setup();
    put(0, queued(1, 1 * 100 + 2 * 10 + 1));
    fold_all();
    read_shared(4);
    ck_assert_uint_lt(shared.max_wait, shared.bound);
    ck_assert_uint_eq(shared.broken, 1);
    // What another CPU held longer may well have been what it waited for.
    struct receipt long_one = queued(0, 10);
    long_one.released++;
    put(1, long_one);
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.broken, 0);
}
END_TEST

START_TEST(calls_above_the_bound_are_counted) {
    setup();
    for (int i = 0; i < 5; i++) {
        put(0, queued(1, 1000));
    }
    put(1, queued(3, 1 + 3 * 100 + 4 * 10));
    fold_all();
    read_shared(4);
    ck_assert_uint_eq(shared.bound, 340);
    ck_assert_uint_eq(shared.broken, 5); // that one is in the bound's bucket
    read_shared(1);
    ck_assert_uint_eq(shared.broken, 6);
}
END_TEST

// A CPU that goes on while a resource is read: what has caused the waits that
// were seen is there, though it was folded later than they.
static void hold_for_long(void) {
    static int folds;
    if (++folds == 2) {
        struct receipt receipt = queued(0, 10);
        receipt.released = receipt.granted + 500;
        put(1, receipt);
        fold_all();
    }
}

START_TEST(causes_are_folded_after_their_effects) {
    setup();
    put(0, queued(1, 510));
    fold_all();
    read_shared(4);
    ck_assert_uint_gt(shared.broken, 0);
    at_fold = hold_for_long;
    read_shared(4);
    at_fold = NULL;
    ck_assert_uint_eq(shared.max_hold, 500);
    ck_assert_uint_eq(shared.grants, 1);
    ck_assert_uint_eq(shared.broken, 0);
}
END_TEST

START_TEST(another_lock_begins_anew) {
    setup();
    put(0, queued(1, 1000));
    fold_all();
    put(0, queued(1, 1000));
    put(1, queued(1, 2000));
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        tolls_forget_resource(&cpus[i], RESOURCE);
    }
    read_shared(4);
    ck_assert_uint_eq(shared.grants, 0);
    ck_assert_uint_eq(shared.max_wait, 0);
    ck_assert_uint_eq(shared.broken, 0);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 3);
}
END_TEST

// --- worst receipts, types ---------------------------------------------------

START_TEST(the_longest_are_kept_in_order) {
    setup();
    for (uint64_t i = 0; i < 60; i++) {
        put((uint32_t)(i % NUM_CPUS), plain(i * 37 % 60)); // each of 0..59
    }
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.num_worst, TOLL_WORST);
    for (uint64_t i = 0; i < TOLL_WORST; i++) {
        ck_assert_uint_eq(toll.worst[i].hold, 59 - i);
    }
    read_slot(SLOT, 1); // those with i % 3 == 1
    ck_assert_uint_eq(toll.num_worst, TOLL_WORST);
    for (uint64_t i = 1; i < TOLL_WORST; i++) {
        ck_assert_uint_lt(toll.worst[i].hold, toll.worst[i - 1].hold);
    }
}
END_TEST

static struct receipt of_type(uint32_t type_id, uint64_t hold) {
    struct receipt receipt = plain(hold);
    receipt.type_id = type_id;
    return receipt;
}

START_TEST(types_are_told_apart) {
    setup();
    put(0, of_type(47, 100));
    put(0, of_type(0, 300));
    put(0, of_type(47, 200));
    put(1, of_type(47, 50));
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.num_types, 2);
    ck_assert_uint_eq(toll.types[0].type_id, 47);
    ck_assert_uint_eq(toll.types[0].calls, 3);
    ck_assert_uint_eq(toll.types[0].off_sum, 350 + 3 * 30);
    ck_assert_uint_eq(toll.types[0].off_max, 230);
    ck_assert_uint_eq(toll.types[1].type_id, 0);
    ck_assert_uint_eq(toll.types[1].calls, 1);
    ck_assert_uint_eq(toll.other_types.calls, 0);
}
END_TEST

START_TEST(types_without_room_are_lumped) {
    setup();
    for (uint32_t i = 0; i < TOLL_TYPES + 3; i++) {
        put(0, of_type(1000 + i, 10));
        put(1, of_type(2000 + i, 10));
    }
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.num_types, TOLL_TYPES);
    ck_assert_uint_eq(toll.other_types.calls, 3);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.num_types, TOLL_TYPES);
    ck_assert_uint_eq(toll.other_types.calls, TOLL_TYPES + 6);
    ck_assert_uint_eq(toll.other_types.off_max, 40);
}
END_TEST

START_TEST(refused_calls_have_a_type) {
    struct receipt refused = of_type(48, 999);
    refused.resource = RECEIPT_REFUSED;
    setup();
    put(0, of_type(47, 10));
    put(0, refused);
    cpus[0].refusals[SLOT]++;
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.off.count, 1);
    ck_assert_uint_eq(toll.refusals, 1);
    ck_assert_uint_eq(toll.num_worst, 1);
    ck_assert_uint_eq(toll.types[1].type_id, 48);
    ck_assert_uint_eq(toll.types[1].calls, 0);
    ck_assert_uint_eq(toll.types[1].refusals, 1);
    struct toll_receipt last;
    ck_assert_int_eq(tollgate_last_receipt(0, &last), 0);
    ck_assert_uint_eq(last.type_id, 47);
    reset_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.num_types, 0);
}
END_TEST

// --- room for receipts -------------------------------------------------------

START_TEST(fold_goes_by_batches) {
    setup();
    for (int i = 0; i < 20; i++) {
        put(0, plain(1));
    }
    ck_assert(tolls_fold_batch(&cpus[0]));
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 16);
    ck_assert(!tolls_fold_batch(&cpus[0]));
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 20);
    ck_assert(!tolls_fold_batch(&cpus[0]));
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 20);
}
END_TEST

START_TEST(room_is_used_again) {
    setup();
    for (int i = 0; i < 3 * RECEIPTS_MAX; i++) {
        put(0, plain((uint64_t)i));
        if (i % 200 == 199) {
            fold_all();
        }
    }
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 3 * RECEIPTS_MAX);
    ck_assert_uint_eq(toll.lost, 0);
    ck_assert_uint_eq(toll.hold.min, 0);
    ck_assert_uint_eq(toll.hold.max, 3 * RECEIPTS_MAX - 1);
}
END_TEST

START_TEST(full_room_loses_nothing) {
    setup();
    for (int i = 0; i < RECEIPTS_MAX; i++) {
        put(0, plain(1));
    }
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, RECEIPTS_MAX);
    ck_assert_uint_eq(toll.lost, 0);
}
END_TEST

// --- reading while it is written --------------------------------------------

#define RACE_MS 500
#define RACE_GAP 2000 // pauses in which a reader may get through
#define RACE_HOLD 70
#define RACE_OFF (RACE_HOLD + 30)

static atomic_bool race_over;

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool race_goes_on(uint64_t start) {
    return now_ms() - start < RACE_MS;
}

static void pause_often(int count) {
    for (int i = 0; i < count; i++) {
        __builtin_ia32_pause();
    }
}

// Count calls that all cost the same, now and then forget them all.
static void *fold_and_forget(void *unused) {
    for (int i = 1; !atomic_load(&race_over); i++) {
        put(0, plain(RACE_HOLD));
        while (tolls_fold_batch(&cpus[0])) {
        }
        if (i % 100 == 0) {
            tolls_reset_cpu(&cpus[0]);
        }
        if (i % 4 == 0) {
            pause_often(RACE_GAP);
        }
    }
    return unused;
}

START_TEST(readers_see_whole_accounts) {
    pthread_t writer;
    uint32_t read = 0;
    setup();
    uint64_t start = now_ms();
    atomic_store(&race_over, false);
    put(0, plain(RACE_HOLD));
    fold_all();
    ck_assert_int_eq(pthread_create(&writer, NULL, fold_and_forget, NULL), 0);
    while (race_goes_on(start) || read == 0) {
        if (tollgate_toll_read(SLOT, 0, &toll) < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            continue;
        }
        read++;
        ck_assert_uint_eq(toll.off.count, toll.calls);
        ck_assert_uint_eq(toll.off.sum, toll.calls * RACE_OFF);
        ck_assert_uint_eq(toll.hold.sum, toll.calls * RACE_HOLD);
        ck_assert_uint_eq(toll.wait.count, toll.calls);
        ck_assert_uint_eq(toll.types[0].off_sum, toll.calls * RACE_OFF);
        ck_assert_uint_eq(
            toll.num_worst, toll.calls < TOLL_WORST ? toll.calls : TOLL_WORST);
        for (uint32_t i = 0; i < toll.num_worst; i++) {
            ck_assert_uint_eq(toll.worst[i].hold, RACE_HOLD);
        }
    }
    atomic_store(&race_over, true);
    pthread_join(writer, NULL);
    ck_assert_uint_gt(read, 0);
}
END_TEST

// What the gate does: begins with the arrival, ends with the exit, each time as
// two halves (syscall/stamp.inc).
static void write_stamp(uint64_t *at, uint64_t value, bool upper_first) {
    _Atomic uint32_t *half = (_Atomic uint32_t *)(void *)at;
    uint32_t halves[] = {(uint32_t)value, (uint32_t)(value >> 32)};
    for (int i = 0; i < 2; i++) {
        int which = upper_first ? 1 - i : i;
        atomic_store_explicit(
            &half[which], halves[which], memory_order_release);
    }
}

// A call whose times are all made of one number, so that a mixed one shows. The
// lower halves wrap around between one call and the next.
#define RACE_STEP 0x80000001ul

static uint64_t race_time;

static void write_a_receipt(int signal) {
    (void)signal;
    struct receipt *receipt = (struct receipt *)cpus[0].receipts_base;
    race_time += RACE_STEP;
    write_stamp(&receipt->arrived, race_time, true);
    seqlock_set(&receipt->rip, race_time);
    seqlock_set(&receipt->result, race_time);
    write_stamp(&receipt->granted, race_time + 1, false);
    write_stamp(&receipt->released, race_time + 2, false);
    write_stamp(&receipt->left, race_time + 3, false);
}

static void interrupt_every_us(long us) {
    const struct itimerval timer = {{0, us}, {0, us}};
    ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

// A signal writes a whole receipt between any two instructions of the reader: a
// thread would seldom come in between on a busy machine.
START_TEST(receipts_are_read_whole) {
    uint32_t read = 0;
    setup();
    uint64_t start = now_ms();
    ((struct receipt *)cpus[0].receipts_base)->resource = RECEIPT_NO_RESOURCE;
    signal(SIGALRM, write_a_receipt);
    interrupt_every_us(50);
    while (race_goes_on(start) || read == 0) {
        struct toll_receipt receipt;
        if (tollgate_last_receipt(0, &receipt) < 0) {
            ck_assert_int_eq(errno, ENOENT);
            continue;
        }
        read++;
        ck_assert_uint_eq(receipt.arrived % RACE_STEP, 0);
        ck_assert_uint_eq(receipt.rip, receipt.arrived);
        ck_assert_uint_eq(receipt.result, receipt.arrived);
        ck_assert_uint_eq(receipt.granted, receipt.arrived + 1);
        ck_assert_uint_eq(receipt.released, receipt.arrived + 2);
        ck_assert_uint_eq(receipt.left, receipt.arrived + 3);
    }
    interrupt_every_us(0);
    ck_assert_uint_gt(read, 0);
}
END_TEST

// Each step of writing a receipt over an older one, `of` the times that it ends
// in, with a look in between: there is none, or the old one, or the new one.
static void look_at_each_step(uint64_t old, uint64_t new) {
    struct receipt *receipt = (struct receipt *)cpus[0].receipts_base;
    uint64_t *times[] = {
        &receipt->arrived, &receipt->granted, &receipt->released,
        &receipt->left};
    for (uint64_t i = 0; i < ARRAY_SIZE(times); i++) {
        *times[i] = old + i;
    }
    for (uint64_t i = 0; i < 2 * ARRAY_SIZE(times); i++) {
        uint32_t *half = (uint32_t *)(void *)times[i / 2];
        // Of the first time the upper half comes first.
        uint64_t which = i < 2 ? 1 - i % 2 : i % 2;
        half[which] = (uint32_t)((new + i / 2) >> 32 * which);
        struct toll_receipt seen;
        if (tollgate_last_receipt(0, &seen) == 0) {
            ck_assert(seen.arrived == old || seen.arrived == new);
            ck_assert_uint_eq(seen.granted, seen.arrived + 1);
            ck_assert_uint_eq(seen.released, seen.arrived + 2);
            ck_assert_uint_eq(seen.left, seen.arrived + 3);
        }
    }
    struct toll_receipt last;
    ck_assert_int_eq(tollgate_last_receipt(0, &last), 0);
    ck_assert_uint_eq(last.arrived, new);
}

START_TEST(half_written_receipts_are_none) {
    setup();
    ((struct receipt *)cpus[0].receipts_base)->resource = RECEIPT_NO_RESOURCE;
    look_at_each_step(100, 200);
    look_at_each_step(0xffffff00, 0x100000200);
    look_at_each_step(0x1ffffff00, 0x200000200);
    look_at_each_step(0x1ffffff00, 0x300000200);
    look_at_each_step(0x100000000, 0x1fffffffe);
}
END_TEST

START_TEST(accounts_under_change_are_not_read) {
    static struct toll_slot_account copy;
    setup();
    put(0, plain(1));
    fold_all();
    struct toll_cpu_account *cpu = toll_area_at(toll_area()->cpus[0].account);
    struct toll_slot_account *account = toll_area_at(cpu->slots[SLOT]);
    ck_assert(seqlock_copy(&copy, &account->sequence, sizeof(copy)));
    seqlock_begin(&account->sequence);
    ck_assert(!seqlock_copy(&copy, &account->sequence, sizeof(copy)));
    ck_assert_int_eq(tollgate_toll_read(SLOT, 0, &toll), -1);
    ck_assert_int_eq(errno, EAGAIN);
    seqlock_end(&account->sequence);
    read_slot(SLOT, 0);
}
END_TEST

START_TEST(last_receipt_is_the_last) {
    struct toll_receipt receipt;
    struct toll_receipt receipts[RECEIPTS_MAX];
    setup();
    ck_assert_int_eq(tollgate_last_receipt(0, &receipt), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(tollgate_last_receipt(NUM_CPUS, &receipt), -1);
    ck_assert_int_eq(errno, EINVAL);
    for (uint64_t i = 1; i <= 1000; i++) {
        struct receipt call = plain(5);
        call.arrived = 100 * i;
        call.granted = call.arrived + 1;
        call.released = call.arrived + 2;
        call.left = call.arrived + 3;
        put(0, call);
        // What the next call has begun, a refused one perhaps, is no receipt.
        ((struct receipt *)cpus[0].receipt)->arrived = call.left + 1;
        ck_assert_int_eq(tollgate_last_receipt(0, &receipt), 0);
        ck_assert_uint_eq(receipt.arrived, call.arrived);
        ((struct receipt *)cpus[0].receipt)->arrived = 0;
        if (i % RECEIPTS_FOLD_AT == 0 || i == 777) {
            fold_all();
            ck_assert_int_eq(tollgate_last_receipt(0, &receipt), 0);
            ck_assert_uint_eq(receipt.arrived, call.arrived);
        }
    }
    int count = tollgate_last_receipts(0, receipts);
    ck_assert_int_gt(count, 100);
    ck_assert_uint_eq(receipts[count - 1].arrived, 100 * 1000);
    for (int i = 1; i < count; i++) {
        ck_assert_uint_gt(receipts[i].arrived, receipts[i - 1].arrived);
    }
}
END_TEST

// --- refusals, forgetting, memory -------------------------------------------

START_TEST(refusals_are_noted) {
    setup();
    cpus[0].refusals[SLOT] = 3;
    cpus[2].refusals[SLOT] = 4;
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.refusals, 3);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.refusals, 7);
    ck_assert_uint_eq(toll.calls, 0);
    reset_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.refusals, 0);
    cpus[0].refusals[SLOT]++;
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.refusals, 1);
}
END_TEST

START_TEST(reset_forgets_what_is_folded) {
    static const struct toll nothing;
    setup();
    put_run(0, 10, 3, 1);
    for (int i = 0; i < RECEIPTS_MAX; i++) {
        put(1, waited(1, 5));
    }
    fold_all();
    put(1, plain(66)); // not folded yet
    reset_all();
    put(1, plain(77));
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_mem_eq(&toll, &nothing, sizeof(toll));
    read_shared(2);
    ck_assert_uint_eq(shared.grants, 0);
    ck_assert_uint_eq(shared.longest_run, 0);
    ck_assert_uint_eq(shared.bound, 0);
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.worst[0].hold, 77);
    put_run(0, 13, 1, 1); // the run before is forgotten too
    check_longest_run(1);
}
END_TEST

START_TEST(one_slot_is_forgotten) {
    static const struct toll nothing;
    struct receipt other = plain(5);
    other.slot = BUDGET_SLOT;
    setup();
    put(0, plain(1));
    put(1, plain(2));
    put(1, other);
    cpus[0].refusals[SLOT] = 3;
    cpus[0].refusals[BUDGET_SLOT] = 4;
    fold_all();
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        tolls_forget(&cpus[i], SLOT);
    }
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_mem_eq(&toll, &nothing, sizeof(toll));
    read_slot(BUDGET_SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.refusals, 4);
    put(1, plain(7));
    cpus[0].refusals[SLOT]++;
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.worst[0].hold, 7);
    ck_assert_uint_eq(toll.refusals, 1);
}
END_TEST

START_TEST(no_memory_for_a_cpu) {
    struct percpu another = {.cpu_id = NUM_CPUS};
    setup();
    allocations_left = 1;
    ck_assert(!tolls_create_cpu(&another));
    ck_assert_uint_eq(toll_area()->cpus[NUM_CPUS].account, 0);
    read_slot(SLOT, NUM_CPUS);
    ck_assert_uint_eq(toll.calls, 0);
}
END_TEST

START_TEST(no_memory_for_long) {
    setup();
    allocations_left = 0;
    for (int i = 0; i < 200; i++) {
        put(0, plain(1));
        if (i % 50 == 49) {
            fold_all();
        }
    }
    allocations_left = 1000;
    for (int i = 0; i < 36; i++) {
        put(0, plain(1));
    }
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 36);
    ck_assert_uint_eq(toll.lost, 200);
    read_slot(SLOT + 1, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.lost, 200);
}
END_TEST

START_TEST(no_memory_for_a_slot) {
    setup();
    put(0, waited(0, 0));
    allocations_left = 1;
    fold_all();
    allocations_left = 1000;
    put(0, waited(1, 1));
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.lost, 1);
}
END_TEST

START_TEST(another_version_is_refused) {
    setup();
    toll_area()->version++;
    ck_assert_int_eq(tollgate_toll_read(SLOT, 0, &toll), -1);
    ck_assert_int_eq(errno, ENOSYS);
    toll_area()->version--;
    toll_area()->magic++;
    ck_assert(!tollgate_tolls());
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nothing_called_nothing_counted,
        unknown_slots_and_cpus_are_refused,
        call_without_resource,
        call_with_resource,
        slots_are_apart,
        all_cpus_are_the_sum,
        worst_is_the_longest_off,
        overrun_is_above_the_budget,
        counters_of_two_cpus_may_differ,
        overtakes,
        worst_knows_its_overtakes,
        run_while_another_waits,
        run_ends_at_a_gap,
        run_needs_somebody_who_waits,
        run_wraps_around,
        resource_of_all_cpus,
        handover_of_a_free_lock_begins_with_the_arrival,
        queues_by_length,
        queues_wrap_around,
        calls_within_the_bound_break_none,
        one_cycle_above_the_bound_of_a_length,
        calls_above_the_bound_are_counted,
        causes_are_folded_after_their_effects,
        another_lock_begins_anew,
        the_longest_are_kept_in_order,
        types_are_told_apart,
        types_without_room_are_lumped,
        refused_calls_have_a_type,
        fold_goes_by_batches,
        room_is_used_again,
        full_room_loses_nothing,
        readers_see_whole_accounts,
        receipts_are_read_whole,
        half_written_receipts_are_none,
        accounts_under_change_are_not_read,
        last_receipt_is_the_last,
        refusals_are_noted,
        reset_forgets_what_is_folded,
        one_slot_is_forgotten,
        no_memory_for_a_cpu,
        no_memory_for_long,
        no_memory_for_a_slot,
        another_version_is_refused,
    };
    return SUITE_RUN("tolls", tests);
}
