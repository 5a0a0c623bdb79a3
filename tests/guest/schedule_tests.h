// SPDX-License-Identifier: MIT
// The tests of schedule_test, and what they share.
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/guest/ktap.h"

#define NS_PER_MS 1000000l
#define NS_PER_SECOND 1000000000l

// A thread that waits for its cue, and then does its part.
struct actor {
    int policy;
    int priority;
    uint32_t cpus[2]; // where it may run; twice the same: there alone
    void (*part)(struct actor *actor);
    long argument;
    struct actor *with; // whose cue it waits for; NULL: its own
    _Atomic uint32_t cue;
    pthread_t thread;
};

// Times are asserted too: the machine's is deterministic (--icount, Bochs).
extern bool schedule_strict;

// Have the actor stand by: it blocks when this returns. False, after a line, if
// it can't be.
bool actor_start(struct actor *actor);

// Give it its cue: it is ready from then on.
void actor_go(struct actor *actor);
void actor_end(struct actor *actor); // wait for its end

// What happened, a letter each, in order.
void log_clear(void);
void log_note(char letter);
bool log_is(const char *wanted);

// The calling thread's own.
bool become(int policy, int priority);
void pause_ms(long ms);
void spin_ms(long ms);
long now_ns(void);

// schedule_class.c: the preemptive classes.
bool numbers_and_errors(void);
bool only_administrators_rise(void);
bool schedules_are_inherited(void);
bool c_library_reaches_them(void);
bool woken_runs_before_its_waker(void);
bool woken_from_another_cpu(void);
bool ordinary_threads_wait(void);
bool first_come_first_served(void);
bool preempted_keeps_its_turn(void);
bool yield_goes_behind_equals(void);
bool round_robin_rotates(void);
bool lowered_gives_way(void);
bool lowest_cpu_is_chosen(void);
bool displaced_find_another_cpu(void);
bool untaken_find_another_cpu(void);
bool loops_do_not_starve_the_kernel(void);

// What another process of this program does; its exit status.
int role_play(const char *role);
