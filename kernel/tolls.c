// SPDX-License-Identifier: MIT
// See tolls.h. Each CPU has an account, which it alone folds into, under the
// account's lock, because others read it. What a slot needs is allocated with
// its first receipt on a CPU: most slots are never called on most CPUs.
#include "kernel/tolls.h"

#include <stdatomic.h>

#include "callouts/syspage.h"
#include "kernel/base/histogram.h"
#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/receipt.h"
#include "kernel/spinlock.h"

// Receipts that are folded with interrupts off at a time.
#define FOLD_BATCH 16
#define PERMILLE_MEDIAN 500
#define PERMILLE_P99 990

// One slot on one CPU. [l] the account's lock, all of it.
struct slot_account {
    uint64_t calls;
    uint64_t overruns;
    uint64_t overtaken;
    uint64_t overtakes;
    uint64_t max_overtakes;
    struct receipt worst; // the longest with interrupts off, if calls > 0
    struct histogram wait;
    struct histogram hold;
    struct histogram off;
};

// One resource on one CPU. [l] the account's lock, all of it.
struct resource_account {
    uint64_t grants;
    uint64_t max_hold;
    uint64_t max_handover;
    uint64_t max_wait;
    uint64_t longest_run;
    uint64_t run;        // the one that goes on
    uint32_t next_entry; // that continues it
};

// [i] set when it is made  [l] this lock
struct account {
    struct spinlock lock;
    struct slot_account *slots[CALLOUT_SLOTS];        // [l] NULL: never called
    struct resource_account resources[MAX_RESOURCES]; // [l]
    uint64_t refusals[CALLOUT_SLOTS];                 // [l] as last noted
    uint64_t refusals_forgotten[CALLOUT_SLOTS];       // [l] at the last reset
    uint64_t lost;                                    // [l]
};

// [a] made by its own CPU. The release when it is published pairs with the
// acquire in account_of().
static _Atomic(struct account *) accounts[MAX_CPUS];
static const struct custom_entry *custom; // [i]

void tolls_init(const struct syspage_entry *syspage) {
    custom = SYSPAGE_ENTRY(syspage, custom);
}

// --- figures of one receipt -------------------------------------------------

// Readings of two CPUs' counters can lie the wrong way round by what the
// counters differ.
static cycles_t elapsed(cycles_t from, cycles_t to) {
    return to > from ? to - from : 0;
}

static cycles_t receipt_wait(const struct receipt *receipt) {
    return elapsed(receipt->queued, receipt->granted);
}

static cycles_t receipt_hold(const struct receipt *receipt) {
    return elapsed(receipt->granted, receipt->released);
}

static cycles_t receipt_off(const struct receipt *receipt) {
    return elapsed(receipt->arrived, receipt->left);
}

// How long the grant took once nothing stood in its way: the lock had been
// asked for and was released. That a lock found free counts too is what makes
// the bound one: whoever stands behind this caller waits for it as well.
static cycles_t receipt_handover(const struct receipt *receipt) {
    cycles_t ready = receipt->prev_release > receipt->queued
                         ? receipt->prev_release
                         : receipt->queued;
    return elapsed(ready, receipt->granted);
}

// How far the number `a` is ahead of `b`; both wrap around at 32 bits.
static uint32_t ahead(uint64_t a, uint64_t b) {
    int32_t difference = (int32_t)((uint32_t)a - (uint32_t)b);
    return difference > 0 ? (uint32_t)difference : 0;
}

// Later arrivals that were served before this one. `entry` calls were served
// before; no more than `ticket` of them came before: the rest came after. With
// a FIFO lock exactly 0; with others a lower bound, which counts no overtaker
// that an earlier arrival, still waiting, makes up for.
static uint32_t receipt_overtakes(const struct receipt *receipt) {
    return ahead(receipt->entry, receipt->ticket);
}

// Calls that had arrived and were neither served nor this one.
static uint32_t receipt_waiting(const struct receipt *receipt) {
    return ahead(receipt->arrivals, receipt->entry + 1);
}

// --- folding ----------------------------------------------------------------

static void max_update(uint64_t *max, uint64_t value) {
    if (value > *max) {
        *max = value;
    }
}

static struct account *account_of(cpu_id_t cpu) {
    return atomic_load_explicit(&accounts[cpu], memory_order_acquire);
}

// This CPU's account, made if need be; NULL without memory.
static struct account *account_make(cpu_id_t cpu) {
    struct account *account = account_of(cpu);
    if (account != NULL) {
        return account;
    }
    account = kalloc(sizeof(*account));
    if (account != NULL) {
        account->lock.name = "tolls";
        atomic_store_explicit(&accounts[cpu], account, memory_order_release);
    }
    return account;
}

static void fold_slot(
    struct slot_account *account, const struct receipt *receipt,
    uint32_t budget) {
    cycles_t hold = receipt_hold(receipt);
    uint32_t overtakes = receipt_overtakes(receipt);
    if (account->calls == 0 ||
        receipt_off(receipt) > receipt_off(&account->worst)) {
        account->worst = *receipt;
    }
    account->calls++;
    account->overruns += budget != 0 && hold > budget;
    account->overtaken += overtakes != 0;
    account->overtakes += overtakes;
    max_update(&account->max_overtakes, overtakes);
    histogram_add(&account->wait, receipt_wait(receipt));
    histogram_add(&account->hold, hold);
    histogram_add(&account->off, receipt_off(receipt));
}

// A run is of grants with consecutive numbers to one CPU, each while another
// call waited.
static void fold_run(
    struct resource_account *account, const struct receipt *receipt) {
    uint32_t entry = (uint32_t)receipt->entry;
    if (receipt_waiting(receipt) == 0) {
        account->run = 0;
        return;
    }
    bool goes_on = account->run != 0 && account->next_entry == entry;
    account->run = goes_on ? account->run + 1 : 1;
    account->next_entry = entry + 1;
    max_update(&account->longest_run, account->run);
}

static void fold_resource(
    struct resource_account *account, const struct receipt *receipt) {
    account->grants++;
    max_update(&account->max_hold, receipt_hold(receipt));
    max_update(&account->max_handover, receipt_handover(receipt));
    max_update(&account->max_wait, receipt_wait(receipt));
    fold_run(account, receipt);
}

// Count one receipt; false if there is no memory for it.
static bool fold_receipt(
    struct account *account, const struct receipt *receipt) {
    struct slot_account **slot = &account->slots[receipt->slot];
    if (*slot == NULL) {
        *slot = kalloc(sizeof(**slot));
    }
    if (receipt->resource < MAX_RESOURCES) {
        fold_resource(&account->resources[receipt->resource], receipt);
    }
    if (*slot == NULL) {
        return false;
    }
    fold_slot(*slot, receipt, custom->slots[receipt->slot].budget_cycles);
    return true;
}

// How many receipts there are, folded or not.
static uint32_t written(const struct percpu *cpu) {
    return (uint32_t)((cpu->receipt - cpu->receipts_base) / RECEIPT_SIZE);
}

// Begin again where all are folded.
static void start_over(struct percpu *cpu) {
    cpu->receipt = cpu->receipts_base;
    cpu->receipts_folded = 0;
}

// What the entry leaves out.
static void complete(struct receipt *receipt, cpu_id_t cpu) {
    receipt->cpu = cpu;
    if (receipt->resource == RECEIPT_NO_RESOURCE) {
        receipt->queued = receipt->granted;
        receipt->prev_release = 0;
        receipt->ticket = 0;
        receipt->entry = 0;
        receipt->arrivals = 0;
    }
}

static void fold_some(struct account *account, struct percpu *cpu) {
    struct receipt *receipts = (struct receipt *)cpu->receipts_base;
    uint32_t count = written(cpu);
    for (uint32_t i = 0; i < FOLD_BATCH && cpu->receipts_folded != count; i++) {
        struct receipt *receipt = &receipts[cpu->receipts_folded++];
        complete(receipt, cpu->cpu_id);
        cpu->receipts_lost += !fold_receipt(account, receipt);
    }
    account->lost += cpu->receipts_lost;
    cpu->receipts_lost = 0;
    memcpy(account->refusals, cpu->refusals, sizeof(account->refusals));
}

bool tolls_fold_batch(struct percpu *cpu) {
    struct account *account = account_make(cpu->cpu_id);
    if (account == NULL) {
        if (cpu->receipt >= cpu->receipts_fold) { // no room to wait any more
            cpu->receipts_lost += written(cpu) - cpu->receipts_folded;
            start_over(cpu);
        }
        return false;
    }
    bool irq = spin_lock(&account->lock);
    fold_some(account, cpu);
    spin_unlock(&account->lock, irq);
    if (cpu->receipts_folded != written(cpu)) {
        return true;
    }
    start_over(cpu);
    return false;
}

void tolls_fold(void) {
    // As many as can be there now; who calls meanwhile folds for itself.
    for (uint32_t i = 0; i < RECEIPTS_MAX; i += FOLD_BATCH) {
        bool irq = irq_save();
        bool more = tolls_fold_batch(this_cpu());
        irq_restore(irq);
        if (!more) {
            return;
        }
    }
}

// --- reading ----------------------------------------------------------------

static void slot_merge(
    struct slot_account *to, const struct slot_account *from) {
    if (from->calls != 0 && (to->calls == 0 || receipt_off(&from->worst) >
                                                   receipt_off(&to->worst))) {
        to->worst = from->worst;
    }
    to->calls += from->calls;
    to->overruns += from->overruns;
    to->overtaken += from->overtaken;
    to->overtakes += from->overtakes;
    max_update(&to->max_overtakes, from->max_overtakes);
    histogram_merge(&to->wait, &from->wait);
    histogram_merge(&to->hold, &from->hold);
    histogram_merge(&to->off, &from->off);
}

static void read_distribution(
    struct toll_distribution *to, const struct histogram *from) {
    to->count = from->count;
    to->sum = from->sum;
    to->min = from->min;
    to->median = histogram_quantile(from, PERMILLE_MEDIAN);
    to->p99 = histogram_quantile(from, PERMILLE_P99);
    to->max = from->max;
}

static void read_receipt(struct toll_receipt *to, const struct receipt *from) {
    to->arrived = from->arrived;
    to->wait = receipt_wait(from);
    to->hold = receipt_hold(from);
    to->off = receipt_off(from);
    to->result = from->result;
    to->rip = from->rip;
    to->ticket = from->ticket;
    to->entry = from->entry;
    to->cpu = from->cpu;
    to->slot = from->slot;
    to->type_id = from->type_id;
    to->overtakes = receipt_overtakes(from);
}

static void read_slot(struct toll *to, const struct slot_account *from) {
    to->calls = from->calls;
    to->overruns = from->overruns;
    to->overtaken = from->overtaken;
    to->overtakes = from->overtakes;
    to->max_overtakes = from->max_overtakes;
    read_distribution(&to->wait, &from->wait);
    read_distribution(&to->hold, &from->hold);
    read_distribution(&to->off, &from->off);
    if (from->calls != 0) {
        read_receipt(&to->worst, &from->worst);
    }
}

// Add one CPU's figures: the counted ones to `sum`, the others to `toll`.
static void add_account(
    struct toll *toll, struct slot_account *sum, struct account *account,
    uint32_t slot) {
    bool irq = spin_lock(&account->lock);
    toll->refusals +=
        account->refusals[slot] - account->refusals_forgotten[slot];
    toll->lost += account->lost;
    if (account->slots[slot] != NULL) {
        slot_merge(sum, account->slots[slot]);
    }
    spin_unlock(&account->lock, irq);
}

int tolls_read(uint32_t slot, uint32_t cpu, struct toll *toll) {
    if (slot >= CALLOUT_SLOTS || (cpu >= MAX_CPUS && cpu != TOLL_ALL_CPUS)) {
        return -EINVAL;
    }
    struct slot_account *sum = kalloc(sizeof(*sum));
    if (sum == NULL) {
        return -ENOMEM;
    }
    memset(toll, 0, sizeof(*toll));
    for (cpu_id_t i = 0; i < MAX_CPUS; i++) {
        struct account *account = account_of(i);
        if (account != NULL && (cpu == i || cpu == TOLL_ALL_CPUS)) {
            add_account(toll, sum, account, slot);
        }
    }
    read_slot(toll, sum);
    kfree(sum);
    return 0;
}

static void add_resource(
    struct toll_resource *to, const struct resource_account *from) {
    to->grants += from->grants;
    max_update(&to->max_hold, from->max_hold);
    max_update(&to->max_handover, from->max_handover);
    max_update(&to->max_wait, from->max_wait);
    max_update(&to->longest_run, from->longest_run);
}

int tolls_resource(
    uint32_t resource, uint32_t cpus_up, struct toll_resource *toll) {
    if (resource >= custom->num_resources || resource >= MAX_RESOURCES) {
        return -EINVAL;
    }
    memset(toll, 0, sizeof(*toll));
    for (cpu_id_t i = 0; i < MAX_CPUS; i++) {
        struct account *account = account_of(i);
        if (account != NULL) {
            bool irq = spin_lock(&account->lock);
            add_resource(toll, &account->resources[resource]);
            spin_unlock(&account->lock, irq);
        }
    }
    toll->bound = (cpus_up - 1) * toll->max_hold + cpus_up * toll->max_handover;
    toll->cpus = cpus_up;
    toll->lock_kind = custom->resources[resource].lock_kind;
    return 0;
}

// --- forgetting -------------------------------------------------------------

static void account_reset(struct account *account) {
    bool irq = spin_lock(&account->lock);
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        account->refusals_forgotten[slot] = account->refusals[slot];
        if (account->slots[slot] != NULL) {
            memset(account->slots[slot], 0, sizeof(*account->slots[slot]));
        }
    }
    memset(account->resources, 0, sizeof(account->resources));
    account->lost = 0;
    spin_unlock(&account->lock, irq);
}

void tolls_reset(void) {
    for (cpu_id_t i = 0; i < MAX_CPUS; i++) {
        struct account *account = account_of(i);
        if (account != NULL) {
            account_reset(account);
        }
    }
}

static void account_forget(struct account *account, uint32_t slot) {
    bool irq = spin_lock(&account->lock);
    account->refusals_forgotten[slot] = account->refusals[slot];
    kfree(account->slots[slot]);
    account->slots[slot] = NULL;
    spin_unlock(&account->lock, irq);
}

void tolls_forget(uint32_t slot) {
    for (cpu_id_t i = 0; i < MAX_CPUS; i++) {
        if (account_of(i) != NULL) {
            account_forget(account_of(i), slot);
        }
    }
}
