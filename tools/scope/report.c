// SPDX-License-Identifier: MIT
// See report.h. Names need no JSON escapes: the image's symbols and the system
// page's names have none of the characters that do, or name_print() drops them.
#include "tools/scope/report.h"

#include <stdlib.h>

#include "callouts/syspage.h"
#include "kernel/base/vectors.h"
#include "tools/scope/machine.h"

#define PERMILLE_MEDIAN 500
#define PERMILLE_P99 990
#define PERMILLE_P999 999

static bool is_custom(uint32_t kind) {
    return kind >= SECTION_CUSTOM && kind < SECTION_CUSTOM + CALLOUT_SLOTS;
}

static const char *kind_word(uint32_t kind) {
    switch (kind) {
    case SECTION_BOOT:
        return "boot";
    case SECTION_CALL:
        return "call";
    case SECTION_KERNEL:
        return "kernel";
    default:
        return is_custom(kind)                          ? "custom"
               : kind - SECTION_VECTOR < NUM_EXCEPTIONS ? "exception"
                                                        : "interrupt";
    }
}

// --- the table
// ----------------------------------------------------------------

static void kind_label(uint32_t kind, char label[NAME_SIZE]) {
    char name[NAME_SIZE] = "";
    uint32_t number = 0;
    if (is_custom(kind)) {
        number = kind - SECTION_CUSTOM;
        machine_slot_name(number, name);
    } else if (kind >= SECTION_VECTOR) {
        number = kind - SECTION_VECTOR;
        machine_vector_name(number, name);
    } else {
        snprintf(label, NAME_SIZE, "%s", kind_word(kind));
        return;
    }
    snprintf(label, NAME_SIZE, "%s %u %.31s", kind_word(kind), number, name);
}

// The pair with the longest section of a kind.
static const struct census_pair *longest_of(
    const struct census_pair **longest, uint32_t kind) {
    while (*longest != NULL && (*longest)->kind != kind) {
        longest++;
    }
    return *longest;
}

// "function+0x1", or "function+0x1 by caller+0x2".
static void end_print(FILE *to, uint64_t at, uint64_t call) {
    char name[NAME_SIZE];
    machine_name(at, name);
    fprintf(to, "%s", name);
    if (call != 0) {
        machine_name(call, name);
        fprintf(to, " by %s", name);
    }
}

static void ends_print(FILE *to, const struct census_pair *pair) {
    if (pair != NULL) { // else there was no room for it
        fprintf(to, "  ");
        end_print(to, pair->ends.from, pair->ends.from_call);
        fprintf(to, " -> ");
        end_print(to, pair->ends.to, pair->ends.to_call);
    }
    fprintf(to, "\n");
}

static void kind_print(
    FILE *to, const struct report *report, const struct census_pair **longest,
    uint32_t kind) {
    const struct histogram *h = report->census->kinds[kind];
    char label[NAME_SIZE];
    kind_label(kind, label);
    fprintf(
        to, "%-24s %9lu %9lu %9lu %9lu", label, h->count, h->min,
        histogram_quantile(h, PERMILLE_MEDIAN), h->max);
    ends_print(to, longest_of(longest, kind));
}

static void open_print(FILE *to, const struct report *report) {
    for (uint32_t i = 0; i < report->num_cpus; i++) {
        const struct section_cpu *cpu = report->cpus[i];
        if (cpu->state == SECTION_CPU_OFF || cpu->state == SECTION_CPU_SHADOW) {
            char label[NAME_SIZE];
            char from[NAME_SIZE];
            kind_label(cpu->section.kind, label);
            machine_name(cpu->section.ends.from, from);
            fprintf(
                to, "CPU %u ended with interrupts off: %s, %lu from %s\n", i,
                label, cpu->executed - cpu->begun, from);
        }
    }
}

void report_table(FILE *to, const struct report *report, uint32_t top) {
    const struct census_pair **longest = census_longest(report->census);
    fprintf(
        to,
        "scope: instructions with interrupts off\n"
        "%-24s %9s %9s %9s %9s  longest: from -> to\n",
        "class", "n", "min", "median", "longest");
    for (uint32_t kind = 0; kind < SECTION_KINDS; kind++) {
        if (report->census->kinds[kind] != NULL) {
            kind_print(to, report, longest, kind);
        }
    }
    fprintf(to, "the %u longest after boot, by their ends:\n", top);
    uint32_t shown = 0;
    for (uint32_t i = 0; longest[i] != NULL && shown < top; i++) {
        if (longest[i]->kind != SECTION_BOOT) {
            char label[NAME_SIZE];
            kind_label(longest[i]->kind, label);
            fprintf(
                to, "%-24s %9lu %29lu", label, longest[i]->n, longest[i]->max);
            ends_print(to, longest[i]);
            shown++;
        }
    }
    open_print(to, report);
    if (report->unknown != 0) {
        fprintf(
            to, "%lu loads of RFLAGS could not be read: taken as on\n",
            report->unknown);
    }
    if (report->census->lost != 0) {
        fprintf(
            to, "%lu sections have their ends left out: too many different\n",
            report->census->lost);
    }
    free(longest);
}

// --- JSON
// ---------------------------------------------------------------------

// "key": "name",
static void name_print(FILE *to, const char *key, const char *name) {
    fprintf(to, "\"%s\": \"", key);
    for (; *name != '\0'; name++) {
        if (*name >= ' ' && *name < '\x7f' && *name != '"' && *name != '\\') {
            fputc(*name, to);
        }
    }
    fprintf(to, "\", ");
}

static void address_print(FILE *to, const char *key, uint64_t address) {
    char name[NAME_SIZE];
    machine_name(address, name);
    name_print(to, key, name);
}

static void caller_print(FILE *to, const char *key, uint64_t address) {
    if (address != 0) {
        address_print(to, key, address);
    }
}

static void kind_json(FILE *to, uint32_t kind) {
    char name[NAME_SIZE];
    name_print(to, "class", kind_word(kind));
    if (is_custom(kind)) {
        fprintf(to, "\"slot\": %u, ", kind - SECTION_CUSTOM);
        machine_slot_name(kind - SECTION_CUSTOM, name);
        name_print(to, "name", name);
    } else if (kind >= SECTION_VECTOR) {
        fprintf(to, "\"vector\": %u, ", kind - SECTION_VECTOR);
        machine_vector_name(kind - SECTION_VECTOR, name);
        name_print(to, "name", name);
    }
}

static void histogram_json(FILE *to, const struct histogram *h) {
    fprintf(
        to,
        "\"n\": %lu, \"sum\": %lu, \"min\": %lu, \"median\": %lu, "
        "\"p99\": %lu, \"p999\": %lu, \"max\": %lu, \"buckets\": [",
        h->count, h->sum, h->min, histogram_quantile(h, PERMILLE_MEDIAN),
        histogram_quantile(h, PERMILLE_P99),
        histogram_quantile(h, PERMILLE_P999), h->max);
    const char *separator = "";
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->buckets[i] != 0) {
            fprintf(
                to, "%s[%lu, %lu]", separator, histogram_bucket_last(i),
                h->buckets[i]);
            separator = ", ";
        }
    }
    fprintf(to, "]");
}

static void pair_json(FILE *to, const struct census_pair *pair) {
    fprintf(to, "{");
    kind_json(to, pair->kind);
    address_print(to, "from", pair->ends.from);
    address_print(to, "to", pair->ends.to);
    caller_print(to, "from_caller", pair->ends.from_call);
    caller_print(to, "to_caller", pair->ends.to_call);
    fprintf(
        to, "\"n\": %lu, \"sum\": %lu, \"max\": %lu, \"cpu\": %u}", pair->n,
        pair->sum, pair->max, pair->cpu);
}

static void cpu_json(FILE *to, const struct section_cpu *cpu) {
    fprintf(to, "{\"executed\": %lu", cpu->executed);
    if (cpu->state == SECTION_CPU_OFF || cpu->state == SECTION_CPU_SHADOW) {
        fprintf(to, ", \"open\": {");
        kind_json(to, cpu->section.kind);
        address_print(to, "from", cpu->section.ends.from);
        fprintf(to, "\"count\": %lu}", cpu->executed - cpu->begun);
    }
    fprintf(to, "}");
}

void report_json(FILE *to, const struct report *report) {
    const struct census_pair **longest = census_longest(report->census);
    fprintf(to, "{\"unit\": \"instructions\",\n  \"classes\": [");
    const char *separator = "\n    ";
    for (uint32_t kind = 0; kind < SECTION_KINDS; kind++) {
        if (report->census->kinds[kind] != NULL) {
            fprintf(to, "%s{", separator);
            kind_json(to, kind);
            histogram_json(to, report->census->kinds[kind]);
            fprintf(to, "}");
            separator = ",\n    ";
        }
    }
    fprintf(to, "],\n  \"sections\": [");
    separator = "\n    ";
    for (uint32_t i = 0; longest[i] != NULL; i++) {
        fprintf(to, "%s", separator);
        pair_json(to, longest[i]);
        separator = ",\n    ";
    }
    fprintf(to, "],\n  \"cpus\": [");
    separator = "\n    ";
    for (uint32_t i = 0; i < report->num_cpus; i++) {
        fprintf(to, "%s", separator);
        cpu_json(to, report->cpus[i]);
        separator = ",\n    ";
    }
    fprintf(
        to, "],\n  \"sections_lost\": %lu, \"flags_unknown\": %lu}",
        report->census->lost, report->unknown);
    free(longest);
}
