// SPDX-License-Identifier: MIT
// tour - what `make run` shows: the CPUs, one custom call, per-CPU calls on all
// CPUs, a shared resource under an unfair and under a fair lock, the bound.
// Each section also sends its figures as a line of JSON to REPORT_DEVICE. Exit
// status: 0 all that was verified held; 1 something did not.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "usr/program/child.h"
#include "usr/program/figures.h"
#include "usr/program/cpus.h"
#include "usr/program/hammer.h"
#include "usr/program/record.h"
#include "usr/program/sections.h"
#include "usr/program/json.h"
#include "usr/program/options.h"
#include "usr/include/tollgate.h"

#define SLOT_SUM 0
#define SLOT_OWN 2    // percpu_add
#define SLOT_SHARED 4 // shared_hold
#define TYPE_ALLOWED 47
#define SAMPLE_A 3
#define SAMPLE_B 4
#define OWN_COUNT 20000
#define SHARED_MS 4000
#define NOISE_US 20000
#define US_PER_MS 1000
#define CPUS_SHOWN 16

static bool all_ok = true;

// Send one section's JSON. Without tools/boot there is nobody to take it.
static void send(struct json *json) {
    all_ok = record_offer(json) && all_ok;
}

static void headline(int number, const char *text) {
    printf("\n%d. %s\n\n", number, text);
    fflush(stdout);
}

// --- 1. the CPUs ------------------------------------------------------------

static void report_cpus(const struct cpu_list *cpus) {
    const struct syspage_entry *page = tollgate_syspage();
    const struct cpuinfo_entry *info = SYSPAGE_ENTRY(page, cpuinfo);
    struct json json;
    record_begin(&json, "cpus");
    json_u64(&json, "found", page->num_cpu);
    json_u64(&json, "up", cpus->count);
    json_u64(&json, "cycles_per_sec", tollgate_hz());
    json_begin(&json, "cpus", JSON_ARRAY);
    for (uint32_t i = 0; i < cpus->count; i++) {
        const struct cpuinfo_entry *cpu = &info[cpus->cpus[i]];
        json_begin(&json, NULL, JSON_OBJECT);
        json_u64(&json, "cpu", cpus->cpus[i]);
        json_u64(&json, "apic_id", cpu->apic_id);
        json_u64(&json, "mhz", cpu->speed);
        json_text(&json, "name", tollgate_string(cpu->name));
        json_end(&json);
    }
    json_end(&json);
    send(&json);
}

static void show_cpus(const struct cpu_list *cpus) {
    const struct syspage_entry *page = tollgate_syspage();
    const struct cpuinfo_entry *info = SYSPAGE_ENTRY(page, cpuinfo);
    headline(1, "The CPUs");
    printf(
        "CPUs that startup found: %u; up: %u.\n\n", page->num_cpu, cpus->count);
    printf(" CPU  APIC ID    MHz  model\n");
    for (uint32_t i = 0; i < cpus->count && i < CPUS_SHOWN; i++) {
        const struct cpuinfo_entry *cpu = &info[cpus->cpus[i]];
        printf(
            "%4u  %7u  %5u  %.58s\n", cpus->cpus[i], cpu->apic_id, cpu->speed,
            tollgate_string(cpu->name));
    }
    if (cpus->count > CPUS_SHOWN) {
        printf(
            " ... and %u more (/bin/syspage cpuinfo)\n",
            cpus->count - CPUS_SHOWN);
    }
    report_cpus(cpus);
}

// --- 2. one custom call -----------------------------------------------------

// Runs in a child, whose type counts.
static int call_sample(void *result) {
    *(unsigned long *)result = SysCustom(SAMPLE_A, SAMPLE_B);
    return EXIT_OK;
}

// Make the sample's call as a process of `type`; say what came of it.
static void show_sample(
    struct json *json, uint32_t type, unsigned long wanted) {
    unsigned long result = 0;
    bool ran = child_run(type, call_sample, &result) == 0;
    bool ok = ran && result == wanted;
    printf(
        "  a process of type %2u: SysCustom(%d, %d) = %ld", type, SAMPLE_A,
        SAMPLE_B, (long)result);
    if (tollgate_is_error(result)) {
        printf(", %s", strerror((int)-result));
    }
    printf(ok ? "\n" : "  FAILED: wanted %ld\n", (long)wanted);
    all_ok = all_ok && ok;
    json_begin(json, NULL, JSON_OBJECT);
    json_u64(json, "type_id", type);
    json_real(json, "result", (double)(long)result);
    json_bool(json, "ok", ok);
    json_end(json);
}

static void show_custom_call(void) {
    struct json json;
    headline(2, "One custom call");
    printf(
        "A custom call runs a callout, a few instructions in ring 0, with "
        "interrupts\noff and without entering the kernel proper. Slot %d is "
        "the sample of QNX's\ndocumentation: it adds two numbers for "
        "processes of type %d, and refuses all\nothers.\n\n",
        SLOT_SUM, TYPE_ALLOWED);
    record_begin(&json, "sample");
    json_begin(&json, "calls", JSON_ARRAY);
    show_sample(&json, TYPE_ALLOWED, SAMPLE_A + SAMPLE_B);
    show_sample(&json, 0, (unsigned long)-1);
    json_end(&json);
    send(&json);
}

// --- 3. and 4. all CPUs at once ---------------------------------------------

// Carry out a plan; on failure it was said why.
static bool hammer(
    const struct hammer_plan *plan, struct hammer_result *result) {
    if (!hammer_run(plan, result)) {
        all_ok = false;
        return false;
    }
    all_ok = all_ok && hammer_ok(result);
    return true;
}

static void report_run(
    const char *name, const struct hammer_plan *plan,
    const struct hammer_result *result) {
    struct json json;
    record_begin(&json, name);
    hammer_json(&json, plan, result);
    send(&json);
}

// The hand-overs of a run on a resource, read before the next one begins.
static void report_timeline(
    const struct hammer_plan *plan, const struct hammer_result *result) {
    struct json json;
    record_begin(&json, "timeline");
    if (hammer_timeline(&json, plan, result)) {
        send(&json);
        return;
    }
    complain("no timeline: %s", strerror(errno));
    json_free(&json);
    all_ok = false;
}

static void show_own(const struct cpu_list *cpus) {
    struct hammer_plan plan = {
        .slot = SLOT_OWN,
        .cpus = *cpus,
        .count = OWN_COUNT,
        .toll = TOLL_ON,
        .noise_us = NOISE_US};
    struct hammer_result result;
    headline(3, "Callouts that share nothing");
    printf(
        "Slot %d adds to a counter of the CPU it runs on. Every CPU calls it "
        "at the\nsame time; there is no lock, so nobody waits.\n\n",
        SLOT_OWN);
    fflush(stdout);
    if (!hammer(&plan, &result)) {
        return;
    }
    hammer_print_times(&result, false);
    printf("\n");
    hammer_print_findings(&result);
    report_run("own", &plan, &result);
    hammer_free(&result);
}

// A figure of two runs, side by side.
static void print_row(const char *name, const char *unfair, const char *fair) {
    printf("  %-36s %18s %18s\n", name, unfair, fair);
}

static void print_counts(const char *name, uint64_t unfair, uint64_t fair) {
    char left[FIGURE_SIZE];
    char right[FIGURE_SIZE];
    print_row(name, format_count(left, unfair), format_count(right, fair));
}

static void print_times(
    const char *name, uint64_t unfair, uint64_t fair, uint64_t hz) {
    char left[FIGURE_SIZE];
    char right[FIGURE_SIZE];
    print_row(
        name, format_time(left, unfair, hz), format_time(right, fair, hz));
}

static void print_chances(uint64_t unfair, uint64_t fair) {
    char left[CHANCE_SIZE];
    char right[CHANCE_SIZE];
    print_row(
        "chance that the next takes longer", format_chance(left, unfair),
        format_chance(right, fair));
}

static void print_lost(
    const struct hammer_result *unfair, const struct hammer_result *fair) {
    char left[FIGURE_SIZE];
    char right[FIGURE_SIZE];
    snprintf(left, sizeof(left), "%" PRId64, unfair->lost);
    snprintf(right, sizeof(right), "%" PRId64, fair->lost);
    print_row("updates lost", left, right);
}

static const char *format_jain(
    char to[FIGURE_SIZE], const struct hammer_result *result) {
    if (!result->competed) {
        return "never all at it";
    }
    snprintf(to, FIGURE_SIZE, "%.3f", result->jain);
    return to;
}

static void print_jain(
    const struct hammer_result *unfair, const struct hammer_result *fair) {
    char left[FIGURE_SIZE];
    char right[FIGURE_SIZE];
    print_row(
        "Jain index of the CPUs' shares", format_jain(left, unfair),
        format_jain(right, fair));
}

static uint64_t rate(const struct hammer_result *result) {
    return (uint64_t)(ratio(result->calls, result->ticks) * (double)result->hz);
}

static void compare(
    const struct hammer_result *unfair, const struct hammer_result *fair) {
    const struct toll *a = &unfair->total;
    const struct toll *b = &fair->total;
    uint64_t hz = fair->hz;
    print_row(
        "", tollgate_lock_name(unfair->lock_kind),
        tollgate_lock_name(fair->lock_kind));
    print_counts("calls", unfair->calls, fair->calls);
    print_counts("calls a second", rate(unfair), rate(fair));
    print_lost(unfair, fair);
    print_jain(unfair, fair);
    print_counts("calls overtaken by later ones", a->overtaken, b->overtaken);
    print_counts(
        "most overtakes of one call", a->max_overtakes, b->max_overtakes);
    print_times(
        "wait for the lock, median", a->wait.median, b->wait.median, hz);
    print_times("wait for the lock, p99", a->wait.p99, b->wait.p99, hz);
    print_times("wait for the lock, max", a->wait.max, b->wait.max, hz);
    print_times("hold, max", a->hold.max, b->hold.max, hz);
    print_times("interrupts off, max", a->off.max, b->off.max, hz);
    print_times(
        "noise floor of the machine below", hammer_noise_floor(unfair),
        hammer_noise_floor(fair), hz);
    print_chances(a->off.count, b->off.count);
    print_counts(
        "calls spoiled: held over 4 x median", holds_spoiled(&a->hold),
        holds_spoiled(&b->hold));
}

static void show_bound(const struct hammer_result *fair) {
    const struct toll_resource *resource = &fair->resource;
    char hold[FIGURE_SIZE];
    char handover[FIGURE_SIZE];
    char bound[FIGURE_SIZE];
    char wait[FIGURE_SIZE];
    char noise[FIGURE_SIZE];
    char grants[FIGURE_SIZE];
    char broken[FIGURE_SIZE];
    headline(5, "The bound");
    printf(
        "Under a fair lock a call waits for no more than one hold of each "
        "other CPU, and\none hand-over each. With the longest that were "
        "measured under the ticket lock:\n\n"
        "  bound = %u x %s + %u x %s = %s\n"
        "  longest wait in %s calls = %s; noise floor %s\n"
        "  margin = %.1f; calls that waited longer than their bound: %s\n",
        resource->cpus - 1, format_time(hold, resource->max_hold, fair->hz),
        resource->cpus, format_time(handover, resource->max_handover, fair->hz),
        format_time(bound, resource->bound, fair->hz),
        format_count(grants, resource->grants),
        format_time(wait, resource->max_wait, fair->hz),
        format_gap(noise, hammer_noise_floor(fair), fair->hz),
        ratio(resource->bound, resource->max_wait),
        format_count(broken, resource->broken));
    printf(
        "\nA call that finds k others ahead is held to less: k holds and k + 1 "
        "hand-overs.\nThat was checked for every call (/bin/tolls %d shows "
        "each k).\n",
        SLOT_SHARED);
    printf(
        "\nOn an emulator the host stops CPUs at will, with the lock held or "
        "next in line;\nthat is in all these times. The noise floor is what %d "
        "ms of "
        "watching on each CPU\nbefore and after saw of it: a maximum above it "
        "may be the host's, too.\n"
        "(tools/boot --icount counts instructions.)\n",
        NOISE_US / US_PER_MS);
}

static void show_sections(const struct hammer_result *fair) {
    if (!fair->has_sections) {
        return;
    }
    headline(6, "The kernel's own sections");
    printf(
        "The kernel itself turns interrupts off, too, for its locks and on its "
        "ways in and\nout. The longest while the ticket lock was hammered, "
        "with both ends:\n\n");
    sections_print(&fair->sections, hammer_noise(fair));
    fflush(stdout);
    all_ok = sections_report(&fair->sections, hammer_noise(fair)) && all_ok;
}

// Hammer the shared slot under one lock.
static bool run_under(
    enum lock_kind kind, const struct hammer_plan *plan,
    struct hammer_result *result) {
    const char *lock = tollgate_lock_name(kind);
    const struct custom_slot *slot = tollgate_slot(plan->slot);
    if (!slot || tollgate_set_lock(slot->resource, kind) < 0) {
        complain("can not use the %s lock: %s", lock, strerror(errno));
        all_ok = false;
        return false;
    }
    if (!hammer(plan, result)) {
        return false;
    }
    printf("Under the %s lock:\n\n", lock);
    hammer_print_shares(result);
    printf("\n");
    hammer_print_times(result, false);
    hammer_print_worst(result);
    printf("\n");
    hammer_print_findings(result);
    printf("\n");
    fflush(stdout);
    report_run(lock, plan, result);
    if (hammer_has_timeline(plan, result)) {
        report_timeline(plan, result);
    }
    return true;
}

static void show_shared(const struct cpu_list *cpus) {
    struct hammer_plan plan = {
        .slot = SLOT_SHARED,
        .cpus = *cpus,
        .ms = SHARED_MS,
        .toll = TOLL_FULL,
        .noise_us = NOISE_US};
    struct hammer_result unfair;
    struct hammer_result fair;
    headline(4, "A callout that shares a resource, under two locks");
    printf(
        "Slot %d holds a resource for a while. All CPUs want it for %d "
        "seconds, first\nunder a simple spin lock (tas), then under a ticket "
        "lock, which serves in the\norder of arrival.\n\n",
        SLOT_SHARED, SHARED_MS / 1000);
    fflush(stdout);
    if (!run_under(LOCK_TAS, &plan, &unfair)) {
        return;
    }
    if (run_under(LOCK_TICKET, &plan, &fair)) {
        printf("Side by side:\n\n");
        compare(&unfair, &fair);
        show_bound(&fair);
        show_sections(&fair);
        hammer_free(&fair);
    }
    hammer_free(&unfair);
}

int main(void) {
    struct cpu_list cpus;
    if (!tollgate_syspage()) {
        complain("there is no system page: this is not Tollgate");
        return EXIT_FAILED;
    }
    if (!cpus_online(&cpus)) {
        return EXIT_FAILED;
    }
    printf("Tollgate: a tour\n");
    show_cpus(&cpus);
    show_custom_call();
    show_own(&cpus);
    show_shared(&cpus);
    printf(
        "\n%s\nOf `make run`, build/report.html shows these figures and more;\n"
        "build/run.json has them for programs, times in cycles. `make help` "
        "lists what\nelse can be tried.\n",
        all_ok ? "All that was verified held."
               : "SOMETHING FAILED: see the lines above.");
    return all_ok ? EXIT_OK : EXIT_FAILED;
}
