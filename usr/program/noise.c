// SPDX-License-Identifier: MIT
// See noise.h.
#include "usr/program/noise.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/cpus.h"
#include "usr/program/options.h"

#define US_PER_SECOND 1000000

uint64_t noise_watch(uint32_t us) {
    long gap = tollgate_noise_floor(us);
    return gap > 0 ? (uint64_t)gap : 0;
}

uint64_t noise_watch_all(uint32_t us) {
    struct cpu_list cpus;
    uint64_t most = 0;
    if (!cpus_online(&cpus)) {
        return 0;
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        if (!cpus_pin(cpus.cpus[i])) {
            complain(
                "no noise floor of CPU %u: %s", cpus.cpus[i], strerror(errno));
            continue;
        }
        uint64_t gap = noise_watch(us);
        most = gap > most ? gap : most;
    }
    if (!cpus_allow(&cpus)) {
        complain("can not leave CPU %u: %s", cpus.cpus[0], strerror(errno));
    }
    return most;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

void noise_add(struct noise *noise, struct noise other) {
    noise->before = larger(noise->before, other.before);
    noise->after = larger(noise->after, other.after);
}

uint64_t noise_floor(struct noise noise) {
    return larger(noise.before, noise.after);
}

char *format_gap(char to[FIGURE_SIZE], uint64_t gap, uint64_t hz) {
    if (gap != 0) {
        return format_time(to, gap, hz);
    }
    memcpy(to, "unknown", sizeof("unknown"));
    return to;
}

char *format_noise(char to[NOISE_SIZE], struct noise noise, uint64_t hz) {
    char before[FIGURE_SIZE];
    char after[FIGURE_SIZE];
    snprintf(
        to, NOISE_SIZE, "before %s, after %s",
        format_gap(before, noise.before, hz),
        format_gap(after, noise.after, hz));
    return to;
}

void noise_print_watch(uint32_t us, const char *prefix) {
    char watch[FIGURE_SIZE];
    if (us == 0) {
        return;
    }
    printf(
        "%sNoise: the largest gap in %s of watching on each CPU, before and "
        "after.\n%sA time above it may be the host's, too.\n",
        prefix, format_time(watch, us, US_PER_SECOND), prefix);
}

void noise_json(struct json *json, struct noise noise) {
    if (noise.before != 0) {
        json_u64(json, "noise_before", noise.before);
    }
    if (noise.after != 0) {
        json_u64(json, "noise_after", noise.after);
    }
}

static uint32_t last_unspoiled(const struct toll_distribution *holds) {
    return histogram_bucket(SPOILED_TIMES * holds->median);
}

bool hold_is_spoiled(uint64_t hold, const struct toll_distribution *holds) {
    return histogram_bucket(hold) > last_unspoiled(holds);
}

uint64_t holds_spoiled(const struct toll_distribution *holds) {
    uint64_t count = 0;
    for (uint32_t i = last_unspoiled(holds) + 1; i < HISTOGRAM_BUCKETS; i++) {
        count += holds->histogram.buckets[i];
    }
    return count;
}
