// SPDX-License-Identifier: MIT
// From the figures of a hammer run to sentences that held or did not, and to
// notes of what nothing was promised about.
#include "usr/program/hammer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "usr/program/figures.h"

static void add(
    struct hammer_result *result, enum finding_kind kind, const char *format,
    va_list args) {
    if (result->num_findings == MAX_FINDINGS) {
        return;
    }
    struct finding *finding = &result->findings[result->num_findings++];
    vsnprintf(finding->text, sizeof(finding->text), format, args);
    finding->kind = kind;
}

__attribute__((format(printf, 3, 4))) static void find(
    struct hammer_result *result, bool ok, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(result, ok ? FINDING_HELD : FINDING_FAILED, format, args);
    va_end(args);
}

// What could not have failed, whatever it was.
__attribute__((format(printf, 2, 3))) static void note(
    struct hammer_result *result, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add(result, FINDING_NOTE, format, args);
    va_end(args);
}

static void judge_results(struct hammer_result *result) {
    char calls[FIGURE_SIZE];
    format_count(calls, result->calls);
    if (result->wrong == 0 && result->refused) {
        find(result, true, "all %s calls were refused, as they should", calls);
    } else if (result->wrong == 0) {
        find(result, true, "every result of %s calls was right", calls);
    }
    if (result->wrong == 0) {
        return;
    }
    uint32_t i = 0;
    while (result->cpus[i].wrong == 0) {
        i++;
    }
    const struct hammer_cpu *cpu = &result->cpus[i];
    find(
        result, false,
        "%" PRIu64 " results were wrong; first on CPU %u: call %" PRIu64
        " returned %" PRId64 ", wanted %" PRId64,
        result->wrong, cpu->cpu, cpu->wrong_call, (int64_t)cpu->wrong_result,
        (int64_t)cpu->wrong_wanted);
}

static void judge_total(struct hammer_result *result) {
    if (!result->counted) {
        return;
    }
    if (result->lost) {
        find(result, false, "%" PRId64 " updates were lost", result->lost);
    } else {
        find(result, true, "no update was lost");
    }
}

static void judge_count(struct hammer_result *result) {
    char measured[FIGURE_SIZE];
    char made[FIGURE_SIZE];
    if (result->total.calls == result->calls) {
        find(result, true, "the tolls counted every call");
    } else {
        find(
            result, false, "the tolls counted %s calls of %s",
            format_count(measured, result->total.calls),
            format_count(made, result->calls));
    }
}

static void judge_order(struct hammer_result *result) {
    const char *lock = tollgate_lock_name(result->lock_kind);
    char overtaken[FIGURE_SIZE];
    char most[FIGURE_SIZE];
    if (result->total.overtakes == 0) {
        find(result, true, "nobody was overtaken under the %s lock", lock);
        return;
    }
    find(
        result, false,
        "under the %s lock %s calls were overtaken, one by %s later ones", lock,
        format_count(overtaken, result->total.overtaken),
        format_count(most, result->total.max_overtakes));
}

static void note_order(struct hammer_result *result) {
    const char *lock = tollgate_lock_name(result->lock_kind);
    char overtaken[FIGURE_SIZE];
    char most[FIGURE_SIZE];
    if (result->total.overtakes == 0) {
        note(
            result,
            "nobody was overtaken under the %s lock, which promises no order",
            lock);
        return;
    }
    note(
        result,
        "under the %s lock %s calls were overtaken, one by %s later ones; it "
        "promises no order",
        lock, format_count(overtaken, result->total.overtaken),
        format_count(most, result->total.max_overtakes));
}

// The figures of a resource's waits, as they are printed.
struct wait_texts {
    char wait[FIGURE_SIZE];
    char bound[FIGURE_SIZE];
    char broken[FIGURE_SIZE];
    char noise[FIGURE_SIZE];
};

static struct wait_texts format_waits(const struct hammer_result *result) {
    const struct toll_resource *resource = &result->resource;
    struct wait_texts texts;
    format_time(texts.wait, resource->max_wait, result->hz);
    format_time(texts.bound, resource->bound, result->hz);
    format_count(texts.broken, resource->broken);
    format_gap(texts.noise, hammer_noise_floor(result), result->hz);
    return texts;
}

static void judge_bound(struct hammer_result *result) {
    const struct toll_resource *resource = &result->resource;
    const struct wait_texts texts = format_waits(result);
    if (resource->broken != 0) {
        find(
            result, false,
            "%s calls waited ABOVE the bound of the queue that they found; "
            "longest wait %s, bound of the longest queue %s, noise floor %s",
            texts.broken, texts.wait, texts.bound, texts.noise);
    } else if (resource->max_wait == 0) {
        find(result, true, "nobody had to wait; the bound is %s", texts.bound);
    } else {
        find(
            result, true,
            "the longest wait, %s (noise floor %s), is within the bound, %s: "
            "margin %.1f",
            texts.wait, texts.noise, texts.bound,
            ratio(resource->bound, resource->max_wait));
    }
    note(
        result,
        "the bound is made of this run's own longest hold and hand-over, host "
        "stops included: it checks the order of service, it promises no time");
}

static void note_bound(struct hammer_result *result) {
    const struct wait_texts texts = format_waits(result);
    note(
        result,
        "the %s lock has no bound: longest wait %s, noise floor %s; %s waits "
        "beyond what a fair lock would keep, %s",
        tollgate_lock_name(result->lock_kind), texts.wait, texts.noise,
        texts.broken, texts.bound);
}

void hammer_judge(struct hammer_result *result) {
    judge_results(result);
    judge_total(result);
    if (!result->measured) {
        return;
    }
    judge_count(result);
    if (!result->has_bound) {
        return;
    }
    if (tollgate_lock_is_fair(result->lock_kind)) {
        judge_order(result);
        judge_bound(result);
    } else {
        note_order(result);
        note_bound(result);
    }
}

bool hammer_ok(const struct hammer_result *result) {
    for (size_t i = 0; i < result->num_findings; i++) {
        if (result->findings[i].kind == FINDING_FAILED) {
            return false;
        }
    }
    return true;
}
