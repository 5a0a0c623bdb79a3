// SPDX-License-Identifier: MIT
// stress [OPTION...] - one thread on each CPU calls a slot as fast as it can;
// every result, the shared total, the order of grants and the bound are
// verified. Exit status: 0 all held; 1 something did not; 2 wrong usage.
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usr/program/cpus.h"
#include "usr/program/hammer.h"
#include "usr/program/options.h"
#include "usr/program/record.h"
#include "usr/program/sections.h"
#include "usr/program/slot_lock.h"

#define DEFAULT_SLOT 3
#define DEFAULT_COUNT 100000
#define DEFAULT_NOISE_US 2000
#define MAX_NOISE_US 100000

struct request {
    struct hammer_plan plan;
    const char *cpus; // --cpus, as typed
    const char *lock; // --lock, as typed
    bool json;
    bool quiet;
};

static void print_help(void) {
    printf(
        "usage: stress [OPTION...]\n"
        "  --slot N       the slot to call, 0..63 (3: shared_add)\n"
        "  --count N      calls on each CPU (100000)\n"
        "  --seconds S    call for S seconds instead\n"
        "  --cpus N|LIST  the first N CPUs, or those of a list as in 0-2,5\n"
        "                 (all; CPU 3 alone is 3-3)\n"
        "  --arg A        first argument (what suits the slot)\n"
        "  --check KIND   own: each result is this CPU's counter, grown by "
        "the\n"
        "                 argument; shared: a counter that all share;\n"
        "                 constant; nothing but errors (what suits the slot)\n"
        "  --lock KIND    ticket, ticket_pb, mcs, clh, anderson, tas or ttas "
        "for the\n"
        "                 slot's resource, for this run\n"
        "  --toll MODE    off, on (measure) or full (and the kernel's own "
        "sections) (on)\n"
        "  --noise US     watch for noise that long before and after (2000)\n"
        "  --json         the same figures, as a line of JSON, to tools/boot\n"
        "  --quiet        print only what failed\n");
}

static bool parse_check(const char *text, enum hammer_check *check) {
    static const struct {
        const char *name;
        enum hammer_check check;
    } checks[] = {
        {"own", CHECK_OWN},
        {"shared", CHECK_SHARED},
        {"constant", CHECK_CONSTANT},
        {"nothing", CHECK_NOTHING},
    };
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (!strcmp(text, checks[i].name)) {
            *check = checks[i].check;
            return true;
        }
    }
    return false;
}

static bool parse_toll(const char *text, int *toll) {
    static const char *const names[] = {
        [TOLL_OFF] = "off", [TOLL_ON] = "on", [TOLL_FULL] = "full"};
    for (*toll = TOLL_OFF; *toll <= TOLL_FULL; (*toll)++) {
        if (!strcmp(text, names[*toll])) {
            return true;
        }
    }
    return false;
}

// What one option asks for. Returns false if its argument is not possible.
static bool take_option(int option, void *argument) {
    struct request *request = argument;
    struct hammer_plan *plan = &request->plan;
    switch (option) {
    case 's':
        return parse_u32(optarg, &plan->slot) && plan->slot < CALLOUT_SLOTS;
    case 'n':
        plan->ms = 0;
        return parse_u64(optarg, &plan->count) && plan->count > 0;
    case 't':
        plan->count = 0;
        return parse_seconds(optarg, &plan->ms) && plan->ms > 0;
    case 'c':
        request->cpus = optarg;
        return true;
    case 'a':
        plan->has_arg = true;
        return parse_u64(optarg, &plan->arg);
    case 'k':
        return parse_check(optarg, &plan->check);
    case 'l':
        request->lock = optarg;
        return true;
    case 'm':
        return parse_toll(optarg, &plan->toll);
    case 'N':
        return parse_u32(optarg, &plan->noise_us) &&
               plan->noise_us <= MAX_NOISE_US;
    case 'j':
        return request->json = true;
    case 'q':
        return request->quiet = true;
    case 'h':
        print_help();
        exit(EXIT_OK);
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct request *request) {
    static const struct option options[] = {
        {"slot", required_argument, NULL, 's'},
        {"count", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 't'},
        {"cpus", required_argument, NULL, 'c'},
        {"arg", required_argument, NULL, 'a'},
        {"check", required_argument, NULL, 'k'},
        {"lock", required_argument, NULL, 'l'},
        {"toll", required_argument, NULL, 'm'},
        {"noise", required_argument, NULL, 'N'},
        {"json", no_argument, NULL, 'j'},
        {"quiet", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    return parse_options(argc, argv, "", options, take_option, request);
}

// The CPUs to use: of those that are up, the ones that --cpus names. Returns
// false after one line.
static bool choose_cpus(const char *text, struct cpu_list *chosen) {
    struct cpu_list online;
    uint64_t number;
    if (!cpus_online(&online)) {
        return false;
    }
    if (!text) {
        *chosen = online;
        return true;
    }
    if (parse_u64(text, &number)) {
        *chosen = online;
        chosen->count = (uint32_t)number;
        if (number >= 1 && number <= online.count) {
            return true;
        }
        complain("--cpus %s: CPUs that can be used: %u", text, online.count);
        return false;
    }
    if (!parse_cpu_list(text, chosen)) {
        complain("bad argument of --cpus: %s", text);
        return false;
    }
    for (uint32_t i = 0, j = 0; i < chosen->count; i++) {
        while (j < online.count && online.cpus[j] < chosen->cpus[i]) {
            j++;
        }
        if (j == online.count || online.cpus[j] != chosen->cpus[i]) {
            complain(
                "--cpus %s: CPU %u can not be used", text, chosen->cpus[i]);
            return false;
        }
    }
    return true;
}

static void print_result(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    printf(
        "Slot %u, %s(%" PRIu64 "), ", plan->slot, result->slot_name,
        result->arg);
    if (result->resource_name) {
        printf(
            "resource %s under the %s lock", result->resource_name,
            tollgate_lock_name(result->lock_kind));
    } else {
        printf("no resource, no lock");
    }
    printf(
        ", on %u %s\n\n", result->num_cpus,
        result->num_cpus == 1 ? "CPU" : "CPUs");
    hammer_print_shares(result);
    printf("\n");
    hammer_print_times(result, true);
    hammer_print_worst(result);
    printf("\n");
    hammer_print_findings(result);
    if (result->has_sections) {
        printf("\n");
        sections_print(&result->sections, hammer_noise(result));
    }
}

static bool report(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    struct json json;
    record_begin(&json, "stress");
    hammer_json(&json, plan, result);
    return record_send(&json);
}

static bool report_timeline(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    struct json json;
    record_begin(&json, "timeline");
    if (!hammer_timeline(&json, plan, result)) {
        complain("no timeline: %s", strerror(errno));
        json_free(&json);
        return false;
    }
    return record_send(&json);
}

static bool report_all(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    return report(plan, result) && (!hammer_has_timeline(plan, result) ||
                                    report_timeline(plan, result));
}

// Print each finding that did not hold.
static void complain_of_failures(const struct hammer_result *result) {
    for (size_t i = 0; i < result->num_findings; i++) {
        if (result->findings[i].kind == FINDING_FAILED) {
            complain("%s", result->findings[i].text);
        }
    }
}

static int run(const void *argument) {
    const struct request *request = argument;
    struct hammer_result result;
    if (!hammer_run(&request->plan, &result)) {
        return EXIT_FAILED;
    }
    if (!request->quiet) {
        print_result(&request->plan, &result);
    }
    bool ok = hammer_ok(&result);
    if (!ok) {
        fflush(stdout);
        complain_of_failures(&result);
    }
    if (request->json && !report_all(&request->plan, &result)) {
        ok = false;
    }
    if (request->json && result.has_sections &&
        !sections_report(&result.sections, hammer_noise(&result))) {
        ok = false;
    }
    hammer_free(&result);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv) {
    uint32_t lock;
    struct request request = {
        .plan = {
            .slot = DEFAULT_SLOT,
            .count = DEFAULT_COUNT,
            .toll = TOLL_ON,
            .noise_us = DEFAULT_NOISE_US}};
    if (!read_options(argc, argv, &request)) {
        return EXIT_USAGE;
    }
    if (!choose_cpus(request.cpus, &request.plan.cpus)) {
        return EXIT_USAGE;
    }
    if (!choose_lock(request.lock, &lock)) {
        return EXIT_USAGE;
    }
    return slot_with_lock(request.plan.slot, lock, run, &request);
}
