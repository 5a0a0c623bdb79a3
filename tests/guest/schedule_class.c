// SPDX-License-Identifier: MIT
// The preemptive classes: who may use them, who runs, in which order.
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/schedule_tests.h"
#include "usr/include/tollgate.h"
#include "usr/program/cpus.h"

// The conductor's priority, above all actors'.
#define CONDUCTOR 90
#define LOW 10
#define MIDDLE 20
#define HIGH 30
#define RESET_ON_FORK 0x40000000
#define TYPE_OTHER 47
#define SLICE_MS 100
#define LIMIT_MS 10000
#define TICK_MS 10
#define PATIENCE 100 // times two ticks
#define A_PID_TOO_HIGH 99999
#define KICK_MAX_NS 200000 // far less than a tick
#define PAGE 4096
// QEMU with --icount lets a CPU starve others until a PAUSE, which is dear.
#define PAUSE_AFTER 10000

// Exit statuses of roles.
#define ALL_WELL 5
#define NOT_WELL 55

static struct cpu_list cpus;

// The C library's own sched_setscheduler() and its family are stubs.
static long set(int policy, int priority) {
    const struct sched_param param = {.sched_priority = priority};
    return syscall(SYS_sched_setscheduler, 0, policy, &param);
}

static long policy_now(void) {
    return syscall(SYS_sched_getscheduler, 0);
}

static long priority_now(void) {
    struct sched_param param = {.sched_priority = -1};
    return syscall(SYS_sched_getparam, 0, &param) ? -1 : param.sched_priority;
}

static bool fails(long result, int error) {
    CHECK(result == -1);
    CHECK_EQUAL(errno, error);
    return true;
}

// On the first CPU, above all actors. Ends by conductor_end().
static bool conductor_begin(void) {
    CHECK(cpus.count != 0 || cpus_online(&cpus));
    CHECK(cpus_pin(cpus.cpus[0]));
    log_clear();
    return become(SCHED_FIFO, CONDUCTOR);
}

static bool conductor_end(void) {
    CHECK(cpus_allow(&cpus));
    return become(SCHED_OTHER, 0);
}

// --- who may ----------------------------------------------------------------

bool numbers_and_errors(void) {
    struct sched_param param = {.sched_priority = LOW};
    struct timespec slice;
    CHECK_EQUAL(policy_now(), SCHED_OTHER);
    CHECK_EQUAL(priority_now(), 0);
    CHECK_EQUAL(sched_get_priority_max(SCHED_FIFO), 99);
    CHECK_EQUAL(sched_get_priority_min(SCHED_RR), 1);
    CHECK_EQUAL(sched_get_priority_max(SCHED_OTHER), 0);
    CHECK(fails(sched_get_priority_max(99), EINVAL));
    CHECK(fails(sched_get_priority_min(-1), EINVAL));
    CHECK(fails(set(SCHED_FIFO, 0), EINVAL));
    CHECK(fails(set(SCHED_FIFO, 100), EINVAL));
    CHECK(fails(set(SCHED_RR, -1), EINVAL));
    CHECK(fails(set(SCHED_OTHER, 1), EINVAL));
    CHECK(fails(set(17, 0), EINVAL));
    CHECK(fails(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, NULL), EINVAL));
    CHECK(fails(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, 1), EFAULT));
    CHECK(
        fails(syscall(SYS_sched_setscheduler, -1, SCHED_FIFO, &param), EINVAL));
    CHECK(fails(
        syscall(SYS_sched_setscheduler, A_PID_TOO_HIGH, SCHED_FIFO, &param),
        ESRCH));
    CHECK(fails(syscall(SYS_sched_getscheduler, A_PID_TOO_HIGH), ESRCH));
    CHECK(fails(syscall(SYS_sched_getscheduler, -1), EINVAL));
    CHECK(fails(syscall(SYS_sched_getparam, 0, NULL), EINVAL));
    CHECK(fails(syscall(SYS_sched_getparam, 0, 1), EFAULT));
    CHECK(fails(syscall(SYS_sched_setparam, 0, &param), EINVAL));
    CHECK_EQUAL(policy_now(), SCHED_OTHER);

    CHECK_EQUAL(set(SCHED_RR, MIDDLE), 0);
    CHECK_EQUAL(policy_now(), SCHED_RR);
    CHECK_EQUAL(priority_now(), MIDDLE);
    CHECK_EQUAL(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
    CHECK_EQUAL(slice.tv_nsec, SLICE_MS * NS_PER_MS);
    CHECK_EQUAL(syscall(SYS_sched_setparam, 0, &param), 0);
    CHECK_EQUAL(policy_now(), SCHED_RR);
    CHECK_EQUAL(priority_now(), LOW);
    CHECK_EQUAL(set(SCHED_FIFO | RESET_ON_FORK, LOW), 0);
    CHECK_EQUAL(policy_now(), SCHED_FIFO | RESET_ON_FORK);
    CHECK_EQUAL(syscall(SYS_sched_rr_get_interval, 0, &slice), 0);
    CHECK_EQUAL(slice.tv_nsec, 0);
    CHECK_EQUAL(set(SCHED_OTHER, 0), 0);
    return true;
}

// One that no longer is of type 0 keeps what it has, and may lower it.
static bool play_other_type(void) {
    CHECK_EQUAL(set(SCHED_FIFO, MIDDLE), 0);
    CHECK_EQUAL(tollgate_set_type(TYPE_OTHER), 0);
    CHECK_EQUAL(policy_now(), SCHED_FIFO);
    CHECK(fails(set(SCHED_FIFO, HIGH), EPERM));
    CHECK(fails(set(SCHED_RR, LOW), EPERM));
    CHECK_EQUAL(set(SCHED_FIFO, LOW), 0);
    CHECK(fails(set(SCHED_FIFO, MIDDLE), EPERM));
    CHECK_EQUAL(set(SCHED_OTHER, 0), 0);
    CHECK(fails(set(SCHED_FIFO, 1), EPERM));
    const struct sched_param none = {.sched_priority = 0};
    CHECK(fails(
        syscall(SYS_sched_setscheduler, getppid(), SCHED_OTHER, &none), EPERM));
    return true;
}

int role_play(const char *role) {
    bool well = false;
    if (!strcmp(role, "other-type")) {
        well = play_other_type();
    } else if (!strcmp(role, "is-fifo")) {
        well = policy_now() == SCHED_FIFO && priority_now() == LOW;
    } else if (!strcmp(role, "is-ordinary")) {
        well = policy_now() == SCHED_OTHER && priority_now() == 0;
    }
    return well ? ALL_WELL : NOT_WELL;
}

static bool role_is_well(const char *role) {
    char *path = (char *)getauxval(AT_EXECFN);
    char *argv[] = {path, (char *)role, NULL};
    pid_t pid;
    int status;
    CHECK_EQUAL(posix_spawn(&pid, path, NULL, NULL, argv, environ), 0);
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK_EQUAL(status, ALL_WELL << 8);
    return true;
}

bool only_administrators_rise(void) {
    return role_is_well("other-type");
}

static void *tell_policy(void *out) {
    *(long *)out = policy_now();
    return NULL;
}

static long policy_of_new_thread(void) {
    pthread_t thread;
    long policy = -1;
    pthread_create(&thread, NULL, tell_policy, &policy);
    pthread_join(thread, NULL);
    return policy;
}

bool schedules_are_inherited(void) {
    CHECK_EQUAL(policy_of_new_thread(), SCHED_OTHER);
    CHECK_EQUAL(set(SCHED_FIFO, LOW), 0);
    CHECK_EQUAL(policy_of_new_thread(), SCHED_FIFO);
    CHECK(role_is_well("is-fifo"));
    CHECK_EQUAL(set(SCHED_FIFO | RESET_ON_FORK, LOW), 0);
    CHECK_EQUAL(policy_of_new_thread(), SCHED_OTHER);
    CHECK(role_is_well("is-ordinary"));
    CHECK_EQUAL(set(SCHED_OTHER, 0), 0);
    return true;
}

static void part_note(struct actor *actor) {
    log_note((char)actor->argument);
}

bool c_library_reaches_them(void) {
    struct sched_param param;
    struct actor actor = {SCHED_RR, MIDDLE, {0, 0}, part_note, 'a', .cue = 0};
    int policy;
    CHECK(actor_start(&actor));
    CHECK_EQUAL(pthread_getschedparam(actor.thread, &policy, &param), 0);
    CHECK_EQUAL(policy, SCHED_RR);
    CHECK_EQUAL(param.sched_priority, MIDDLE);
    CHECK_EQUAL(pthread_setschedprio(actor.thread, HIGH), 0);
    CHECK_EQUAL(pthread_getschedparam(actor.thread, &policy, &param), 0);
    CHECK_EQUAL(param.sched_priority, HIGH);
    param.sched_priority = 0;
    CHECK_EQUAL(pthread_setschedparam(actor.thread, SCHED_OTHER, &param), 0);
    CHECK_EQUAL(pthread_getschedparam(actor.thread, &policy, &param), 0);
    CHECK_EQUAL(policy, SCHED_OTHER);
    actor_go(&actor);
    actor_end(&actor);
    return true;
}

// --- one CPU ----------------------------------------------------------------

// An ordinary thread wakes a FIFO one on its own CPU: nothing of the waker runs
// before the woken one blocks again.
bool woken_runs_before_its_waker(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor woken = {SCHED_FIFO, LOW, {here, here},
                          part_note,  'w', .cue = 0};
    CHECK(actor_start(&woken));
    CHECK(become(SCHED_OTHER, 0));
    log_note('a');
    long start = now_ns();
    actor_go(&woken);
    long took = now_ns() - start;
    log_note('b');
    actor_end(&woken);
    CHECK(log_is("awb"));
    CHECK(!schedule_strict || took < KICK_MAX_NS);
    return conductor_end();
}

static _Atomic long ran_at;

static void part_note_time(struct actor *actor) {
    ran_at = now_ns();
    log_note((char)actor->argument);
}

static _Atomic bool stop;
static _Atomic uint64_t turns;

static void part_spin(struct actor *actor) {
    (void)actor;
    while (!stop) {
        if (++turns % PAUSE_AFTER == 0) {
            __builtin_ia32_pause();
        }
    }
}

// The same from another CPU, where it takes an interrupt, but no tick.
bool woken_from_another_cpu(void) {
    CHECK(conductor_begin());
    if (cpus.count < 2) {
        return conductor_end() && ktap_skip("one CPU");
    }
    uint32_t there = cpus.cpus[1];
    struct actor spinner = {SCHED_OTHER, 0, {there, there},
                            part_spin,   0, .cue = 0};
    struct actor woken = {SCHED_FIFO,     LOW, {there, there},
                          part_note_time, 'w', .cue = 0};
    stop = false;
    CHECK(actor_start(&spinner) && actor_start(&woken));
    actor_go(&spinner);
    pause_ms(2 * TICK_MS);
    long start = now_ns();
    actor_go(&woken);
    actor_end(&woken);
    stop = true;
    actor_end(&spinner);
    CHECK(log_is("w"));
    CHECK(!schedule_strict || ran_at - start < KICK_MAX_NS);
    return conductor_end();
}

// No tick gives an ordinary thread the CPU of a FIFO one that goes on.
bool ordinary_threads_wait(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor spinner = {SCHED_OTHER, 0, {here, here},
                            part_spin,   0, .cue = 0};
    stop = false;
    turns = 0;
    CHECK(actor_start(&spinner));
    actor_go(&spinner);
    for (int i = 0; turns == 0 && i < PATIENCE; i++) {
        pause_ms(2 * TICK_MS);
    }
    uint64_t before = turns;
    spin_ms(5 * TICK_MS);
    uint64_t after = turns;
    stop = true;
    actor_end(&spinner);
    CHECK(before != 0);
    CHECK_EQUAL(after, before);
    return conductor_end();
}

// Notes its letter, goes on for longer than a slice would be, notes it again.
static void part_long(struct actor *actor) {
    log_note((char)actor->argument);
    spin_ms(3 * TICK_MS);
    log_note((char)actor->argument);
}

bool first_come_first_served(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor actors[] = {
        {SCHED_FIFO, LOW, {here, here}, part_long, 'a', .cue = 0},
        {SCHED_FIFO, LOW, {here, here}, part_long, 'b', .cue = 0},
        {SCHED_FIFO, MIDDLE, {here, here}, part_long, 'c', .cue = 0},
    };
    for (int i = 0; i < 3; i++) {
        CHECK(actor_start(&actors[i]));
    }
    for (int i = 0; i < 3; i++) {
        actor_go(&actors[i]);
    }
    for (int i = 0; i < 3; i++) {
        actor_end(&actors[i]);
    }
    CHECK(log_is("ccaabb"));
    return conductor_end();
}

static struct actor *to_be_woken;

// Wakes a higher one in its middle.
static void part_wake(struct actor *actor) {
    log_note((char)actor->argument);
    actor_go(to_be_woken);
    log_note((char)actor->argument);
}

bool preempted_keeps_its_turn(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor a = {SCHED_FIFO, LOW, {here, here}, part_wake, 'a', .cue = 0};
    struct actor b = {SCHED_FIFO, LOW, {here, here}, part_note, 'b', .cue = 0};
    struct actor h = {SCHED_FIFO, HIGH, {here, here}, part_note, 'h', .cue = 0};
    to_be_woken = &h;
    CHECK(actor_start(&a) && actor_start(&b) && actor_start(&h));
    actor_go(&a);
    actor_go(&b);
    actor_end(&a);
    actor_end(&b);
    actor_end(&h);
    CHECK(log_is("ahab"));
    return conductor_end();
}

static void part_yield(struct actor *actor) {
    log_note((char)actor->argument);
    sched_yield();
    log_note((char)actor->argument);
}

bool yield_goes_behind_equals(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor a = {SCHED_FIFO, LOW, {here, here}, part_yield, 'a', .cue = 0};
    struct actor b = {SCHED_FIFO, LOW, {here, here}, part_yield, 'b', .cue = 0};
    CHECK(actor_start(&a) && actor_start(&b));
    actor_go(&a);
    actor_go(&b);
    actor_end(&a);
    actor_end(&b);
    CHECK(log_is("abab"));
    return conductor_end();
}

static _Atomic long turns_ms; // how long each wants to go on at most,
static _Atomic int turns_max; // and until the turn has changed so often
static _Atomic int runs_now;  // whose turn it is
static _Atomic int changes;   // of turns
static _Atomic long longest;  // turn, in ns
static _Atomic long turn_began;

static void turn_note(int who) {
    if (runs_now == who) {
        return;
    }
    long now = now_ns();
    if (turn_began != 0 && now - turn_began > longest) {
        longest = now - turn_began;
    }
    turn_began = now;
    runs_now = who;
    changes++;
}

static void part_take_turns(struct actor *actor) {
    long end = now_ns() + turns_ms * NS_PER_MS;
    while (now_ns() < end && changes < turns_max) {
        turn_note((int)actor->argument);
        __builtin_ia32_pause();
    }
}

static bool take_turns(int policy, long ms, int max) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor a = {policy, LOW, {here, here}, part_take_turns, 1, .cue = 0};
    struct actor b = {policy, LOW, {here, here}, part_take_turns, 2, .cue = 0};
    turns_ms = ms;
    turns_max = max;
    runs_now = 0;
    changes = 0;
    longest = 0;
    turn_began = 0;
    CHECK(actor_start(&a) && actor_start(&b));
    actor_go(&a);
    actor_go(&b);
    actor_end(&a);
    actor_end(&b);
    return conductor_end();
}

bool round_robin_rotates(void) {
    // Until the first has a second turn, after a whole one of each: 200 ms, or
    // more where the host takes ticks.
    CHECK(take_turns(SCHED_RR, LIMIT_MS, 3));
    CHECK(changes >= 3); // the other may be about to note its turn
    CHECK(
        !schedule_strict || (longest > (SLICE_MS - TICK_MS) * NS_PER_MS &&
                             longest < (SLICE_MS + TICK_MS) * NS_PER_MS));
    CHECK(take_turns(SCHED_FIFO, 3 * TICK_MS, INT_MAX));
    CHECK(changes <= 2); // the second may find its time over
    return true;
}

bool lowered_gives_way(void) {
    CHECK(conductor_begin());
    uint32_t here = cpus.cpus[0];
    struct actor a = {SCHED_FIFO, MIDDLE, {here, here},
                      part_note,  'a',    .cue = 0};
    CHECK(actor_start(&a));
    actor_go(&a);
    log_note('1');
    CHECK(become(SCHED_FIFO, LOW));
    log_note('2');
    actor_end(&a);
    CHECK(log_is("1a2"));
    return conductor_end();
}

// --- several CPUs -----------------------------------------------------------

static _Atomic uint32_t ran_on;

static void part_where(struct actor *actor) {
    unsigned cpu;
    syscall(SYS_getcpu, &cpu, NULL, NULL);
    ran_on = cpu;
    log_note((char)actor->argument);
}

bool lowest_cpu_is_chosen(void) {
    CHECK(conductor_begin());
    if (cpus.count < 3) {
        return conductor_end() && ktap_skip("needs three CPUs");
    }
    uint32_t one = cpus.cpus[1];
    uint32_t two = cpus.cpus[2];
    struct actor high = {SCHED_FIFO, MIDDLE - 1, {two, two},
                         part_spin,  0,          .cue = 0};
    struct actor low = {SCHED_FIFO, LOW, {one, one}, part_spin, 0, .cue = 0};
    struct actor middle = {SCHED_FIFO, MIDDLE, {one, two},
                           part_where, 'm',    .cue = 0};
    stop = false;
    CHECK(actor_start(&middle) && actor_start(&high) && actor_start(&low));
    actor_go(&high);
    actor_go(&low);
    pause_ms(2 * TICK_MS);
    actor_go(&middle);
    actor_end(&middle);
    stop = true;
    actor_end(&high);
    actor_end(&low);
    CHECK_EQUAL(ran_on, one);
    return conductor_end();
}

// Two are woken at once of which the CPU that both would choose can run one:
// the other goes to the other CPU, though that has more to do.
bool displaced_find_another_cpu(void) {
    CHECK(conductor_begin());
    if (cpus.count < 3) {
        return conductor_end() && ktap_skip("needs three CPUs");
    }
    uint32_t one = cpus.cpus[1];
    uint32_t two = cpus.cpus[2];
    struct actor busy = {SCHED_FIFO, LOW, {one, one}, part_spin, 0, .cue = 0};
    struct actor pinned = {SCHED_FIFO, HIGH, {two, two},
                           part_spin,  0,    .cue = 0};
    struct actor free = {SCHED_FIFO, MIDDLE, {one, two},
                         part_where, 'f',    .cue = 0};
    stop = false;
    pinned.with = &free;
    CHECK(actor_start(&free) && actor_start(&pinned) && actor_start(&busy));
    actor_go(&busy);
    pause_ms(2 * TICK_MS);
    actor_go(&free); // claims the idle CPU, which the other takes then
    actor_end(&free);
    stop = true;
    actor_end(&busy);
    actor_end(&pinned);
    CHECK(log_is("f"));
    return conductor_end();
}

// A CPU that was kicked for one takes a higher one, which another was kicked
// for: the first goes to a third CPU. (With --icount in this order; else it may
// find its CPU at once.)
bool untaken_find_another_cpu(void) {
    CHECK(conductor_begin());
    if (cpus.count < 4) {
        return conductor_end() && ktap_skip("needs four CPUs");
    }
    uint32_t kicked = cpus.cpus[1];
    uint32_t third = cpus.cpus[2];
    uint32_t other = cpus.cpus[3];
    struct actor busy = {SCHED_FIFO, LOW, {third, third},
                         part_spin,  0,   .cue = 0};
    struct actor loop = {SCHED_OTHER, 0, {other, other},
                         part_spin,   0, .cue = 0};
    struct actor low = {SCHED_FIFO, MIDDLE, {kicked, third},
                        part_where, 'l',    .cue = 0};
    struct actor high = {SCHED_FIFO, HIGH, {kicked, other},
                         part_spin,  0,    .with = &low};
    stop = false;
    CHECK(actor_start(&low) && actor_start(&high));
    CHECK(actor_start(&busy) && actor_start(&loop));
    actor_go(&busy);
    actor_go(&loop);
    pause_ms(2 * TICK_MS);
    actor_go(&low);
    actor_end(&low);
    stop = true;
    actor_end(&high);
    actor_end(&busy);
    actor_end(&loop);
    CHECK(log_is("l"));
    return conductor_end();
}

// What makes every CPU answer (a rendezvous, a stop of the machine, a TLB
// shoot-down) works while loops of high priority keep all the others.
bool loops_do_not_starve_the_kernel(void) {
    CHECK(conductor_begin());
    enum { MOST = 4 };
    struct actor loops[MOST];
    uint32_t count = cpus.count < MOST ? cpus.count : MOST;
    struct toll toll;
    const struct custom_slot *slot = tollgate_slot(3);
    CHECK(slot && slot->resource != NO_RESOURCE);
    uint32_t kind = tollgate_resource(slot->resource)->lock_kind;
    stop = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t cpu = cpus.cpus[i];
        loops[i] = (struct actor){SCHED_FIFO, HIGH, {cpu, cpu},
                                  part_spin,  0,    .cue = 0};
        CHECK(actor_start(&loops[i]));
    }
    for (uint32_t i = 0; i < count; i++) {
        actor_go(&loops[i]);
    }
    pause_ms(2 * TICK_MS);
    for (int i = 0; i < 20; i++) {
        CHECK(tollgate_toll_read(3, TOLL_ALL_CPUS, &toll) >= 0);
        CHECK(tollgate_set_lock(slot->resource, LOCK_TAS) == 0);
        CHECK(tollgate_set_lock(slot->resource, kind) == 0);
        char *page = mmap(
            NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
            0);
        CHECK(page != MAP_FAILED);
        *page = 1;
        CHECK_EQUAL(munmap(page, PAGE), 0);
    }
    stop = true;
    for (uint32_t i = 0; i < count; i++) {
        actor_end(&loops[i]);
    }
    return conductor_end();
}
