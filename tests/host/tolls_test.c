// SOURCES: kernel/tolls.c kernel/base/histogram.c
// SPDX-License-Identifier: MIT
// The accounting of tolls, from receipts made by hand. Memory and locks of the
// kernel are stood in for: the one can run out, the others must balance.
#include "kernel/tolls.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/receipt.h"
#include "kernel/spinlock.h"
#include "tests/host/suite.h"

#define NUM_CPUS 3
#define SLOT 4
#define BUDGET_SLOT 5
#define RESOURCE 1
#define BUDGET 1000

// --- stand-ins --------------------------------------------------------------

static int allocations_left = 1000;
static int locks_held;

void *kalloc(size_t size) {
    return allocations_left-- > 0 ? calloc(1, size) : NULL;
}

void kfree(void *object) {
    free(object);
}

bool spin_lock(struct spinlock *lock) {
    ck_assert(ticket_trylock(&lock->ticket));
    locks_held++;
    return false;
}

void spin_unlock(struct spinlock *lock, bool irq) {
    ck_assert(!irq);
    ticket_unlock(&lock->ticket);
    locks_held--;
}

// --- a machine --------------------------------------------------------------

static struct {
    struct syspage_entry entry;
    struct custom_entry custom;
} page;
static struct percpu cpus[NUM_CPUS];
static struct receipt receipts[NUM_CPUS][RECEIPTS_MAX];
static struct toll toll;
static struct toll_resource shared;

static void setup(void) {
    page.entry.custom.offset = (uint32_t)((char *)&page.custom - (char *)&page);
    page.entry.custom.size = sizeof(page.custom);
    page.custom.num_resources = RESOURCE + 1;
    page.custom.resources[RESOURCE].lock_kind = LOCK_TTAS;
    page.custom.slots[BUDGET_SLOT].budget_cycles = BUDGET;
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        cpus[i].cpu_id = i;
        cpus[i].receipts_base = (uintptr_t)receipts[i];
        cpus[i].receipts_fold = (uintptr_t)&receipts[i][RECEIPTS_FOLD_AT];
        cpus[i].receipt = cpus[i].receipts_base;
    }
    tolls_init(&page.entry);
}

static void put(uint32_t cpu, struct receipt receipt) {
    receipt.cpu = 0xdead; // the entry does not write it
    struct receipt *next = (struct receipt *)cpus[cpu].receipt;
    ck_assert(next < &receipts[cpu][RECEIPTS_MAX]);
    *next = receipt;
    cpus[cpu].receipt += RECEIPT_SIZE;
}

static void fold_all(void) {
    for (uint32_t i = 0; i < NUM_CPUS; i++) {
        while (tolls_fold_batch(&cpus[i])) {
        }
    }
    ck_assert_int_eq(locks_held, 0);
}

static void read_slot(uint32_t slot, uint32_t cpu) {
    ck_assert_int_eq(tolls_read(slot, cpu, &toll), 0);
    ck_assert_int_eq(locks_held, 0);
}

static void read_shared(uint32_t cpus_up) {
    ck_assert_int_eq(tolls_resource(RESOURCE, cpus_up, &shared), 0);
    ck_assert_int_eq(locks_held, 0);
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
    ck_assert_int_eq(tolls_read(CALLOUT_SLOTS, 0, &toll), -EINVAL);
    ck_assert_int_eq(tolls_read(0, MAX_CPUS, &toll), -EINVAL);
    ck_assert_int_eq(tolls_read(0, MAX_CPUS - 1, &toll), 0);
    ck_assert_int_eq(tolls_resource(RESOURCE + 1, 1, &shared), -EINVAL);
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
    ck_assert_uint_eq(toll.worst.arrived, 10000);
    ck_assert_uint_eq(toll.worst.wait, 0);
    ck_assert_uint_eq(toll.worst.hold, 500);
    ck_assert_uint_eq(toll.worst.off, 530);
    ck_assert_uint_eq(toll.worst.result, 7);
    ck_assert_uint_eq(toll.worst.rip, 0x401000);
    ck_assert_uint_eq(toll.worst.cpu, 1);
    ck_assert_uint_eq(toll.worst.slot, SLOT);
    ck_assert_uint_eq(toll.worst.type_id, 47);
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
    ck_assert_uint_eq(toll.worst.ticket, 9);
    ck_assert_uint_eq(toll.worst.entry, 9);
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
    ck_assert_uint_le(toll.hold.median, 200 + 200 / 16);
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
    ck_assert_uint_eq(toll.worst.hold, 900);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.worst.hold, 901);
    ck_assert_uint_eq(toll.worst.cpu, 2);
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
    ck_assert_uint_eq(toll.worst.overtakes, 3);
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

START_TEST(run_while_another_waits) {
    setup();
    put_run(0, 10, 1, 2);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 1);
    put_run(0, 11, 3, 2);
    put_run(1, 14, 2, 1);
    put_run(0, 16, 1, 1);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 4);
}
END_TEST

START_TEST(run_ends_at_a_gap) {
    setup();
    put_run(0, 10, 2, 1);
    put_run(0, 13, 2, 1);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 2);
}
END_TEST

START_TEST(run_needs_somebody_who_waits) {
    setup();
    put_run(0, 10, 5, 0);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 0);
    put_run(0, 15, 2, 1);
    put_run(0, 17, 1, 0);
    put_run(0, 18, 1, 1);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 2);
}
END_TEST

START_TEST(run_wraps_around) {
    setup();
    put_run(0, UINT32_MAX, 1, 1);
    put_run(0, 0, 1, 1);
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 2);
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

START_TEST(handover_of_a_free_lock_begins_with_the_question) {
    setup();
    struct receipt receipt = waited(0, 0);
    receipt.prev_release = 0;
    put(0, receipt);
    fold_all();
    read_shared(1);
    ck_assert_uint_eq(shared.max_handover, 200);
    receipt.queued = 19000;
    receipt.prev_release = 19005; // released just after
    put(0, receipt);
    fold_all();
    read_shared(1);
    ck_assert_uint_eq(shared.max_handover, 1215);
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
    tolls_reset();
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
    put(1, plain(77)); // not folded yet
    tolls_reset();
    ck_assert_int_eq(locks_held, 0);
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_mem_eq(&toll, &nothing, sizeof(toll));
    read_shared(2);
    ck_assert_uint_eq(shared.grants, 0);
    ck_assert_uint_eq(shared.longest_run, 0);
    ck_assert_uint_eq(shared.bound, 0);
    fold_all();
    read_slot(SLOT, TOLL_ALL_CPUS);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.worst.hold, 77);
    put_run(0, 13, 1, 1); // the run before is forgotten too
    fold_all();
    read_shared(2);
    ck_assert_uint_eq(shared.longest_run, 1);
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
    tolls_forget(SLOT);
    ck_assert_int_eq(locks_held, 0);
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
    ck_assert_uint_eq(toll.worst.hold, 7);
    ck_assert_uint_eq(toll.refusals, 1);
}
END_TEST

START_TEST(no_memory_for_an_account) {
    setup();
    put(0, plain(1));
    allocations_left = 0;
    ck_assert(!tolls_fold_batch(&cpus[0]));
    allocations_left = 1000;
    fold_all();
    read_slot(SLOT, 0);
    ck_assert_uint_eq(toll.calls, 1);
    ck_assert_uint_eq(toll.lost, 0);
}
END_TEST

START_TEST(no_memory_for_long) {
    setup();
    allocations_left = 0;
    for (int i = 0; i < RECEIPTS_FOLD_AT + 44; i++) {
        put(0, plain(1));
        if (i % 50 == 49) {
            ck_assert(!tolls_fold_batch(&cpus[0]));
        }
    }
    allocations_left = 1000;
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

START_TEST(no_memory_to_read) {
    setup();
    allocations_left = 0;
    ck_assert_int_eq(tolls_read(SLOT, 0, &toll), -ENOMEM);
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
        handover_of_a_free_lock_begins_with_the_question,
        fold_goes_by_batches,
        room_is_used_again,
        full_room_loses_nothing,
        refusals_are_noted,
        reset_forgets_what_is_folded,
        one_slot_is_forgotten,
        no_memory_for_an_account,
        no_memory_for_long,
        no_memory_for_a_slot,
        no_memory_to_read,
    };
    return SUITE_RUN("tolls", tests);
}
