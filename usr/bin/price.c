// SPDX-License-Identifier: MIT
// price [--max SLOT=N]... - what a custom call costs, in instructions from the
// user's `call SysCustom` to the instruction after it, for slots 0, 2 and 3,
// with measurement off and on. Needs tools/boot --icount. Exit status: 0; 1
// above a maximum (which applies with measurement off), or not measurable; 2
// usage.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "usr/program/child.h"
#include "usr/program/json.h"
#include "usr/program/options.h"
#include "usr/include/tollgate.h"

#define SAMPLES 1000
#define WARM_UP 16
#define TYPE_ALLOWED 47 // whom slot 0 serves
#define NO_MAXIMUM UINT64_MAX
// From one RDTSC of price_nothing to the next: SHL OR MOV MOV RDTSC.
#define FRAME_INSTRUCTIONS 5

typedef unsigned long stub_t(unsigned long a, unsigned long b);

// usr/bin/price_call.S
uint64_t price_call(
    stub_t *stub, unsigned long a, unsigned long b, uint64_t *result);
uint64_t price_nothing(
    stub_t *stub, unsigned long a, unsigned long b, uint64_t *result);

extern stub_t price_percpu_add;
extern stub_t price_shared_add;
TOLLGATE_STUB(price_percpu_add, 2)
TOLLGATE_STUB(price_shared_add, 3)

// One call to be priced, and its price.
struct price {
    uint32_t slot;
    stub_t *stub;
    unsigned long a;
    unsigned long b;
    uint32_t type; // of the process that calls
    uint64_t max;
    uint64_t cost[2];  // by TOLL_OFF, TOLL_ON
    uint32_t agree[2]; // samples that had just this cost
    int mode;          // which of the two is being measured
    uint64_t result;
};

typedef uint64_t measure_t(
    stub_t *stub, unsigned long a, unsigned long b, uint64_t *result);

// The least of many samples, and how many are equal to it.
static uint64_t least(
    measure_t *measure, struct price *price, uint32_t *agree) {
    uint64_t best = UINT64_MAX;
    *agree = 0;
    for (int i = -WARM_UP; i < SAMPLES; i++) {
        uint64_t ticks =
            measure(price->stub, price->a, price->b, &price->result);
        if (i < 0 || ticks > best) {
            continue;
        }
        *agree = ticks < best ? 1 : *agree + 1;
        best = ticks;
    }
    return best;
}

// Runs in a child of the type that may call the slot.
static int measure_price(void *argument) {
    struct price *price = argument;
    uint32_t agree;
    uint64_t frame = least(price_nothing, price, &agree);
    if (frame != FRAME_INSTRUCTIONS) {
        complain(
            "the time-stamp counter does not count instructions (%" PRIu64
            " for %d of them): use tools/boot --icount",
            frame, FRAME_INSTRUCTIONS);
        return EXIT_FAILED;
    }
    uint64_t ticks = least(price_call, price, &agree);
    if (tollgate_is_error(price->result)) {
        complain("slot %u: %s", price->slot, strerror((int)-price->result));
        return EXIT_FAILED;
    }
    price->cost[price->mode] = ticks - frame;
    price->agree[price->mode] = agree;
    return EXIT_OK;
}

static const char *slot_name(uint32_t index) {
    const struct custom_slot *slot = tollgate_slot(index);
    return slot ? slot->name : "empty";
}

static void print_price(const struct price *price, int mode) {
    printf(
        "slot %u %s%s: %" PRIu64 " instructions (n %d, ", price->slot,
        slot_name(price->slot), mode == TOLL_ON ? ", measured" : "",
        price->cost[mode], SAMPLES);
    if (price->agree[mode] == SAMPLES) {
        printf("all agree)\n");
    } else {
        printf("%u agree)\n", price->agree[mode]);
    }
    fflush(stdout);
}

// Price one call with measurement off or on. Returns false, after one line, if
// that is not possible.
static bool find_price(struct price *price, int mode) {
    price->mode = mode;
    if (tollgate_set_toll(mode) < 0) {
        complain("can not switch measurement: %s", strerror(errno));
        return false;
    }
    if (child_run(price->type, measure_price, price) != 0) {
        return false;
    }
    print_price(price, mode);
    return true;
}

static bool find_prices(struct price *prices, size_t count) {
    for (int mode = TOLL_OFF; mode <= TOLL_ON; mode++) {
        for (size_t i = 0; i < count; i++) {
            if (!find_price(&prices[i], mode)) {
                return false;
            }
        }
    }
    return true;
}

// Whether every price is within its maximum; one line for each that is not.
static bool check_maxima(const struct price *prices, size_t count) {
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        if (prices[i].cost[TOLL_OFF] > prices[i].max) {
            complain(
                "slot %u costs %" PRIu64 " instructions, more than %" PRIu64,
                prices[i].slot, prices[i].cost[TOLL_OFF], prices[i].max);
            ok = false;
        }
    }
    return ok;
}

static void report(const struct price *prices, size_t count, bool ok) {
    struct json json = {0};
    json_begin(&json, NULL, JSON_OBJECT);
    json_text(&json, "type", "price");
    json_u64(&json, "n", SAMPLES);
    json_begin(&json, "slots", JSON_ARRAY);
    for (size_t i = 0; i < count; i++) {
        json_begin(&json, NULL, JSON_OBJECT);
        json_u64(&json, "slot", prices[i].slot);
        json_text(&json, "name", slot_name(prices[i].slot));
        json_u64(&json, "instructions", prices[i].cost[TOLL_OFF]);
        json_u64(&json, "instructions_measured", prices[i].cost[TOLL_ON]);
        json_end(&json);
    }
    json_end(&json);
    json_bool(&json, "ok", ok);
    json_end(&json);
    if (!json_report(&json) && errno != ENOENT) { // ENOENT: nobody asked
        complain("can not write to %s: %s", REPORT_DEVICE, strerror(errno));
    }
    json_free(&json);
}

static void print_help(void) {
    printf("usage: price [--max SLOT=N]...\n"
           "  --max SLOT=N  fail if a call of SLOT (0, 2 or 3) takes more "
           "than N\n"
           "                instructions with measurement off\n");
}

// "SLOT=N"
static bool take_maximum(char *text, struct price *prices, size_t count) {
    uint32_t slot;
    char *equals = strchr(text, '=');
    if (!equals) {
        return false;
    }
    *equals = '\0';
    bool is_slot = parse_u32(text, &slot);
    *equals = '=';
    for (size_t i = 0; is_slot && i < count; i++) {
        if (prices[i].slot == slot) {
            return parse_u64(equals + 1, &prices[i].max);
        }
    }
    return false;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"max", required_argument, NULL, 'm'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    static struct price prices[] = {
        {.slot = 0, .stub = SysCustom, .a = 3, .b = 4, .type = TYPE_ALLOWED},
        {.slot = 2, .stub = price_percpu_add, .a = 1},
        {.slot = 3, .stub = price_shared_add, .a = 1},
    };
    const size_t count = sizeof(prices) / sizeof(prices[0]);
    for (size_t i = 0; i < count; i++) {
        prices[i].max = NO_MAXIMUM;
    }
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?') {
            return EXIT_USAGE;
        }
        if (option == 'h') {
            print_help();
            return EXIT_OK;
        }
        if (!take_maximum(optarg, prices, count)) {
            complain("bad argument of --max: %s", optarg);
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        complain("what is %s? (--help shows the options)", argv[optind]);
        return EXIT_USAGE;
    }
    if (!find_prices(prices, count)) {
        return EXIT_FAILED;
    }
    bool ok = check_maxima(prices, count);
    report(prices, count, ok);
    return ok ? EXIT_OK : EXIT_FAILED;
}
