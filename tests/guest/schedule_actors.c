// SPDX-License-Identifier: MIT
// Threads that play their parts in turn, and the log of what they did.
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/schedule_tests.h"

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1
#define FUTEX_CMP_REQUEUE 4
#define LOG_SIZE 64
#define STANDBY_MS 20 // mostly enough to stand by
#define PATIENCE 200  // times STANDBY_MS

// What actors stand by at; each is moved on to its cue once it blocks here.
static _Atomic uint32_t standby;

static char log_text[LOG_SIZE];
static _Atomic size_t log_length;

void log_clear(void) {
    memset(log_text, 0, sizeof(log_text));
    log_length = 0;
}

void log_note(char letter) {
    size_t at = atomic_fetch_add(&log_length, 1);
    if (at < LOG_SIZE - 1) {
        log_text[at] = letter;
    }
}

bool log_is(const char *wanted) {
    if (strcmp(log_text, wanted) != 0) {
        ktap_note("it went \"%s\", not \"%s\"", log_text, wanted);
        return false;
    }
    return true;
}

long now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

void pause_ms(long ms) {
    const struct timespec span = {0, ms * NS_PER_MS};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &span, NULL);
}

void spin_ms(long ms) {
    long end = now_ns() + ms * NS_PER_MS;
    while (now_ns() < end) {
        __builtin_ia32_pause();
    }
}

bool become(int policy, int priority) {
    const struct sched_param param = {.sched_priority = priority};
    int error = pthread_setschedparam(pthread_self(), policy, &param);
    if (error) {
        ktap_note(
            "policy %d, priority %d: %s", policy, priority, strerror(error));
    }
    return error == 0;
}

static _Atomic uint32_t *cue_of(struct actor *actor) {
    return actor->with ? &actor->with->cue : &actor->cue;
}

static void *actor_main(void *argument) {
    struct actor *actor = argument;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(actor->cpus[0], &set);
    CPU_SET(actor->cpus[1], &set);
    sched_setaffinity(0, sizeof(set), &set);
    _Atomic uint32_t *cue = cue_of(actor);
    while (atomic_load(cue) == 0) {
        syscall(SYS_futex, &standby, FUTEX_WAIT, 0, NULL, NULL, 0);
    }
    actor->part(actor);
    return NULL;
}

bool actor_start(struct actor *actor) {
    const struct sched_param param = {.sched_priority = actor->priority};
    pthread_attr_t attr;
    actor->cue = 0;
    pthread_attr_init(&attr);
    pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attr, actor->policy);
    pthread_attr_setschedparam(&attr, &param);
    int error = pthread_create(&actor->thread, &attr, actor_main, actor);
    if (error) {
        ktap_note("no thread: %s", strerror(error));
        return false;
    }
    long moved = 0;
    for (int i = 0; moved == 0 && i < PATIENCE; i++) {
        pause_ms(STANDBY_MS);
        moved = syscall(
            SYS_futex, &standby, FUTEX_CMP_REQUEUE, 0, 1, cue_of(actor), 0);
    }
    if (moved != 1) {
        ktap_note("the actor does not stand by");
    }
    return moved == 1;
}

void actor_go(struct actor *actor) {
    atomic_store(&actor->cue, 1);
    syscall(SYS_futex, &actor->cue, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void actor_end(struct actor *actor) {
    pthread_join(actor->thread, NULL);
}
