// SPDX-License-Identifier: MIT
// Two administrators switch the tolls at once: in whatever order, the kernel's
// own sections are measured if the mode is full, and else they are not.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/guest/sections_tests.h"
#include "usr/program/cpus.h"

#define ROUNDS 100
#define LOOKS 200 // before another thread may run, if there is one CPU
#define CALLS 8   // each has sections

// One of the two.
struct administrator {
    pthread_t thread;
    uint32_t cpu;
    int mode; // that it sets in each round
    _Atomic bool failed;
};

static _Atomic uint32_t round_begun;
static _Atomic uint32_t round_done; // by both: 2 each round

static void *administer(void *argument) {
    struct administrator *self = argument;
    self->failed = !cpus_pin(self->cpu);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        for (uint32_t looks = 1; round_begun != i; looks++) {
            __builtin_ia32_pause();
            if (looks % LOOKS == 0) {
                sched_yield();
            }
        }
        if (tollgate_set_toll(self->mode) < 0) {
            self->failed = true;
        }
        round_done++;
    }
    return NULL;
}

static bool mode_is_kept(void) {
    struct kernel_sections sections;
    int mode = (int)SYSPAGE_ENTRY(tollgate_syspage(), system_private)->toll;
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    for (int i = 0; i < CALLS; i++) {
        (void)getppid();
    }
    CHECK_EQUAL(tollgate_kernel_sections(TOLL_ALL_CPUS, &sections), 0);
    CHECK_EQUAL(sections.cycles.count != 0, mode == TOLL_FULL);
    CHECK_EQUAL(sections.missed, 0);
    return true;
}

static bool rounds_run(void) {
    bool ok = true;
    uint32_t full = 0;
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        round_begun = i;
        while (round_done != 2 * i) {
            usleep(1);
        }
        full += SYSPAGE_ENTRY(tollgate_syspage(), system_private)->toll ==
                TOLL_FULL;
        ok = ok && mode_is_kept();
    }
    ktap_note("%d rounds, %u of them ended with full tolls", ROUNDS, full);
    return ok;
}

bool two_switch_at_once(void) {
    struct administrator both[2] = {{.mode = TOLL_FULL}, {.mode = TOLL_OFF}};
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    int before = tollgate_set_toll(TOLL_OFF);
    CHECK(before >= 0);
    for (uint32_t i = 0; i < 2; i++) {
        both[i].cpu = cpus.cpus[i % cpus.count];
        CHECK_EQUAL(
            pthread_create(&both[i].thread, NULL, administer, &both[i]), 0);
    }
    bool ok = rounds_run();
    for (uint32_t i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_join(both[i].thread, NULL), 0);
        CHECK(!both[i].failed);
    }
    CHECK(tollgate_set_toll(before) >= 0);
    return ok;
}
