// SPDX-License-Identifier: MIT
// latency [OPTION...] - how late threads wake up, or a timer's interrupt is
// taken, on each CPU, and who is to blame: cyclictest's letters, lines and
// histogram where they fit. Exit status: 0 measured; 1 it can not be; 2 wrong
// usage.
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usr/program/cpus.h"
#include "usr/program/figures.h"
#include "usr/program/latency.h"
#include "usr/program/record.h"
#include "usr/program/slot_lock.h"

#define DEFAULT_INTERVAL_US 1000
#define DEFAULT_PRIORITY 80
#define DEFAULT_MS 5000
#define DEFAULT_HISTOGRAM_US 10000 // for --json
#define DEFAULT_NOISE_US 2000
#define MAX_NOISE_US 100000
#define MAX_INTERVAL_US 1000000000
#define MAX_PRIORITY 99
#define MAX_HISTOGRAM_US 1000000
#define HOLD_TURNS 200 // what shared_hold does unless told otherwise

struct request {
    struct latency_plan plan;
    const char *cpus;
    uint32_t threads; // 0: one on each CPU
    bool has_arg;
    const char *lock; // --lock, as typed
    bool histogram;   // is printed
    bool quiet;
    bool nanoseconds;
    bool json;
};

static void print_help(void) {
    printf(
        "usage: latency [OPTION...]\n"
        "  -i, --interval US   from one wake-up to the next (1000)\n"
        "  -p, --priority N    SCHED_FIFO priority of the threads, 0: ordinary "
        "(80)\n"
        "  -l, --loops N       samples of each thread\n"
        "  -D, --duration S    seconds, without -l (5)\n"
        "  -a, --affinity LIST the CPUs, as in 0-2,5 (all)\n"
        "  -t, --threads N     on the first N of them\n"
        "  -h, --histogram US  print a histogram, up to US microseconds\n"
        "  -N, --nsecs         the summary in nanoseconds\n"
        "  -q, --quiet         the summary, what belongs to it as comments, no "
        "blame\n"
        "  --shot              measure the timer's interrupt, not the thread\n"
        "  --slot N            meanwhile an ordinary thread on each CPU calls "
        "this slot\n"
        "  --arg A             with this argument (shared_hold: 200)\n"
        "  --lock KIND         under this lock, for this run\n"
        "  --noise US          watch for noise that long before and after "
        "(2000)\n"
        "  --json              the figures as a line of JSON, to tools/boot\n");
}

static bool parse_within(
    const char *text, uint64_t least, uint64_t most, uint64_t *value) {
    return parse_u64(text, value) && *value >= least && *value <= most;
}

static bool parse_u32_within(
    const char *text, uint64_t least, uint64_t most, uint32_t *value) {
    uint64_t wide;
    bool ok = parse_within(text, least, most, &wide);
    *value = ok ? (uint32_t)wide : 0;
    return ok;
}

// What one option asks for. Returns false if its argument is not possible.
static bool take_option(int option, void *argument) {
    struct request *request = argument;
    struct latency_plan *plan = &request->plan;
    switch (option) {
    case 'i':
        return parse_within(optarg, 1, MAX_INTERVAL_US, &plan->interval_us);
    case 'p':
        return parse_u32_within(optarg, 0, MAX_PRIORITY, &plan->priority);
    case 'l':
        return parse_within(optarg, 1, UINT64_MAX, &plan->loops);
    case 'D':
        return parse_seconds(optarg, &plan->ms) && plan->ms > 0;
    case 'a':
        request->cpus = optarg;
        return true;
    case 't':
        return parse_u32_within(optarg, 1, CPU_LIST_MAX, &request->threads);
    case 'h':
        request->histogram = true;
        return parse_u32_within(
            optarg, 1, MAX_HISTOGRAM_US, &plan->histogram_us);
    case 'N':
        return request->nanoseconds = true;
    case 'q':
        return request->quiet = true;
    case 'S':
        return plan->shot = true;
    case 's':
        plan->has_load = true;
        return parse_u32_within(optarg, 0, CALLOUT_SLOTS - 1, &plan->slot);
    case 'A':
        request->has_arg = true;
        return parse_u64(optarg, &plan->arg);
    case 'L':
        request->lock = optarg;
        return true;
    case 'n':
        return parse_u32_within(optarg, 0, MAX_NOISE_US, &plan->noise_us);
    case 'j':
        return request->json = true;
    case 'H':
        print_help();
        exit(EXIT_OK);
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct request *request) {
    static const struct option options[] = {
        {"interval", required_argument, NULL, 'i'},
        {"priority", required_argument, NULL, 'p'},
        {"loops", required_argument, NULL, 'l'},
        {"duration", required_argument, NULL, 'D'},
        {"affinity", required_argument, NULL, 'a'},
        {"threads", required_argument, NULL, 't'},
        {"histogram", required_argument, NULL, 'h'},
        {"nsecs", no_argument, NULL, 'N'},
        {"quiet", no_argument, NULL, 'q'},
        {"shot", no_argument, NULL, 'S'},
        {"slot", required_argument, NULL, 's'},
        {"arg", required_argument, NULL, 'A'},
        {"lock", required_argument, NULL, 'L'},
        {"noise", required_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    return parse_options(
        argc, argv, "i:p:l:D:a:t:h:Nq", options, take_option, request);
}

static bool has_cpu(const struct cpu_list *list, uint32_t cpu) {
    for (uint32_t i = 0; i < list->count; i++) {
        if (list->cpus[i] == cpu) {
            return true;
        }
    }
    return false;
}

// The CPUs to use. Returns false after one line.
static bool choose_cpus(struct request *request) {
    struct cpu_list online;
    struct cpu_list *chosen = &request->plan.cpus;
    if (!cpus_online(&online)) {
        return false;
    }
    *chosen = online;
    if (request->cpus && !parse_cpu_list(request->cpus, chosen)) {
        complain("bad argument of -a: %s", request->cpus);
        return false;
    }
    for (uint32_t i = 0; i < chosen->count; i++) {
        if (!has_cpu(&online, chosen->cpus[i])) {
            complain("CPU %u can not be used", chosen->cpus[i]);
            return false;
        }
    }
    if (request->threads > chosen->count) {
        complain("-t %u: there are %u CPUs", request->threads, chosen->count);
        return false;
    }
    if (request->threads != 0) {
        chosen->count = request->threads;
    }
    return true;
}

static void print_load(
    const struct latency_plan *plan, const struct latency_result *result) {
    char calls[FIGURE_SIZE];
    uint32_t lock = slot_lock(plan->slot);
    printf(
        "Load: slot %u, %s(%" PRIu64 "), %s%s, %s calls\n", plan->slot,
        result->slot_name, plan->arg,
        lock == LOCK_NOT_GIVEN ? "no lock" : "lock ",
        lock == LOCK_NOT_GIVEN ? "" : tollgate_lock_name(lock),
        format_count(calls, result->calls));
}

static void print_result(
    const struct request *request, const struct latency_result *result) {
    const struct latency_plan *plan = &request->plan;
    if (!request->quiet || !request->histogram) {
        latency_print_threads(plan, result, request->nanoseconds);
    }
    if (!request->quiet && result->slot_name) {
        print_load(plan, result);
    }
    if (!request->quiet) {
        printf("\n");
    }
    latency_print_honesty(
        result, request->nanoseconds, request->quiet ? "# " : "");
    if (!request->quiet) {
        latency_print_blame(result, request->nanoseconds);
    }
    if (request->histogram) {
        latency_print_histogram(plan, result);
    }
}

static bool report(
    const struct latency_plan *plan, const struct latency_result *result) {
    struct json json;
    record_begin(&json, "latency");
    latency_json(&json, plan, result);
    return record_send(&json);
}

static int run(const void *argument) {
    const struct request *request = argument;
    struct latency_result result;
    if (!latency_run(&request->plan, &result)) {
        return EXIT_FAILED;
    }
    print_result(request, &result);
    bool ok = !request->json || report(&request->plan, &result);
    latency_free(&result);
    return ok ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv) {
    uint32_t lock;
    struct request request = {
        .plan = {
            .interval_us = DEFAULT_INTERVAL_US,
            .priority = DEFAULT_PRIORITY,
            .ms = DEFAULT_MS,
            .histogram_us = DEFAULT_HISTOGRAM_US,
            .noise_us = DEFAULT_NOISE_US}};
    if (!read_options(argc, argv, &request) || !choose_cpus(&request)) {
        return EXIT_USAGE;
    }
    if (request.plan.has_load && !request.has_arg) {
        const struct custom_slot *slot = tollgate_slot(request.plan.slot);
        bool holds = slot && !strcmp(slot->name, "shared_hold");
        request.plan.arg = holds ? HOLD_TURNS : 1;
    }
    if (request.lock && !request.plan.has_load) {
        complain("--lock: without --slot nothing takes it");
        return EXIT_USAGE;
    }
    if (!choose_lock(request.lock, &lock)) {
        return EXIT_USAGE;
    }
    return slot_with_lock(request.plan.slot, lock, run, &request);
}
