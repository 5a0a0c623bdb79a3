// SPDX-License-Identifier: MIT
// tolls [--json] [SLOT] [-- PROGRAM [ARG...]] - what custom calls have cost so
// far: a line for each slot that was called, or all that is known of one; after
// a program has run, with the tolls on. Exit status: the program's, 128 +
// N when signal N has killed it; 1 the tolls can not be read; 2 wrong usage;
// 126 the program can not be executed, 127 there is none.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "usr/program/child.h"
#include "usr/program/figures.h"
#include "usr/program/noise.h"
#include "usr/program/options.h"
#include "usr/program/record.h"
#include "usr/program/toll_json.h"
#include "usr/program/toll_text.h"

#define NOISE_US 2000
#define BAR_WIDTH 40
#define ALL_SLOTS CALLOUT_SLOTS

struct request {
    uint32_t slot; // or ALL_SLOTS
    bool json;
    char **program; // NULL: none
};

static uint64_t hz;
static struct noise noise;

static void print_help(void) {
    printf("usage: tolls [--json] [SLOT] [-- PROGRAM [ARG...]]\n"
           "  SLOT           all about this slot, 0..63; else a line for each "
           "slot\n"
           "  --json         SLOT's figures as a line of JSON, to tools/boot\n"
           "  PROGRAM        run it first, with the tolls on\n");
}

// --- tables -----------------------------------------------------------------

static void print_times(const char *name, const struct toll_distribution *d) {
    char text[6][FIGURE_SIZE];
    printf(
        "%-10s%11s%11s%11s%11s%11s%11s\n", name,
        format_time(text[0], d->min, hz), format_time(text[1], d->median, hz),
        format_quantile(text[2], d->p99, d->count, SAMPLES_FOR_P99, hz),
        format_quantile(text[3], d->p999, d->count, SAMPLES_FOR_P999, hz),
        format_time(text[4], d->max, hz), format_count(text[5], d->count));
}

// One line for each power of two that has values: up to which, how many.
static void print_histogram(const struct histogram *histogram) {
    uint32_t i = 0;
    while (i < HISTOGRAM_BUCKETS) {
        uint32_t end = i + HISTOGRAM_STEPS < HISTOGRAM_BUCKETS
                           ? i + HISTOGRAM_STEPS
                           : HISTOGRAM_BUCKETS;
        uint64_t last = histogram_bucket_last(end - 1);
        uint64_t count = 0;
        for (; i < end; i++) {
            count += histogram->buckets[i];
        }
        if (count != 0) {
            char time[FIGURE_SIZE];
            char number[FIGURE_SIZE];
            int bar = (int)(count * BAR_WIDTH / histogram->count);
            printf(
                "  up to %10s %11s  %.*s\n",
                format_time(
                    time, last < histogram->max ? last : histogram->max, hz),
                format_count(number, count), bar ? bar : 1,
                "****************************************");
        }
    }
}

static void print_worst(const struct toll *toll) {
    bool spoiled = false;
    printf("\nThe longest, by the time that interrupts were off\n"
           "      off       wait       hold  CPU  ahead  overtaken  type  "
           "called from\n");
    for (uint32_t i = 0; i < toll->num_worst; i++) {
        const struct toll_receipt *receipt = &toll->worst[i];
        char off[FIGURE_SIZE];
        char wait[FIGURE_SIZE];
        char hold[FIGURE_SIZE];
        bool is_spoiled = hold_is_spoiled(receipt->hold, &toll->hold);
        spoiled = spoiled || is_spoiled;
        printf(
            "%9s  %9s  %9s%c%4u %6u %10u %5u  0x%" PRIx64 "\n",
            format_time(off, receipt->off, hz),
            format_time(wait, receipt->wait, hz),
            format_time(hold, receipt->hold, hz), is_spoiled ? '*' : ' ',
            receipt->cpu, receipt->queue, receipt->overtakes, receipt->type_id,
            receipt->rip);
    }
    if (spoiled) {
        printf("* spoiled: held over %d x the median\n", SPOILED_TIMES);
    }
}

static void print_type(const char *name, const struct toll_type *type) {
    char mean[FIGURE_SIZE];
    char max[FIGURE_SIZE];
    char calls[FIGURE_SIZE];
    printf(
        "%10s %11s %10" PRIu64 " %10" PRIu64 " %11s %11s\n", name,
        format_count(calls, type->calls), type->refusals, type->overruns,
        format_time(mean, type->calls ? type->off_sum / type->calls : 0, hz),
        format_time(max, type->off_max, hz));
}

static void print_types(const struct toll *toll) {
    printf("\n      type       calls    refused   overruns    off mean     off "
           "max\n");
    for (uint32_t i = 0; i < toll->num_types; i++) {
        char name[FIGURE_SIZE];
        snprintf(name, sizeof(name), "%" PRIu64, toll->types[i].type_id);
        print_type(name, &toll->types[i]);
    }
    if (toll->other_types.calls || toll->other_types.refusals) {
        print_type("others", &toll->other_types);
    }
}

static void print_queue(const struct toll_resource *resource, bool fair) {
    printf(
        "\n ahead on arrival       calls   wait mean    wait max       %s\n",
        fair ? "bound" : "a fair lock's bound");
    for (uint32_t length = 0; length < TOLL_CPUS; length++) {
        const struct toll_queue_length *queue = &resource->queue[length];
        char calls[FIGURE_SIZE];
        char mean[FIGURE_SIZE];
        char max[FIGURE_SIZE];
        char bound[FIGURE_SIZE];
        if (queue->calls != 0) {
            printf(
                "%17u %11s %11s %11s %11s\n", length,
                format_count(calls, queue->calls),
                format_time(mean, queue->wait_sum / queue->calls, hz),
                format_time(max, queue->wait_max, hz),
                format_time(bound, queue->bound, hz));
        }
    }
    char hold[FIGURE_SIZE];
    char grants[FIGURE_SIZE];
    char handover[FIGURE_SIZE];
    char bound[FIGURE_SIZE];
    printf(
        "The longest of %s grants:\n"
        "%u x %s held + %u x %s handed over = %s; broken %" PRIu64 " times\n",
        format_count(grants, resource->grants), resource->cpus - 1,
        format_time(hold, resource->max_hold, hz), resource->cpus,
        format_time(handover, resource->max_handover, hz),
        format_time(bound, resource->bound, hz), resource->broken);
}

// --- one slot ---------------------------------------------------------------

static void print_slot(
    uint32_t index, const struct custom_slot *slot, const struct toll *toll,
    const struct toll_resource *resource) {
    const struct custom_resource *declared = tollgate_resource(slot->resource);
    char gaps[NOISE_SIZE];
    printf("Slot %u, %s, ", index, slot->name);
    if (declared) {
        printf(
            "resource %s under the %s lock\n", declared->name,
            tollgate_lock_name(declared->lock_kind));
    } else {
        printf("no resource, no lock\n");
    }
    printf(
        "%" PRIu64 " calls measured, %" PRIu64 " refused by type, %" PRIu64
        " over the budget, %" PRIu64 " receipts lost\n"
        "Noise floor of the machine below: %s.\n",
        toll->calls, toll->refusals, toll->overruns, toll->lost,
        format_noise(gaps, noise, hz));
    noise_print_watch(NOISE_US, "");
    printf("\n");
    printf(
        "%-10s%11s%11s%11s%11s%11s%11s\n", "", "min", "median", "p99", "p99.9",
        "max", "n");
    print_times("wait", &toll->wait);
    print_times("hold", &toll->hold);
    print_times("ints off", &toll->off);
    toll_print_honesty(toll, hz);
    printf("\nInterrupts off\n");
    print_histogram(&toll->off.histogram);
    print_worst(toll);
    print_types(toll);
    if (declared) {
        print_queue(resource, tollgate_lock_is_fair(declared->lock_kind));
    }
}

static bool send_slot(
    uint32_t index, const struct custom_slot *slot, const struct toll *toll,
    const struct toll_resource *resource) {
    const struct custom_resource *declared = tollgate_resource(slot->resource);
    struct json json;
    record_begin(&json, "tolls");
    json_u64(&json, "slot", index);
    json_text(&json, "name", slot->name);
    json_u64(&json, "cycles_per_sec", hz);
    noise_json(&json, noise);
    toll_json(&json, "toll", toll);
    if (declared) {
        json_text(&json, "resource", declared->name);
        json_text(&json, "lock", tollgate_lock_name(declared->lock_kind));
        toll_json_resource(&json, resource);
    }
    return record_send(&json);
}

static int show_slot(const struct request *request) {
    static struct toll toll;
    static struct toll_resource resource;
    const struct custom_slot *slot = tollgate_slot(request->slot);
    if (!slot) {
        complain("slot %u is empty", request->slot);
        return EXIT_FAILED;
    }
    if (tollgate_toll_read(request->slot, TOLL_ALL_CPUS, &toll) < 0 ||
        (slot->resource != NO_RESOURCE &&
         tollgate_resource_read(slot->resource, &resource) < 0)) {
        complain("can not read the tolls: %s", strerror(errno));
        return EXIT_FAILED;
    }
    print_slot(request->slot, slot, &toll, &resource);
    bool ok =
        !request->json || send_slot(request->slot, slot, &toll, &resource);
    return ok ? EXIT_OK : EXIT_FAILED;
}

// --- all slots --------------------------------------------------------------

static void print_row(
    uint32_t index, const struct custom_slot *slot, const struct toll *toll) {
    const struct custom_resource *declared = tollgate_resource(slot->resource);
    char text[4][FIGURE_SIZE];
    printf(
        "%4u  %-14.14s %-8.8s %11s %8" PRIu64 " %10s %10s\n", index, slot->name,
        declared ? declared->name : "-", format_count(text[0], toll->calls),
        toll->refusals, format_time(text[1], toll->off.median, hz),
        format_time(text[2], toll->off.max, hz));
}

static int show_all(void) {
    static struct toll toll;
    uint32_t shown = 0;
    char gaps[NOISE_SIZE];
    printf("slot  name           resource       calls  refused  off median    "
           "off max\n");
    for (uint32_t index = 0; index < CALLOUT_SLOTS; index++) {
        const struct custom_slot *slot = tollgate_slot(index);
        if (!slot) {
            continue;
        }
        if (tollgate_toll_read(index, TOLL_ALL_CPUS, &toll) < 0) {
            complain("can not read the tolls: %s", strerror(errno));
            return EXIT_FAILED;
        }
        if (toll.calls || toll.refusals) {
            print_row(index, slot, &toll);
            shown++;
        }
    }
    printf("Slots that were called while the tolls were on: %u.\n", shown);
    printf(
        "The next of n calls is longer than the longest with a chance "
        "below 3/n (95 %%).\nNoise floor: %s.\n",
        format_noise(gaps, noise, hz));
    noise_print_watch(NOISE_US, "");
    return EXIT_OK;
}

// --- the program ------------------------------------------------------------

// Run the program with the tolls on. Returns its exit status, or what stands
// for it.
static int run(char **program) {
    int mode = tollgate_set_toll(TOLL_ON);
    if (mode < 0) {
        complain("can not turn the tolls on: %s", strerror(errno));
        return EXIT_FAILED;
    }
    int status = child_execute(program);
    if (tollgate_set_toll(mode) < 0) {
        complain("can not turn the tolls back: %s", strerror(errno));
    }
    return status;
}

static bool read_options(int argc, char **argv, struct request *request) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            _exit(fflush(stdout) ? EXIT_FAILED : EXIT_OK);
        }
        if (option == '?') {
            return false;
        }
        request->json = true;
    }
    bool dashes = optind > 1 && !strcmp(argv[optind - 1], "--");
    if (!dashes && optind < argc) {
        if (!parse_u32(argv[optind], &request->slot) ||
            request->slot >= CALLOUT_SLOTS) {
            complain("bad slot: %s", argv[optind]);
            return false;
        }
        optind++;
        dashes = optind < argc && !strcmp(argv[optind], "--");
        optind += dashes;
    }
    if (optind < argc && !dashes) {
        complain("what is %s? (--help shows the options)", argv[optind]);
        return false;
    }
    request->program = optind < argc ? argv + optind : NULL;
    if (request->json && request->slot == ALL_SLOTS) {
        complain("--json needs a slot");
        return false;
    }
    return true;
}

int main(int argc, char **argv) {
    struct request request = {.slot = ALL_SLOTS};
    if (!read_options(argc, argv, &request)) {
        return EXIT_USAGE;
    }
    hz = tollgate_hz();
    if (!tollgate_tolls()) {
        complain("there is no area of tolls: this is not Tollgate");
        return EXIT_FAILED;
    }
    int status = EXIT_OK;
    if (request.program) {
        noise.before = noise_watch_all(NOISE_US);
        status = run(request.program);
    }
    noise.after = noise_watch_all(NOISE_US);
    int shown = request.slot == ALL_SLOTS ? show_all() : show_slot(&request);
    return status != EXIT_OK ? status : shown;
}
