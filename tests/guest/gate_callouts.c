// SPDX-License-Identifier: MIT
// Callouts in C and in GNU as, with storage of both kinds: test_count,
// test_ledger, test_put and test_get, which the kernel binds under the option
// `selftest`.
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "tests/guest/gate_frame.h"
#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define WANT_CALLS 1    // second argument of test_count
#define LEDGER_CALLS 16 // that test_ledger remembers
#define NOTES 2000      // calls by each CPU
#define NOTES_TYPE 4711

static const char no_callout[] = "the test callouts need `selftest`";

// The slot of that name, or CALLOUT_SLOTS.
static uint32_t slot_of(const char *name) {
    uint32_t index = 0;
    for (; index < CALLOUT_SLOTS; index++) {
        const struct custom_slot *slot = tollgate_slot(index);
        if (slot && !strcmp(slot->name, name)) {
            break;
        }
    }
    return index;
}

static long call2(const char *name, uint64_t a1, uint64_t a2) {
    return tollgate_custom(slot_of(name), a1, a2, 0, 0, 0, 0);
}

// Add i + 1 on the ith CPU; each has its own sum and its own count.
bool c_callout_counts_per_cpu(void) {
    struct cpu_list cpus;
    long sums[CPU_LIST_MAX];
    long calls[CPU_LIST_MAX];
    if (slot_of("test_count") == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    CHECK(cpus_online(&cpus));
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        sums[i] = call2("test_count", 0, 0);
        calls[i] = call2("test_count", 0, WANT_CALLS);
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK_EQUAL(call2("test_count", i + 1, 0), sums[i] + i + 1);
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK_EQUAL(call2("test_count", 0, WANT_CALLS), calls[i] + 2);
        CHECK_EQUAL(call2("test_count", 0, 0), sums[i] + i + 1);
    }
    return cpus_allow(&cpus);
}

static void *note(void *cpu) {
    bool good = cpus_pin((uint32_t)(uintptr_t)cpu);
    for (int i = 0; i < NOTES; i++) {
        good = call2("test_ledger", (uint64_t)i, 0) > 0 && good;
    }
    return good ? NULL : cpu + 1;
}

// All CPUs write: no call is lost, since the resource's lock is taken.
bool c_callout_shares_a_ledger(void) {
    struct cpu_list cpus;
    pthread_t threads[CPU_LIST_MAX];
    if (slot_of("test_ledger") == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    CHECK(cpus_online(&cpus));
    long before = call2("test_ledger", 0, 0);
    for (uint32_t i = 0; i < cpus.count; i++) {
        void *cpu = (void *)(uintptr_t)cpus.cpus[i];
        CHECK_EQUAL(pthread_create(&threads[i], NULL, note, cpu), 0);
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        void *result;
        CHECK_EQUAL(pthread_join(threads[i], &result), 0);
        CHECK(!result);
    }
    CHECK_EQUAL(
        call2("test_ledger", 0, 0), before + (long)cpus.count * NOTES + 1);
    return true;
}

static int note_once(void *argument) {
    long *number = argument;
    *number = call2("test_ledger", 0x1234567890, 0);
    return 0;
}

// What a C callout sees and changes: arguments, the type, the caller's frame.
bool c_callout_has_the_frame(void) {
    uint32_t slot = slot_of("test_ledger");
    long number = 0;
    if (slot == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    CHECK_EQUAL(child_run(NOTES_TYPE, note_once, &number), 0);
    struct gate_frame in = {
        .rax = (uint64_t)slot << 32 | SYS_CUSTOM,
        .rsi = (uint64_t)number,
        .rflags = 0x202};
    struct gate_frame out;
    gate_frame_call(&in, &out);
    CHECK_EQUAL(out.rax, 0x1234567890);
    CHECK_EQUAL(out.rdx, NOTES_TYPE);
    CHECK_EQUAL(out.rsi, number);
    for (int i = 0; i < LEDGER_CALLS; i++) {
        CHECK_EQUAL(call2("test_ledger", 0, 0), number + i + 1);
    }
    CHECK_EQUAL(call2("test_ledger", 0, (uint64_t)number), -EINVAL);
    CHECK_EQUAL(
        call2("test_ledger", 0, (uint64_t)number + LEDGER_CALLS + 1), -EINVAL);
    return true;
}

// What one callout puts into storage another finds that names the same label;
// what names another label has another storage.
bool one_label_is_one_storage(void) {
    struct cpu_list cpus;
    uint32_t put = slot_of("test_put");
    uint32_t get = slot_of("test_get");
    uint32_t ledger = slot_of("test_ledger");
    if (put == CALLOUT_SLOTS || get == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    CHECK(tollgate_slot(put)->storage != 0);
    CHECK_EQUAL(tollgate_slot(put)->storage, tollgate_slot(get)->storage);
    CHECK(tollgate_slot(put)->storage != tollgate_slot(ledger)->storage);
    CHECK(cpus_online(&cpus));
    long before = call2("test_get", 0, 0);
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK_EQUAL(call2("test_put", i + 100, 0), before);
        CHECK(cpus_pin(cpus.cpus[(i + 1) % cpus.count]));
        before = call2("test_get", 0, 0);
        CHECK_EQUAL(before, i + 100);
    }
    return cpus_allow(&cpus);
}
