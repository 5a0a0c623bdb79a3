// SPDX-License-Identifier: MIT
// price [--max SLOT=N]... [--locks] [SLOT [ARG [ARG]]] - what a custom call
// costs, in instructions from the user's `call SysCustom` to the instruction
// after it, for each callout that ships, or for one slot: called, called and
// measured, refused to a type that its list does not have (boot with
// types.SLOT=N), refused since it is fenced off; and what an ordinary call
// costs. Or called and measured under each kind of lock. Needs tools/boot
// --icount. Exit status: 0; 1 above a maximum (of plain calls), or not
// measurable; 2 usage.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "usr/program/child.h"
#include "usr/program/instructions.h"
#include "usr/program/options.h"
#include "usr/program/record.h"
#include "usr/include/tollgate.h"

#define TYPE_OF_SUM 47   // whom slot 0 serves
#define SLOT_WITH_LOCK 3 // shared_add

// Calls the slot of price_number: as many instructions as TOLLGATE_STUB's.
extern stub_t price_stub;
extern uint64_t price_number; // slot << 32 | SYS_CUSTOM
extern stub_t price_getppid;

// What is priced of each slot.
enum price_case { CALLED, MEASURED, REFUSED, FENCED, NUM_CASES };

struct price {
    uint32_t slot;
    stub_t *stub;
    unsigned long a;
    unsigned long b;
    uint32_t type; // of the process that calls, unless the slot lists others
    uint64_t cost[NUM_CASES];  // 0: does not apply
    uint32_t agree[NUM_CASES]; // samples that had just this cost
};

// One cost that is to be found.
struct job {
    struct price *price;
    enum price_case which;
};

// Whether the calls ended as they should in this case.
static bool is_expected(enum price_case which, uint64_t result) {
    switch (which) {
    case REFUSED:
        return result == (uint64_t)-EPERM;
    case FENCED:
        return result == (uint64_t)-ENOTRECOVERABLE;
    default:
        return !tollgate_is_error(result);
    }
}

// Runs in a child of the type that the case needs.
static int measure_price(void *argument) {
    struct job *job = argument;
    struct price *price = job->price;
    struct instructions count;
    price_number = (uint64_t)price->slot << 32 | SYS_CUSTOM;
    if (!instructions_count(price->stub, price->a, price->b, &count)) {
        return EXIT_FAILED;
    }
    if (!is_expected(job->which, count.result)) {
        complain(
            "slot %u: a call gave %" PRId64, price->slot,
            (int64_t)count.result);
        return EXIT_FAILED;
    }
    price->cost[job->which] = count.cost;
    price->agree[job->which] = count.agree;
    return EXIT_OK;
}

static uint32_t type_listed(const struct price *price) {
    const struct custom_slot *slot = tollgate_slot(price->slot);
    return slot && slot->num_types ? slot->types[0] : price->type;
}

// A type, other than the administrator's, that the slot does not list.
static uint32_t type_refused(const struct price *price) {
    const struct custom_slot *slot = tollgate_slot(price->slot);
    uint32_t type = 1;
    for (uint32_t i = 0; i < slot->num_types; i++) {
        if (slot->types[i] >= type) {
            type = slot->types[i] + 1;
        }
    }
    return type;
}

// Find one cost. Returns false, after one line, if that is not possible.
static bool find_price(struct price *price, enum price_case which) {
    struct job job = {.price = price, .which = which};
    uint32_t type = which == REFUSED ? type_refused(price) : type_listed(price);
    if (tollgate_set_toll(which == MEASURED ? TOLL_ON : TOLL_OFF) < 0) {
        complain("can not switch measurement: %s", strerror(errno));
        return false;
    }
    if (tollgate_set_fence(price->slot, which == FENCED) < 0) {
        complain(
            "slot %u: can not be fenced: %s", price->slot, strerror(errno));
        return false;
    }
    bool found = child_run(type, measure_price, &job) == 0;
    return tollgate_set_fence(price->slot, false) >= 0 && found;
}

static void print_cost(const struct price *price, enum price_case which) {
    if (price->cost[which]) {
        printf(" %10" PRIu64, price->cost[which]);
    } else {
        printf(" %10s", "-");
    }
}

static void print_price(const struct price *price) {
    const struct custom_slot *slot = tollgate_slot(price->slot);
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    printf(
        "%4u %-12s %-8s", price->slot, slot->name,
        resource ? resource->name : "per-CPU");
    for (int which = 0; which < NUM_CASES; which++) {
        print_cost(price, which);
    }
    printf("\n");
    fflush(stdout);
}

// How many samples at the least agree with a price. They may differ from the
// least one by a timer's interrupt.
static uint32_t agreement(const struct price *prices, size_t count) {
    uint32_t agree = INSTRUCTIONS_SAMPLES;
    for (size_t i = 0; i < count; i++) {
        for (int which = 0; which < NUM_CASES; which++) {
            if (prices[i].cost[which] && prices[i].agree[which] < agree) {
                agree = prices[i].agree[which];
            }
        }
    }
    return agree;
}

static bool find_prices(struct price *prices, size_t count) {
    printf(
        "%4s %-12s %-8s %10s %10s %10s %10s\n", "slot", "name", "resource",
        "called", "measured", "refused", "fenced off");
    for (size_t i = 0; i < count; i++) {
        const struct custom_slot *slot = tollgate_slot(prices[i].slot);
        if (!slot) {
            complain("slot %u is empty", prices[i].slot);
            return false;
        }
        for (int which = 0; which < NUM_CASES; which++) {
            if ((which != REFUSED || slot->num_types) &&
                !find_price(&prices[i], which)) {
                return false;
            }
        }
        print_price(&prices[i]);
    }
    printf(
        "the least of n %d for each; at least %u of them agree\n",
        INSTRUCTIONS_SAMPLES, agreement(prices, count));
    return true;
}

// What the gate costs for a call that the kernel answers in C.
static bool find_ordinary(struct instructions *count) {
    if (!instructions_count(price_getppid, 0, 0, count)) {
        return false;
    }
    printf(
        "an ordinary call, getppid: %" PRIu64 " instructions, n %d, %u agree\n",
        count->cost, INSTRUCTIONS_SAMPLES, count->agree);
    return true;
}

// --- under each kind of lock ------------------------------------------------

struct lock_price {
    uint64_t called;
    uint64_t measured;
};

// Find what a call costs under one kind of lock, which stays.
static bool find_lock_price(
    struct price *price, uint32_t kind, struct lock_price *found) {
    const struct custom_slot *slot = tollgate_slot(price->slot);
    if (!slot || slot->resource == NO_RESOURCE) {
        complain("slot %u has no resource, so no lock", price->slot);
        return false;
    }
    if (tollgate_set_lock(slot->resource, (enum lock_kind)kind) < 0) {
        complain("can not set the lock: %s", strerror(errno));
        return false;
    }
    if (!find_price(price, CALLED) || !find_price(price, MEASURED)) {
        return false;
    }
    *found = (struct lock_price){price->cost[CALLED], price->cost[MEASURED]};
    return true;
}

static void report_locks(const struct price *price, struct lock_price *found) {
    struct json json;
    record_begin(&json, "lock_prices");
    json_u64(&json, "n", INSTRUCTIONS_SAMPLES);
    json_u64(&json, "slot", price->slot);
    json_begin(&json, "locks", JSON_ARRAY);
    for (uint32_t kind = 0; kind < NUM_LOCK_KINDS; kind++) {
        json_begin(&json, NULL, JSON_OBJECT);
        json_text(&json, "lock", tollgate_lock_name(kind));
        json_u64(&json, "instructions", found[kind].called);
        json_u64(&json, "instructions_measured", found[kind].measured);
        json_end(&json);
    }
    json_end(&json);
    (void)record_offer(&json);
}

static bool find_lock_prices(struct price *price) {
    struct lock_price found[NUM_LOCK_KINDS];
    const struct custom_slot *slot = tollgate_slot(price->slot);
    const struct custom_resource *resource =
        slot ? tollgate_resource(slot->resource) : NULL;
    uint32_t before = resource ? resource->lock_kind : LOCK_TICKET;
    bool ok = true;
    printf("%-10s %10s %10s\n", "lock", "called", "measured");
    for (uint32_t kind = 0; ok && kind < NUM_LOCK_KINDS; kind++) {
        ok = find_lock_price(price, kind, &found[kind]);
        if (ok) {
            printf(
                "%-10s %10" PRIu64 " %10" PRIu64 "\n", tollgate_lock_name(kind),
                found[kind].called, found[kind].measured);
        }
    }
    if (ok) {
        printf(
            "slot %u, the least of n %d for each\n", price->slot,
            INSTRUCTIONS_SAMPLES);
        report_locks(price, found);
        ok = tollgate_set_lock(slot->resource, (enum lock_kind)before) >= 0;
    }
    return ok;
}

// --- the command line -------------------------------------------------------

static uint64_t maxima[CALLOUT_SLOTS]; // 0: none
static bool has_maxima;

// Whether every price is within its maximum; one line for each that is not.
static bool check_maxima(const struct price *prices, size_t count) {
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t max = maxima[prices[i].slot];
        if (max && prices[i].cost[CALLED] > max) {
            complain(
                "slot %u costs %" PRIu64 " instructions, more than %" PRIu64,
                prices[i].slot, prices[i].cost[CALLED], max);
            ok = false;
        }
    }
    return ok;
}

static void report(
    const struct price *prices, size_t count,
    const struct instructions *ordinary, bool ok) {
    static const char *const names[NUM_CASES] = {
        "instructions", "instructions_measured", "instructions_refused",
        "instructions_fenced"};
    uint32_t agree = agreement(prices, count);
    if (ordinary->cost && ordinary->agree < agree) {
        agree = ordinary->agree;
    }
    struct json json;
    record_begin(&json, "price");
    json_u64(&json, "n", INSTRUCTIONS_SAMPLES);
    json_u64(&json, "agree", agree);
    json_begin(&json, "slots", JSON_ARRAY);
    for (size_t i = 0; i < count; i++) {
        json_begin(&json, NULL, JSON_OBJECT);
        json_u64(&json, "slot", prices[i].slot);
        json_text(&json, "name", tollgate_slot(prices[i].slot)->name);
        for (int which = 0; which < NUM_CASES; which++) {
            if (prices[i].cost[which]) {
                json_u64(&json, names[which], prices[i].cost[which]);
            }
        }
        json_end(&json);
    }
    json_end(&json);
    if (ordinary->cost) {
        json_u64(&json, "instructions_getppid", ordinary->cost);
    }
    if (has_maxima) {
        json_bool(&json, "ok", ok);
    }
    (void)record_offer(&json);
}

static void print_help(void) {
    printf(
        "usage: price [--max SLOT=N]... [--locks] [SLOT [ARG [ARG]]]\n"
        "  SLOT ARG ARG  that slot alone, called with these arguments (0, 0)\n"
        "  --max SLOT=N  fail if a call of SLOT takes more than N "
        "instructions\n"
        "                with measurement off\n"
        "  --locks       that slot (3) under each kind of lock\n"
        "A slot is refused to some types only if it lists types: boot with\n"
        "types.SLOT=TYPE to see what that costs.\n");
}

static struct price shipped[] = {
    {.slot = 0, .stub = SysCustom, .a = 3, .b = 4, .type = TYPE_OF_SUM},
    {.slot = 1, .stub = price_stub, .a = 1, .b = 2},
    {.slot = 2, .stub = price_stub, .a = 1},
    {.slot = 3, .stub = price_stub, .a = 1},
    {.slot = 4, .stub = price_stub, .a = 0},
    {.slot = 5, .stub = price_stub, .a = 0},
    {.slot = 6, .stub = price_stub, .a = 0},
};

// The slot on the command line.
static struct price one = {.stub = price_stub};

static bool each_lock; // --locks

static struct {
    struct price *prices;
    size_t count;
} wanted = {shipped, sizeof(shipped) / sizeof(shipped[0])};

// "SLOT=N"
static bool take_maximum(char *text) {
    uint32_t slot;
    char *equals = strchr(text, '=');
    if (!equals) {
        return false;
    }
    *equals = '\0';
    bool is_slot = parse_u32(text, &slot) && slot < CALLOUT_SLOTS;
    *equals = '=';
    has_maxima = true;
    return is_slot && parse_u64(equals + 1, &maxima[slot]) && maxima[slot] > 0;
}

// "SLOT ARG ARG"
static bool take_slot(int argc, char **argv) {
    if (argc == 0) {
        return true;
    }
    wanted.prices = &one;
    wanted.count = 1;
    return argc <= 3 && parse_u32(argv[0], &one.slot) &&
           one.slot < CALLOUT_SLOTS &&
           (argc < 2 || parse_u64(argv[1], &one.a)) &&
           (argc < 3 || parse_u64(argv[2], &one.b));
}

// Whether each maximum is of a slot whose price is asked for.
static bool maxima_are_wanted(void) {
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        bool found = maxima[slot] == 0;
        for (size_t i = 0; i < wanted.count && !each_lock; i++) {
            found = found || wanted.prices[i].slot == slot;
        }
        if (!found) {
            complain("--max: the price of slot %u is not asked for", slot);
            return false;
        }
    }
    return true;
}

static bool read_options(int argc, char **argv) {
    static const struct option options[] = {
        {"max", required_argument, NULL, 'm'},
        {"locks", no_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?') {
            return false;
        }
        if (option == 'h') {
            print_help();
            exit(EXIT_OK);
        }
        if (option == 'l') {
            each_lock = true;
            one.slot = SLOT_WITH_LOCK;
            one.a = 1;
        } else if (!take_maximum(optarg)) {
            complain("bad argument of --max: %s", optarg);
            return false;
        }
    }
    if (!take_slot(argc - optind, argv + optind)) {
        complain("bad slot or argument (--help shows what is wanted)");
        return false;
    }
    return maxima_are_wanted();
}

int main(int argc, char **argv) {
    if (!read_options(argc, argv)) {
        return EXIT_USAGE;
    }
    if (each_lock) {
        return find_lock_prices(&one) ? EXIT_OK : EXIT_FAILED;
    }
    struct instructions ordinary = {0}; // not asked for
    if (!find_prices(wanted.prices, wanted.count) ||
        (wanted.prices == shipped && !find_ordinary(&ordinary))) {
        return EXIT_FAILED;
    }
    bool ok = check_maxima(wanted.prices, wanted.count);
    report(wanted.prices, wanted.count, &ordinary, ok);
    return ok ? EXIT_OK : EXIT_FAILED;
}
