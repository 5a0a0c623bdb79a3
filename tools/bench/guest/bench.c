// SPDX-License-Identifier: MIT
// bench MODE... - what is compared between Tollgate and Linux, as seen by the
// first program on either. One JSON object a line on standard output:
//
//   first         it runs: the time-stamp counter, and how many CPUs are up
//   instructions  what each call costs: needs -icount
//   time          the same in cycles, on one CPU
//   shared        calls of all CPUs to what they share, for a second
//
// Exit status: 0; 1 not measurable; 2 usage.
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/bench/guest/system.h"
#include "tools/bench/guest/timing.h"
#include "usr/include/tollgate.h"
#include "usr/program/json.h"
#include "usr/program/options.h"

static const struct bench_system *bench;
static uint64_t started; // the time-stamp counter at the first instruction
static bool ready;       // bench->start() went well
static uint64_t hz;

static void open_line(struct json *json, const char *mode) {
    struct utsname name;
    uname(&name);
    json_begin(json, NULL, JSON_OBJECT);
    json_text(json, "bench", mode);
    json_text(json, "system", bench->name);
    json_text(json, "release", name.release);
    json_u64(json, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
}

static bool close_line(struct json *json) {
    json_end(json);
    bool whole = !json->failed;
    if (whole) {
        printf("%s\n", json->text);
        fflush(stdout);
    }
    json_free(json);
    return whole;
}

static bool first(void) {
    struct json json = {0};
    open_line(&json, "first");
    json_u64(&json, "cycles", started);
    return close_line(&json);
}

static bool is_answered(const struct bench_call *call, uint64_t result) {
    if (tollgate_is_error(result)) {
        complain("%s: error %ld", call->name, -(long)result);
        return false;
    }
    return true;
}

static void open_call(struct json *json, const struct bench_call *call) {
    json_begin(json, NULL, JSON_OBJECT);
    json_text(json, "name", call->name);
    json_text(json, "by", call->by);
}

static bool instructions(void) {
    struct json json = {0};
    open_line(&json, "instructions");
    bench->describe(&json);
    json_u64(&json, "n", INSTRUCTIONS_SAMPLES);
    json_begin(&json, "calls", JSON_ARRAY);
    for (size_t i = 0; i < bench->num_calls; i++) {
        const struct bench_call *call = &bench->calls[i];
        struct instructions count;
        if (!instructions_count(call->stub, call->a, call->b, &count) ||
            !is_answered(call, count.result)) {
            return false;
        }
        open_call(&json, call);
        json_u64(&json, "instructions", count.cost);
        json_u64(&json, "agree", count.agree);
        json_end(&json);
    }
    json_end(&json);
    return close_line(&json);
}

static double to_ns(double cycles) {
    return cycles * 1e9 / (double)hz;
}

static bool times(void) {
    struct json json = {0};
    open_line(&json, "time");
    json_u64(&json, "n", TIMING_BATCHES);
    json_u64(&json, "batch", TIMING_BATCH_CALLS);
    json_u64(&json, "hz", hz);
    json_begin(&json, "calls", JSON_ARRAY);
    for (size_t i = 0; i < bench->num_calls; i++) {
        const struct bench_call *call = &bench->calls[i];
        struct timing timing;
        if (!is_answered(call, call->stub(call->a, call->b))) {
            return false;
        }
        timing_alone(call, &timing);
        open_call(&json, call);
        json_real(&json, "min_ns", to_ns(timing.min));
        json_real(&json, "median_ns", to_ns(timing.median));
        json_real(&json, "p99_ns", to_ns(timing.p99));
        json_real(&json, "max_ns", to_ns(timing.max));
        json_end(&json);
    }
    json_end(&json);
    return close_line(&json);
}

static bool shared(void) {
    struct timing_shared timing;
    if (!timing_on_all(bench->shared_add, hz, &timing)) {
        return false;
    }
    struct json json = {0};
    open_line(&json, "shared");
    json_u64(&json, "calls", timing.calls);
    json_real(
        &json, "call_ns", to_ns((double)timing.cycles / (double)timing.calls));
    json_u64(&json, "least", timing.least);
    json_u64(&json, "most", timing.most);
    return close_line(&json);
}

static const struct mode {
    const char *name;
    bool (*run)(void);
    bool needs_calls;
    bool needs_hz;
} modes[] = {
    {.name = "first", .run = first},
    {.name = "instructions", .run = instructions, .needs_calls = true},
    {.name = "time", .run = times, .needs_calls = true, .needs_hz = true},
    {.name = "shared", .run = shared, .needs_calls = true, .needs_hz = true},
};

static const struct mode *find_mode(const char *name) {
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    complain("there is no mode '%s'", name);
    return NULL;
}

static int run_mode(const char *name) {
    const struct mode *mode = find_mode(name);
    if (!mode) {
        return EXIT_USAGE;
    }
    if (mode->needs_calls && !ready) {
        ready = bench->start();
        if (!ready) {
            return EXIT_FAILED;
        }
    }
    if (mode->needs_hz && !hz) {
        hz = bench->hz();
    }
    return mode->run() ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv) {
    started = tollgate_cycles();
    bench = tollgate_syspage() ? &tollgate_system : &linux_system;
    int status = bench->open() ? EXIT_OK : EXIT_FAILED;
    for (int i = 1; i < argc && status == EXIT_OK; i++) {
        status = run_mode(argv[i]);
    }
    bench->close();
    return status;
}
