// SPDX-License-Identifier: MIT
// See sections.h. Times in JSON are in cycles.
#include "usr/program/sections.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/figures.h"
#include "usr/program/options.h"
#include "usr/program/record.h"
#include "usr/program/toll_json.h"

#define NAME_SIZE 96 // of an address, or of what a section is
#define KIND_WIDTH 13
#define HOST_MARK '*' // not above the noise

bool sections_read(struct kernel_sections *sections) {
    if (tollgate_kernel_sections(TOLL_ALL_CPUS, sections) == 0) {
        return true;
    }
    complain("can not read the kernel's sections: %s", strerror(errno));
    return false;
}

// "lock", "interrupt 34".
static const char *kind_name(
    char to[NAME_SIZE], const struct kernel_section *section) {
    const char *name = tollgate_section_kind(section->kind);
    bool numbered = section->kind == TOLL_SECTION_INTERRUPT ||
                    section->kind == TOLL_SECTION_EXCEPTION;
    if (name && !numbered) {
        return name;
    }
    snprintf(
        to, NAME_SIZE, "%s %" PRIu32, name ? name : "kind",
        name ? section->number : section->kind);
    return to;
}

static const char *place_name(char to[NAME_SIZE], uint64_t address) {
    if (tollgate_symbol(address, to, NAME_SIZE) < 0) {
        snprintf(to, NAME_SIZE, "0x%" PRIx64, address);
    }
    return to;
}

// --- text -------------------------------------------------------------------

static void print_section(
    const struct kernel_section *section, uint64_t floor, uint64_t hz) {
    char cycles[FIGURE_SIZE];
    char kind[NAME_SIZE];
    char from[NAME_SIZE];
    char to[NAME_SIZE];
    printf(
        "%10s%c %3u  %-*s  %s .. %s\n",
        format_time(cycles, section->cycles, hz),
        section->cycles <= floor ? HOST_MARK : ' ', section->cpu, KIND_WIDTH,
        kind_name(kind, section), place_name(from, section->from),
        place_name(to, section->to));
}

void sections_print(
    const struct kernel_sections *sections, struct noise noise) {
    const struct toll_distribution *d = &sections->cycles;
    uint64_t hz = tollgate_hz();
    uint64_t floor = noise_floor(noise);
    char count[FIGURE_SIZE];
    char median[FIGURE_SIZE];
    char p99[FIGURE_SIZE];
    char max[FIGURE_SIZE];
    char gaps[NOISE_SIZE];
    char chance[CHANCE_SIZE];
    printf(
        "The kernel's own sections with interrupts off: n %s,\nmedian %s, "
        "p99 %s, longest %s;\nnoise floor %s\n",
        format_count(count, d->count), format_time(median, d->median, hz),
        format_quantile(p99, d->p99, d->count, SAMPLES_FOR_P99, hz),
        format_time(max, d->max, hz), format_noise(gaps, noise, hz));
    printf(
        "Chance that the next one is longer than the longest: %s (95 %%).\n",
        format_chance(chance, d->count));
    if (sections->missed) {
        printf(
            "%" PRIu64 " of their ends were missed: the kernel has a bug\n",
            sections->missed);
    }
    if (sections->num_worst) {
        printf(
            "   longest  CPU  %-*s  from .. to; each pair of ends once\n",
            KIND_WIDTH, "kind");
    }
    for (uint32_t i = 0; i < sections->num_worst; i++) {
        print_section(&sections->worst[i], floor, hz);
    }
    if (sections->num_worst &&
        sections->worst[sections->num_worst - 1].cycles <= floor) {
        printf(
            "%c not above the noise floor; what is may be the host's, too.\n",
            HOST_MARK);
    }
}

// --- JSON -------------------------------------------------------------------

static void write_section(
    struct json *json, const struct kernel_section *section) {
    char kind[NAME_SIZE];
    char from[NAME_SIZE];
    char to[NAME_SIZE];
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "cpu", section->cpu);
    json_u64(json, "cycles", section->cycles);
    json_text(json, "kind", kind_name(kind, section));
    json_text(json, "from", place_name(from, section->from));
    json_text(json, "to", place_name(to, section->to));
    json_u64(json, "began", section->began);
    json_end(json);
}

bool sections_report(
    const struct kernel_sections *sections, struct noise noise) {
    struct json json;
    record_begin(&json, "kernel_sections");
    json_u64(&json, "cycles_per_sec", tollgate_hz());
    toll_json_distribution(&json, &sections->cycles);
    json_u64(&json, "missed", sections->missed);
    noise_json(&json, noise);
    json_begin(&json, "worst", JSON_ARRAY);
    for (uint32_t i = 0; i < sections->num_worst; i++) {
        write_section(&json, &sections->worst[i]);
    }
    json_end(&json);
    return record_send(&json);
}
