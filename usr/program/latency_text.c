// SPDX-License-Identifier: MIT
// The figures of a latency run as text: cyclictest's lines and histogram, and
// the blame table.
#include <inttypes.h>
#include <stdio.h>

#include "usr/program/figures.h"
#include "usr/program/latency.h"

#define NS_PER_US 1000
#define NS_PER_SECOND 1000000000ull
#define NAME_SIZE 48

// --- as cyclictest has it ---------------------------------------------------

static uint64_t average(const struct latency_thread *thread) {
    return thread->n != 0 ? thread->sum / thread->n : 0;
}

void latency_print_threads(
    const struct latency_plan *plan, const struct latency_result *result,
    bool nanoseconds) {
    uint64_t unit = nanoseconds ? 1 : NS_PER_US;
    for (uint32_t i = 0; i < result->num_threads; i++) {
        const struct latency_thread *thread = &result->threads[i];
        printf(
            "T:%2u (%5d) P:%2u I:%" PRIu64 " C:%7" PRIu64 " Min:%7" PRIu64
            " Act:%5" PRIu64 " Avg:%5" PRIu64 " Max:%8" PRIu64 "\n",
            i, thread->tid, plan->priority, plan->interval_us, thread->n,
            thread->min / unit, thread->last / unit, average(thread) / unit,
            thread->max / unit);
    }
}

// A line of one figure of each thread, in us.
#define PRINT_EACH(result, name, format, figure)                               \
    do {                                                                       \
        printf("# " name ":");                                                 \
        for (uint32_t i_ = 0; i_ < (result)->num_threads; i_++) {              \
            const struct latency_thread *thread = &(result)->threads[i_];      \
            printf(" " format, (figure));                                      \
        }                                                                      \
        printf("\n");                                                          \
    } while (0)

void latency_print_histogram(
    const struct latency_plan *plan, const struct latency_result *result) {
    printf("# Histogram\n");
    for (uint32_t us = 0; us < plan->histogram_us; us++) {
        printf("%06u ", us);
        for (uint32_t i = 0; i < result->num_threads; i++) {
            printf(
                i == 0 ? "%06" PRIu64 : "\t%06" PRIu64,
                result->threads[i].histogram[us].n);
        }
        printf("\n");
    }
    PRINT_EACH(result, "Total", "%09" PRIu64, thread->n - thread->overflows);
    PRINT_EACH(result, "Min Latencies", "%05" PRIu64, thread->min / NS_PER_US);
    PRINT_EACH(
        result, "Avg Latencies", "%05" PRIu64, average(thread) / NS_PER_US);
    PRINT_EACH(result, "Max Latencies", "%05" PRIu64, thread->max / NS_PER_US);
    PRINT_EACH(result, "Histogram Overflows", "%05" PRIu64, thread->overflows);
}

// --- honesty ----------------------------------------------------------------

// As a time of three digits, or exact.
static const char *time_text(
    char to[FIGURE_SIZE], uint64_t ns, bool nanoseconds) {
    return nanoseconds ? format_count(to, ns)
                       : format_time(to, ns, NS_PER_SECOND);
}

static void print_samples(
    const struct latency_result *result, const struct latency_thread *thread,
    bool nanoseconds, const char *prefix) {
    char before[FIGURE_SIZE];
    char after[FIGURE_SIZE];
    char n[FIGURE_SIZE];
    printf(
        "%s%4u  %10s  %10s  %11s", prefix, thread->cpu,
        format_gap(before, thread->noise_before, result->hz),
        format_gap(after, thread->noise_after, result->hz),
        format_count(n, thread->n));
    if (thread->judged) {
        char spoiled[FIGURE_SIZE];
        char max[FIGURE_SIZE];
        char quiet[FIGURE_SIZE];
        printf(
            "  %9s  %9s  %9s", format_count(spoiled, thread->spoiled),
            time_text(max, thread->max_unspoiled, nanoseconds),
            format_time(quiet, thread->quiet, result->hz));
    } else {
        printf("  %9s  %9s  %9s", "not known", "-", "-");
    }
    if (thread->missed != 0) {
        char missed[FIGURE_SIZE];
        printf("  %s missed", format_count(missed, thread->missed));
    }
    printf("\n");
}

// A maximum is one of its own CPU's n samples; the largest of all is one of
// all.
static void print_chances(
    const struct latency_result *result, const char *prefix) {
    char each[CHANCE_SIZE];
    char all[CHANCE_SIZE];
    uint64_t least = UINT64_MAX;
    uint64_t n = 0;
    for (uint32_t i = 0; i < result->num_threads; i++) {
        uint64_t own = result->threads[i].n;
        least = own < least ? own : least;
        n += own;
    }
    printf(
        "%sChance that the next is later (95 %%): %s than its CPU's Max,\n"
        "%s%s than the largest.\n",
        prefix, format_chance(each, least), prefix, format_chance(all, n));
}

void latency_print_honesty(
    const struct latency_result *result, bool nanoseconds, const char *prefix) {
    printf(
        "%s CPU  noise before/after           n    spoiled  other max  quiet "
        "CPU\n",
        prefix);
    for (uint32_t i = 0; i < result->num_threads; i++) {
        print_samples(result, &result->threads[i], nanoseconds, prefix);
    }
    noise_print_watch(result->noise_us, prefix);
    print_chances(result, prefix);
    if (result->judged) {
        printf(
            "%sSpoiled: more than %d times what is late on a quiet CPU, and no "
            "measured "
            "section\n%sexplains it: what does is not known. Counted all the "
            "same; the largest\n%sof the others is beside them.\n",
            prefix, SPOILED_TIMES, prefix, prefix);
    } else {
        printf(
            "%sNot known: the kernel does not tell of the timer's interrupt "
            "here; see the noise.\n",
            prefix);
    }
}

// --- blame ------------------------------------------------------------------

static void print_culprit(const struct blame_row *row) {
    char name[3 * NAME_SIZE] = "";
    if (blame_is_of_call(row->phase)) {
        const struct custom_slot *slot = tollgate_slot(row->slot);
        snprintf(
            name, sizeof(name), "slot %u %s, type %u", row->slot,
            slot ? slot->name : "", row->type_id);
    } else if (row->phase == SHOT_HANDLER) {
        snprintf(name, sizeof(name), "interrupt %u", row->vector);
    } else if (row->phase == SHOT_KERNEL) {
        char from[NAME_SIZE] = "?";
        char to[NAME_SIZE] = "?";
        (void)tollgate_symbol(row->from, from, sizeof(from));
        (void)tollgate_symbol(row->to, to, sizeof(to));
        snprintf(name, sizeof(name), "%s to %s", from, to);
    }
    printf("%-8s %-38s", blame_phase_name(row->phase), name);
}

void latency_print_blame(
    const struct latency_result *result, bool nanoseconds) {
    const struct blame_table *table = &result->blame;
    if (!result->judged) {
        return;
    }
    printf(
        "\n%-8s %-38s%8s %10s %10s\n", "phase", "on account of", "n",
        nanoseconds ? "late, ns" : "late by", nanoseconds ? "of, ns" : "of");
    for (uint32_t i = 0; i < table->count; i++) {
        const struct blame_row *row = &table->rows[i];
        char n[FIGURE_SIZE];
        char max[FIGURE_SIZE];
        char whole[FIGURE_SIZE];
        print_culprit(row);
        printf(
            "%8s %10s %10s\n", format_count(n, row->n),
            time_text(max, latency_ns(result, row->max), nanoseconds),
            time_text(whole, latency_ns(result, row->whole), nanoseconds));
    }
    if (table->dropped != 0) {
        char dropped[FIGURE_SIZE];
        printf("%s more did not fit\n", format_count(dropped, table->dropped));
    }
    char gaps[NOISE_SIZE];
    printf(
        "Noise floor of all CPUs: %s.\n",
        format_noise(gaps, latency_noise(result), result->hz));
}
