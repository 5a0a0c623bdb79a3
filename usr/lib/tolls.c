// SPDX-License-Identifier: MIT
// What the area of tolls says, added up over the CPUs. The contracts are in
// usr/include/tollgate.h.
#include <string.h>
#include <sys/auxv.h>

#include "kernel/base/seqlock.h"
#include "usr/include/tollgate.h"

#define PERMILLE_MEDIAN 500
#define PERMILLE_P99 990
#define PERMILLE_P999 999

// --- the area ---------------------------------------------------------------

const struct toll_area *tollgate_tolls(void) {
    const struct toll_area *area =
        (const struct toll_area *)getauxval(AT_TOLLGATE_TOLLS);
    bool known = area && area->magic == TOLL_AREA_MAGIC &&
                 area->version == TOLL_AREA_VERSION;
    return known ? area : NULL;
}

// Fold, and find the area. Returns NULL, with errno, if either fails.
static const struct toll_area *area_now(void) {
    const struct toll_area *area = tollgate_tolls();
    if (!area) {
        errno = ENOSYS;
        return NULL;
    }
    return tollgate_toll_fold() < 0 ? NULL : area;
}

static const void *area_at(const struct toll_area *area, uint64_t offset) {
    return (const char *)area + offset;
}

// A CPU's account, or NULL if there is no such CPU.
static const struct toll_cpu_account *account_of(
    const struct toll_area *area, uint32_t cpu) {
    uint64_t offset = seqlock_get(&area->cpus[cpu].account);
    return offset ? area_at(area, offset) : NULL;
}

// Copy an account of `size` bytes whose offset is at `place`. Returns 0 without
// one, -1 and EAGAIN if it was never to be had whole, else 1.
static int copy_account(
    const struct toll_area *area, const uint64_t *place, void *to,
    size_t size) {
    uint64_t offset = seqlock_get(place);
    if (!offset) {
        return 0;
    }
    if (seqlock_copy(to, area_at(area, offset), size)) {
        return 1;
    }
    errno = EAGAIN;
    return -1;
}

// --- receipts ---------------------------------------------------------------

static void read_receipt(struct toll_receipt *to, const struct receipt *from) {
    *to = (struct toll_receipt){
        .arrived = from->arrived,
        .queued = from->queued,
        .granted = from->granted,
        .released = from->released,
        .left = from->left,
        .wait = receipt_wait(from),
        .hold = receipt_hold(from),
        .off = receipt_off(from),
        .result = from->result,
        .rip = from->rip,
        .ticket = from->ticket,
        .entry = from->entry,
        .cpu = from->cpu,
        .slot = from->slot,
        .resource = from->resource == RECEIPT_NO_RESOURCE ? NO_RESOURCE
                                                          : from->resource,
        .type_id = from->type_id,
        .queue = receipt_queue(from),
        .overtakes = receipt_overtakes(from)};
}

// Copy a receipt that its CPU may be writing. Its first word to be written is
// `arrived`: if that is the same before and after, no other call has begun.
// Returns whether it is one call's, which is over.
static bool copy_receipt(
    struct receipt *to, const struct receipt *from, uint32_t cpu) {
    uint64_t words[RECEIPT_SIZE / sizeof(uint64_t)];
    const uint64_t *word = (const uint64_t *)(const void *)from;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        words[i] = seqlock_get(&word[i]);
    }
    uint64_t arrived = seqlock_get(&from->arrived);
    memcpy(to, words, sizeof(*to));
    receipt_complete(to, cpu);
    return to->arrived == arrived && receipt_is_whole(to);
}

static const struct receipt *receipts_of(uint32_t cpu) {
    const struct toll_area *area = tollgate_tolls();
    uint64_t offset =
        area && cpu < TOLL_CPUS ? seqlock_get(&area->cpus[cpu].receipts) : 0;
    if (!offset) {
        errno = area ? EINVAL : ENOSYS;
        return NULL;
    }
    return area_at(area, offset);
}

// Receipts are written from the first place on, and from there again once they
// are folded: what lies behind the last one is older than the first.
int tollgate_last_receipt(uint32_t cpu, struct toll_receipt *receipt) {
    const struct receipt *receipts = receipts_of(cpu);
    if (!receipts) {
        return -1;
    }
    uint64_t first = seqlock_get(&receipts[0].arrived);
    uint32_t low = 0; // not older than the first
    uint32_t high = RECEIPTS_MAX;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (seqlock_get(&receipts[middle].arrived) >= first) {
            low = middle;
        } else {
            high = middle;
        }
    }
    // Calls that were refused, or are under way, may have come since.
    struct receipt whole;
    for (uint32_t i = low + 1; i-- > 0;) {
        if (copy_receipt(&whole, &receipts[i], cpu)) {
            read_receipt(receipt, &whole);
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

// Put a receipt in its place by arrival.
static void insert_receipt(
    struct toll_receipt *receipts, size_t count, const struct receipt *from) {
    struct toll_receipt receipt;
    read_receipt(&receipt, from);
    while (count > 0 && receipts[count - 1].arrived > receipt.arrived) {
        receipts[count] = receipts[count - 1];
        count--;
    }
    receipts[count] = receipt;
}

int tollgate_last_receipts(
    uint32_t cpu, struct toll_receipt receipts[RECEIPTS_MAX]) {
    const struct receipt *from = receipts_of(cpu);
    size_t count = 0;
    if (!from) {
        return -1;
    }
    for (uint32_t i = 0; i < RECEIPTS_MAX; i++) {
        struct receipt whole;
        if (copy_receipt(&whole, &from[i], cpu)) {
            insert_receipt(receipts, count++, &whole);
        }
    }
    return (int)count;
}

// --- slots ------------------------------------------------------------------

static void raise_to(uint64_t *max, uint64_t value) {
    if (value > *max) {
        *max = value;
    }
}

static void add_type(struct toll_type *to, const struct toll_type *from) {
    to->calls += from->calls;
    to->refusals += from->refusals;
    to->overruns += from->overruns;
    to->off_sum += from->off_sum;
    raise_to(&to->off_max, from->off_max);
}

// Where the calls of a type are added up; as in the kernel, the first types
// that are seen have a place of their own.
static struct toll_type *type_of(struct toll *toll, uint64_t type_id) {
    for (uint32_t i = 0; i < toll->num_types; i++) {
        if (toll->types[i].type_id == type_id) {
            return &toll->types[i];
        }
    }
    if (toll->num_types == TOLL_TYPES) {
        return &toll->other_types;
    }
    struct toll_type *type = &toll->types[toll->num_types++];
    type->type_id = type_id;
    return type;
}

static void merge_worst(struct toll *to, const struct receipt *from) {
    struct toll_receipt receipt;
    read_receipt(&receipt, from);
    uint32_t at = to->num_worst;
    while (at > 0 && receipt.off > to->worst[at - 1].off) {
        at--;
    }
    if (at == TOLL_WORST) {
        return;
    }
    uint32_t kept = to->num_worst < TOLL_WORST ? to->num_worst : TOLL_WORST - 1;
    memmove(&to->worst[at + 1], &to->worst[at], (kept - at) * sizeof(receipt));
    to->worst[at] = receipt;
    to->num_worst = kept + 1;
}

static void merge_slot(struct toll *to, const struct toll_slot_account *from) {
    to->calls += from->calls;
    to->overruns += from->overruns;
    to->overtaken += from->overtaken;
    to->overtakes += from->overtakes;
    raise_to(&to->max_overtakes, from->max_overtakes);
    for (uint64_t i = 0; i < from->num_types; i++) {
        const struct toll_type *type = &from->types[i];
        add_type(type_of(to, type->type_id), type);
    }
    add_type(&to->other_types, &from->other_types);
    for (uint64_t i = 0; i < from->num_worst; i++) {
        merge_worst(to, &from->worst[i]);
    }
    histogram_merge(&to->wait.histogram, &from->wait);
    histogram_merge(&to->hold.histogram, &from->hold);
    histogram_merge(&to->off.histogram, &from->off);
}

static void describe(struct toll_distribution *d) {
    const struct histogram *histogram = &d->histogram;
    d->count = histogram->count;
    d->sum = histogram->sum;
    d->min = histogram->min;
    d->median = histogram_quantile(histogram, PERMILLE_MEDIAN);
    d->p99 = histogram_quantile(histogram, PERMILLE_P99);
    d->p999 = histogram_quantile(histogram, PERMILLE_P999);
    d->max = histogram->max;
}

static int add_slot(
    const struct toll_area *area, const struct toll_cpu_account *account,
    uint32_t slot, struct toll *toll) {
    struct toll_slot_account figures;
    toll->refusals += seqlock_get(&account->refusals[slot]);
    toll->lost += seqlock_get(&account->lost);
    int found =
        copy_account(area, &account->slots[slot], &figures, sizeof(figures));
    if (found > 0) {
        merge_slot(toll, &figures);
    }
    return found;
}

int tollgate_toll_read(uint32_t slot, uint32_t cpu, struct toll *toll) {
    if (slot >= CALLOUT_SLOTS || (cpu >= TOLL_CPUS && cpu != TOLL_ALL_CPUS)) {
        errno = EINVAL;
        return -1;
    }
    const struct toll_area *area = area_now();
    if (!area) {
        return -1;
    }
    memset(toll, 0, sizeof(*toll));
    for (uint32_t i = 0; i < TOLL_CPUS; i++) {
        const struct toll_cpu_account *account = account_of(area, i);
        if (account && (cpu == i || cpu == TOLL_ALL_CPUS) &&
            add_slot(area, account, slot, toll) < 0) {
            return -1;
        }
    }
    describe(&toll->wait);
    describe(&toll->hold);
    describe(&toll->off);
    return 0;
}

// --- resources --------------------------------------------------------------

static void merge_queue(
    struct toll_queue_length *to, const struct toll_queue *from) {
    to->calls += from->calls;
    to->wait_sum += from->wait_sum;
    raise_to(&to->wait_max, from->wait_max);
}

static void merge_waits(
    struct toll_resource *to, const struct toll_resource_account *from) {
    to->grants += from->grants;
    raise_to(&to->max_wait, from->max_wait);
    for (uint32_t i = 0; i < TOLL_CPUS; i++) {
        merge_queue(&to->queue[i], &from->queues[i]);
    }
    histogram_merge(&to->wait.histogram, &from->wait);
}

static void merge_causes(
    struct toll_resource *to, const struct toll_resource_account *from) {
    raise_to(&to->max_hold, from->max_hold);
    raise_to(&to->max_handover, from->max_handover);
    raise_to(&to->longest_run, from->longest_run);
}

// Have all CPUs fold, then add up what they know of a resource.
static int read_accounts(
    uint32_t resource, struct toll_resource *to,
    void (*merge)(
        struct toll_resource *to, const struct toll_resource_account *from)) {
    const struct toll_area *area = area_now();
    if (!area) {
        return -1;
    }
    for (uint32_t i = 0; i < TOLL_CPUS; i++) {
        const struct toll_cpu_account *account = account_of(area, i);
        struct toll_resource_account one;
        int found = account ? copy_account(
                                  area, &account->resources[resource], &one,
                                  sizeof(one))
                            : 0;
        if (found < 0) {
            return -1;
        }
        if (found > 0) {
            merge(to, &one);
        }
    }
    return 0;
}

// Calls that certainly waited longer than `bound`: those in the buckets that
// begin above it, and the longest one.
static uint64_t calls_beyond(const struct toll_resource *figures) {
    const struct histogram *wait = &figures->wait.histogram;
    uint64_t calls = 0;
    for (uint32_t i = histogram_bucket(figures->bound) + 1;
         i < HISTOGRAM_BUCKETS; i++) {
        calls += wait->buckets[i];
    }
    return calls ? calls : figures->max_wait > figures->bound;
}

static void judge(struct toll_resource *figures) {
    uint64_t lengths = 0;
    figures->bound = (figures->cpus - 1) * figures->max_hold +
                     figures->cpus * figures->max_handover;
    for (uint64_t k = 0; k < TOLL_CPUS; k++) {
        struct toll_queue_length *queue = &figures->queue[k];
        queue->bound = k * figures->max_hold + (k + 1) * figures->max_handover;
        lengths += queue->wait_max > queue->bound;
    }
    uint64_t calls = calls_beyond(figures);
    figures->broken = calls > lengths ? calls : lengths;
}

int tollgate_resource_read(uint32_t resource, struct toll_resource *figures) {
    const struct custom_resource *declared = tollgate_resource(resource);
    uint64_t mask[TOLLGATE_MASK_WORDS];
    if (!declared) {
        errno = EINVAL;
        return -1;
    }
    int cpus = tollgate_cpus(mask);
    if (cpus < 0) {
        return -1;
    }
    memset(figures, 0, sizeof(*figures));
    figures->cpus = (uint32_t)cpus;
    figures->lock_kind = declared->lock_kind;
    // The waits first: when the CPUs fold again, they all fold what has caused
    // them.
    if (read_accounts(resource, figures, merge_waits) < 0 ||
        read_accounts(resource, figures, merge_causes) < 0) {
        return -1;
    }
    describe(&figures->wait);
    judge(figures);
    return 0;
}

// --- the kernel's own sections ----------------------------------------------

const char *tollgate_section_kind(uint32_t kind) {
    static const char *const names[NUM_TOLL_SECTION_KINDS] = {
        [TOLL_SECTION_PLAIN] = "plain",
        [TOLL_SECTION_LOCK] = "lock",
        [TOLL_SECTION_INTERRUPT] = "interrupt",
        [TOLL_SECTION_EXCEPTION] = "exception",
        [TOLL_SECTION_CALL] = "call",
        [TOLL_SECTION_FOLD] = "fold",
        [TOLL_SECTION_REFUSED] = "refused",
        [TOLL_SECTION_EXIT] = "exit",
        [TOLL_SECTION_IDLE] = "idle",
        [TOLL_SECTION_START] = "start"};
    return kind < NUM_TOLL_SECTION_KINDS ? names[kind] : NULL;
}

// The place of the section with the same ends, or of none: num_worst.
static uint32_t place_of_ends(
    const struct kernel_sections *in, const struct kernel_section *section) {
    uint32_t place = 0;
    while (place < in->num_worst && (in->worst[place].from != section->from ||
                                     in->worst[place].to != section->to)) {
        place++;
    }
    return place;
}

// Have the section take the place of a shorter one with the same ends, or else
// of the shortest if the list is full, and move up from there.
static void merge_section(
    struct kernel_sections *to, const struct kernel_section *section) {
    uint32_t place = place_of_ends(to, section);
    if (place == TOLL_WORST_SECTIONS) {
        place--;
    }
    if (place == to->num_worst) {
        to->num_worst++;
    } else if (to->worst[place].cycles >= section->cycles) {
        return;
    }
    while (place > 0 && to->worst[place - 1].cycles < section->cycles) {
        to->worst[place] = to->worst[place - 1];
        place--;
    }
    to->worst[place] = *section;
}

static void merge_sections(
    struct kernel_sections *to, const struct toll_section_account *from,
    uint32_t cpu) {
    to->missed += from->missed;
    histogram_merge(&to->cycles.histogram, &from->cycles);
    for (uint64_t i = 0; i < from->num_worst; i++) {
        const struct toll_section *s = &from->worst[i];
        merge_section(
            to, &(struct kernel_section){
                    .cycles = s->ended - s->began,
                    .began = s->began,
                    .from = s->from,
                    .to = s->to,
                    .kind = s->kind,
                    .number = s->number,
                    .cpu = cpu});
    }
}

int tollgate_kernel_sections(uint32_t cpu, struct kernel_sections *sections) {
    if (cpu >= TOLL_CPUS && cpu != TOLL_ALL_CPUS) {
        errno = EINVAL;
        return -1;
    }
    const struct toll_area *area = area_now();
    if (!area) {
        return -1;
    }
    if (area->size < sizeof(*area)) { // one that knows no sections
        errno = ENOSYS;
        return -1;
    }
    memset(sections, 0, sizeof(*sections));
    for (uint32_t i = 0; i < TOLL_CPUS; i++) {
        struct toll_section_account one;
        bool wanted = cpu == i || cpu == TOLL_ALL_CPUS;
        int found =
            wanted ? copy_account(area, &area->sections[i], &one, sizeof(one))
                   : 0;
        if (found < 0) {
            return -1;
        }
        if (found > 0) {
            merge_sections(sections, &one, i);
        }
    }
    describe(&sections->cycles);
    return 0;
}
