// SPDX-License-Identifier: MIT
// See tolls.h. Each CPU has an account, which it alone folds into, with
// interrupts off; programs read it at any time (kernel/base/seqlock.h). What a
// slot or a resource needs is made with its first receipt on a CPU: most slots
// are never called on most CPUs.
#include "kernel/tolls.h"

#include "callouts/syspage.h"
#include "kernel/base/seqlock.h"
#include "kernel/base/string.h"
#include "kernel/receipt.h"
#include "kernel/toll_area.h"
#include "smp/irq.h"

// Receipts that are folded with interrupts off at a time.
#define FOLD_BATCH 16

_Static_assert(TOLL_CPUS == MAX_CPUS, "the directory has all CPUs");

static const struct custom_entry *custom; // [i]

void tolls_init(const struct syspage_entry *syspage) {
    custom = SYSPAGE_ENTRY(syspage, custom);
}

bool tolls_create_cpu(struct percpu *cpu) {
    uint64_t account;
    uint64_t receipts;
    if (toll_area_alloc(sizeof(struct toll_cpu_account), &account) == NULL ||
        toll_area_alloc(RECEIPTS_MAX * RECEIPT_SIZE, &receipts) == NULL) {
        return false;
    }
    struct toll_area_cpu *entry = &toll_area()->cpus[cpu->cpu_id];
    seqlock_set(&entry->receipts, receipts);
    seqlock_set(&entry->account, account);
    cpu->receipts_base = (uintptr_t)toll_area_at(receipts);
    cpu->receipts_fold = cpu->receipts_base + RECEIPTS_FOLD_AT * RECEIPT_SIZE;
    cpu->receipt = cpu->receipts_base;
    return true;
}

// --- accounts ---------------------------------------------------------------

static struct toll_cpu_account *account_of(const struct percpu *cpu) {
    return toll_area_at(toll_area()->cpus[cpu->cpu_id].account);
}

// The account whose offset is *place, made if need be; NULL without memory.
static void *account_make(uint64_t *place, size_t size) {
    if (*place != 0) {
        return toll_area_at(*place);
    }
    uint64_t offset;
    void *account = toll_area_alloc(size, &offset);
    if (account != NULL) {
        seqlock_set(place, offset);
    }
    return account;
}

// Forget all of an account of `size` bytes, but its sequence.
static void account_clear(uint64_t *sequence, size_t size) {
    seqlock_begin(sequence);
    seqlock_clear(sequence + 1, size - sizeof(*sequence));
    seqlock_end(sequence);
}

// --- folding ----------------------------------------------------------------

// Keep the receipt if it is one of the longest off.
static void fold_worst(
    struct toll_slot_account *account, const struct receipt *receipt) {
    uint64_t at = account->num_worst;
    while (at > 0 &&
           receipt_off(receipt) > receipt_off(&account->worst[at - 1])) {
        at--;
    }
    if (at == TOLL_WORST) {
        return;
    }
    if (account->num_worst < TOLL_WORST) {
        seqlock_add(&account->num_worst, 1);
    }
    for (uint64_t i = account->num_worst - 1; i > at; i--) {
        seqlock_set_all(
            &account->worst[i], &account->worst[i - 1], sizeof(*receipt));
    }
    seqlock_set_all(&account->worst[at], receipt, sizeof(*receipt));
}

// Where the calls of a type are counted: the first ones each by itself.
static struct toll_type *type_of(
    struct toll_slot_account *account, uint32_t type_id) {
    for (uint64_t i = 0; i < account->num_types; i++) {
        if (account->types[i].type_id == type_id) {
            return &account->types[i];
        }
    }
    if (account->num_types == TOLL_TYPES) {
        return &account->other_types;
    }
    struct toll_type *type = &account->types[account->num_types];
    seqlock_set(&type->type_id, type_id);
    seqlock_add(&account->num_types, 1);
    return type;
}

static void fold_type(
    struct toll_type *type, const struct receipt *receipt, bool overrun) {
    seqlock_add(&type->calls, 1);
    seqlock_add(&type->overruns, overrun);
    seqlock_add(&type->off_sum, receipt_off(receipt));
    seqlock_max(&type->off_max, receipt_off(receipt));
}

static void fold_slot(
    struct toll_slot_account *account, const struct receipt *receipt,
    uint32_t budget) {
    uint64_t hold = receipt_hold(receipt);
    uint32_t overtakes = receipt_overtakes(receipt);
    bool overrun = budget != 0 && hold > budget;
    seqlock_begin(&account->sequence);
    seqlock_add(&account->calls, 1);
    seqlock_add(&account->overruns, overrun);
    seqlock_add(&account->overtaken, overtakes != 0);
    seqlock_add(&account->overtakes, overtakes);
    seqlock_max(&account->max_overtakes, overtakes);
    fold_worst(account, receipt);
    fold_type(type_of(account, receipt->type_id), receipt, overrun);
    histogram_add(&account->wait, receipt_wait(receipt));
    histogram_add(&account->hold, hold);
    histogram_add(&account->off, receipt_off(receipt));
    seqlock_end(&account->sequence);
}

// A run is of grants with consecutive numbers to one CPU, each while another
// call waited.
static void fold_run(
    struct toll_resource_account *account, const struct receipt *receipt) {
    uint32_t entry = receipt->entry;
    if (receipt_waiting(receipt) == 0) {
        seqlock_set(&account->run, 0);
        return;
    }
    bool goes_on = account->run != 0 && account->next_entry == entry;
    seqlock_set(&account->run, goes_on ? account->run + 1 : 1);
    seqlock_set(&account->next_entry, (uint32_t)(entry + 1));
    seqlock_max(&account->longest_run, account->run);
}

static void fold_queue(struct toll_queue *queue, uint64_t wait) {
    seqlock_add(&queue->calls, 1);
    seqlock_add(&queue->wait_sum, wait);
    seqlock_max(&queue->wait_max, wait);
}

static void fold_resource(
    struct toll_resource_account *account, const struct receipt *receipt) {
    uint64_t wait = receipt_wait(receipt);
    seqlock_begin(&account->sequence);
    seqlock_add(&account->grants, 1);
    seqlock_max(&account->max_hold, receipt_hold(receipt));
    seqlock_max(&account->max_handover, receipt_handover(receipt));
    seqlock_max(&account->max_wait, wait);
    histogram_add(&account->wait, wait);
    fold_queue(&account->queues[receipt_queue(receipt) % TOLL_CPUS], wait);
    fold_run(account, receipt);
    seqlock_end(&account->sequence);
}

// A call that was refused is one of its type's and nothing else.
static void fold_refusal(struct toll_slot_account *account, uint32_t type_id) {
    seqlock_begin(&account->sequence);
    seqlock_add(&type_of(account, type_id)->refusals, 1);
    seqlock_end(&account->sequence);
}

// Count one receipt; false if there is no memory for it.
static bool fold_receipt(
    struct toll_cpu_account *account, const struct receipt *receipt) {
    struct toll_slot_account *slot =
        account_make(&account->slots[receipt->slot], sizeof(*slot));
    struct toll_resource_account *resource = NULL;
    bool shared = receipt->resource < MAX_RESOURCES;
    if (shared) {
        resource = account_make(
            &account->resources[receipt->resource], sizeof(*resource));
    }
    if (slot == NULL || (shared && resource == NULL)) {
        return false;
    }
    if (receipt->resource == RECEIPT_REFUSED) {
        fold_refusal(slot, receipt->type_id);
        return true;
    }
    if (shared) {
        fold_resource(resource, receipt);
    }
    fold_slot(slot, receipt, custom->slots[receipt->slot].budget_cycles);
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

static void fold_some(struct toll_cpu_account *account, struct percpu *cpu) {
    const struct receipt *receipts = (struct receipt *)cpu->receipts_base;
    uint32_t count = written(cpu);
    uint64_t lost = 0;
    for (uint32_t i = 0; i < FOLD_BATCH && cpu->receipts_folded != count; i++) {
        struct receipt receipt = receipts[cpu->receipts_folded++];
        receipt_complete(&receipt, cpu->cpu_id);
        lost += !fold_receipt(account, &receipt);
    }
    seqlock_begin(&account->sequence);
    seqlock_add(&account->lost, lost);
    seqlock_set_all(account->refusals, cpu->refusals, sizeof(cpu->refusals));
    seqlock_end(&account->sequence);
}

bool tolls_fold_batch(struct percpu *cpu) {
    fold_some(account_of(cpu), cpu);
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

// --- forgetting -------------------------------------------------------------

static void slot_clear(const struct toll_cpu_account *account, uint32_t slot) {
    struct toll_slot_account *figures = toll_area_at(account->slots[slot]);
    if (account->slots[slot] != 0 && figures->num_types != 0) {
        account_clear(&figures->sequence, sizeof(*figures));
    }
}

static void resource_clear(
    const struct toll_cpu_account *account, uint32_t resource) {
    struct toll_resource_account *figures =
        toll_area_at(account->resources[resource]);
    if (account->resources[resource] != 0 && figures->grants != 0) {
        account_clear(&figures->sequence, sizeof(*figures));
    }
}

void tolls_reset_cpu(struct percpu *cpu) {
    struct toll_cpu_account *account = account_of(cpu);
    start_over(cpu);
    memset(cpu->refusals, 0, sizeof(cpu->refusals));
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        slot_clear(account, slot);
    }
    for (uint32_t resource = 0; resource < MAX_RESOURCES; resource++) {
        resource_clear(account, resource);
    }
    seqlock_begin(&account->sequence);
    seqlock_set(&account->lost, 0);
    seqlock_clear(account->refusals, sizeof(account->refusals));
    seqlock_end(&account->sequence);
}

void tolls_forget(struct percpu *cpu, uint32_t slot) {
    while (tolls_fold_batch(cpu)) {
    }
    cpu->refusals[slot] = 0;
    struct toll_cpu_account *account = account_of(cpu);
    slot_clear(account, slot);
    seqlock_begin(&account->sequence);
    seqlock_set(&account->refusals[slot], 0);
    seqlock_end(&account->sequence);
}

void tolls_forget_resource(struct percpu *cpu, uint32_t resource) {
    while (tolls_fold_batch(cpu)) {
    }
    resource_clear(account_of(cpu), resource);
}
