// SPDX-License-Identifier: MIT
// The figures of a hammer run as tables of at most 80 columns.
#include "usr/program/hammer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/figures.h"
#include "usr/program/toll_text.h"

#define NAME_SIZE 16
#define COLUMNS 80
#define VERDICT_WIDTH 8

static double percent(uint64_t part, uint64_t whole) {
    return 100 * ratio(part, whole);
}

static uint64_t all_contended(const struct hammer_result *result) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        sum += result->cpus[i].contended;
    }
    return sum;
}

static void print_overtakes(const struct toll *toll) {
    char overtaken[FIGURE_SIZE];
    char most[FIGURE_SIZE];
    printf(
        "  %11s  %11s", format_count(overtaken, toll->overtaken),
        format_count(most, toll->max_overtakes));
}

// Whether overtakes were counted.
static bool has_order(const struct hammer_result *result) {
    return result->measured && result->resource_name;
}

static void print_share(
    const struct hammer_result *result, const struct hammer_cpu *cpu,
    uint64_t contended) {
    char calls[FIGURE_SIZE];
    char before[FIGURE_SIZE];
    char after[FIGURE_SIZE];
    printf("%4u  %11s", cpu->cpu, format_count(calls, cpu->calls));
    if (contended != 0) {
        printf("  %5.1f%%", percent(cpu->contended, contended));
    }
    if (has_order(result)) {
        print_overtakes(&cpu->toll);
    }
    printf(
        "  %10s  %10s\n", format_gap(before, cpu->noise_before, result->hz),
        format_gap(after, cpu->noise_after, result->hz));
}

// Shares say something only where CPUs compete: one alone does not, nor do any
// without a resource.
void hammer_print_shares(const struct hammer_result *result) {
    bool alone = !result->resource_name || result->num_cpus == 1;
    uint64_t contended = alone ? 0 : all_contended(result);
    bool competed = contended != 0;
    double seconds = (double)result->ticks / (double)result->hz;
    double rate = seconds > 0 ? (double)result->calls / seconds : 0;
    char calls[FIGURE_SIZE];
    printf(competed ? " CPU        calls   share" : " CPU        calls");
    if (has_order(result)) {
        printf("    overtaken    by at most");
    }
    printf("  noise before/after\n");
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        print_share(result, &result->cpus[i], contended);
    }
    printf(" all  %11s", format_count(calls, result->calls));
    if (competed) {
        printf("  %5.1f%%", 100.0);
    }
    if (has_order(result)) {
        print_overtakes(&result->total);
    }
    printf("\n%s calls a second\n", format_count(calls, (uint64_t)rate));
    if (competed) {
        printf(
            "Jain index of the shares %.3f; 1 is even, %.3f is one CPU taking "
            "all. A share\nis of the calls made while all CPUs competed.\n",
            result->jain, 1 / (double)result->num_cpus);
    } else if (!alone) {
        printf("No shares: one CPU was done before all had begun.\n");
    }
    noise_print_watch(result->noise_us, "");
}

// The noise floor of a CPU, in cycles.
static uint64_t cpu_noise(const struct hammer_cpu *cpu) {
    return noise_floor((struct noise){cpu->noise_before, cpu->noise_after});
}

struct noise hammer_noise(const struct hammer_result *result) {
    struct noise most = {0};
    for (uint32_t i = 0; i < result->num_cpus; i++) {
        const struct hammer_cpu *cpu = &result->cpus[i];
        noise_add(&most, (struct noise){cpu->noise_before, cpu->noise_after});
    }
    return most;
}

uint64_t hammer_noise_floor(const struct hammer_result *result) {
    return noise_floor(hammer_noise(result));
}

static void print_distribution(
    const char *name, const struct toll_distribution *d, uint64_t noise,
    uint64_t hz) {
    char count[FIGURE_SIZE];
    char min[FIGURE_SIZE];
    char median[FIGURE_SIZE];
    char p99[FIGURE_SIZE];
    char max[FIGURE_SIZE];
    char noise_text[FIGURE_SIZE];
    printf(
        "%-14s%11s%11s%11s%11s%11s%11s\n", name, format_time(min, d->min, hz),
        format_time(median, d->median, hz),
        format_quantile(p99, d->p99, d->count, SAMPLES_FOR_P99, hz),
        format_time(max, d->max, hz), format_gap(noise_text, noise, hz),
        format_count(count, d->count));
}

static void print_kind(
    const struct hammer_result *result, const char *name, size_t member,
    bool each_cpu) {
    const struct toll_distribution *total =
        (const void *)((const char *)&result->total + member);
    for (uint32_t i = 0; each_cpu && i < result->num_cpus; i++) {
        char line[NAME_SIZE];
        const struct toll *toll = &result->cpus[i].toll;
        snprintf(line, sizeof(line), "%.8s %4u", name, result->cpus[i].cpu);
        print_distribution(
            line, (const void *)((const char *)toll + member),
            cpu_noise(&result->cpus[i]), result->hz);
    }
    print_distribution(name, total, hammer_noise_floor(result), result->hz);
}

// The largest quantile that so many calls have.
static void print_quantile(const struct toll_distribution *off, uint64_t hz) {
    char most[FIGURE_SIZE];
    char count[FIGURE_SIZE];
    if (off->count >= SAMPLES_FOR_P999) {
        printf(
            "Of 1000 calls 999 had interrupts off for at most %s.\n",
            format_time(most, off->p999, hz));
    } else if (off->count >= SAMPLES_FOR_P99) {
        printf(
            "Of 100 calls 99 had interrupts off for at most %s.\n",
            format_time(most, off->p99, hz));
    } else {
        printf(
            "The longest of all %s calls had interrupts off for %s.\n",
            format_count(count, off->count), format_time(most, off->max, hz));
    }
}

void hammer_print_times(const struct hammer_result *result, bool each_cpu) {
    if (!result->measured) {
        printf("Not measured: the tolls are off.\n");
        return;
    }
    printf(
        "%-14s%11s%11s%11s%11s%11s%11s\n", each_cpu ? "time, CPU" : "time",
        "min", "median", "p99", "max", "noise", "n");
    if (result->resource_name) {
        print_kind(result, "wait", offsetof(struct toll, wait), each_cpu);
    }
    print_kind(result, "hold", offsetof(struct toll, hold), each_cpu);
    print_kind(result, "ints off", offsetof(struct toll, off), each_cpu);
    print_quantile(&result->total.off, result->hz);
    toll_print_honesty(&result->total, result->hz);
}

// How long the queues were that the calls found.
static void print_queue(const struct toll_resource *resource) {
    uint64_t sum = 0;
    uint32_t longest = 0;
    char calls[FIGURE_SIZE];
    for (uint32_t length = 0; length < TOLL_CPUS; length++) {
        sum += length * resource->queue[length].calls;
        longest = resource->queue[length].calls ? length : longest;
    }
    printf(
        "Ahead on arrival: %.1f calls in the mean, at most %u, which %s calls "
        "found.\n",
        ratio(sum, resource->grants), longest,
        format_count(calls, resource->queue[longest].calls));
}

void hammer_print_worst(const struct hammer_result *result) {
    const struct toll_receipt *worst = &result->total.worst[0];
    char wait[FIGURE_SIZE];
    char hold[FIGURE_SIZE];
    char off[FIGURE_SIZE];
    char noise[FIGURE_SIZE];
    if (!result->measured || result->total.num_worst == 0) {
        return;
    }
    printf(
        "Worst call: interrupts off for %s (noise floor %s) on CPU %u,\n",
        format_time(off, worst->off, result->hz),
        format_gap(noise, hammer_noise_floor(result), result->hz), worst->cpu);
    printf(
        "wait %s, hold %s%s, from 0x%" PRIx64 " by type %u",
        format_time(wait, worst->wait, result->hz),
        format_time(hold, worst->hold, result->hz),
        hold_is_spoiled(worst->hold, &result->total.hold) ? " (spoiled)" : "",
        worst->rip, worst->type_id);
    if (result->resource_name) {
        printf(
            ";\nticket %" PRIu64 ", entry %" PRIu64 ", overtaken by %u",
            worst->ticket, worst->entry, worst->overtakes);
    }
    printf(".\n");
    if (result->has_bound) {
        print_queue(&result->resource);
    }
    if (result->total.overruns != 0) {
        char overruns[FIGURE_SIZE];
        printf(
            "%s calls held longer than the slot's budget.\n",
            format_count(overruns, result->total.overruns));
    }
}

// Print a sentence that begins in column `indent`, and go on there in new lines
// where the next word does not fit.
static void print_sentence(const char *text, int indent) {
    int column = indent;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > COLUMNS) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            printf(" ");
            column++;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    printf("\n");
}

void hammer_print_findings(const struct hammer_result *result) {
    static const char *const marks[] = {
        [FINDING_HELD] = "ok",
        [FINDING_FAILED] = "FAILED",
        [FINDING_NOTE] = "note",
    };
    for (size_t i = 0; i < result->num_findings; i++) {
        const struct finding *finding = &result->findings[i];
        printf("%-*s", VERDICT_WIDTH, marks[finding->kind]);
        print_sentence(finding->text, VERDICT_WIDTH);
    }
}
