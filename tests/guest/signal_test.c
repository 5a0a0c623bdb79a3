// SPDX-License-Identifier: MIT
// signal_test - signals as programs send and receive them: masks, handlers,
// what a handler may change and what it may not, interrupted calls, groups.
// Prints KTAP. Some tests' children are killed, with a line on the console.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/guest/ktap.h"

#define ALL_WELL 5
#define NOT_WELL 55
#define SOON_US 2000
#define PATIENCE 1000 // times SOON_US
#define COMETS 30
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define KERNEL_SELECTORS                                                       \
    0x0000001000000008 // ss gs fs cs of a frame, 16 bits each
#define KERNEL_CODE 0xffffffff80000000
#define NONCANONICAL 0x800000000000
#define FX_MXCSR 24

// signal_frame.S
extern long signal_keeps(long pid, long signal);
extern _Noreturn void signal_return(const ucontext_t *context);
extern void signal_on_stack(long pid, long signal, void *stack);

static volatile sig_atomic_t count;
static volatile sig_atomic_t last;
static volatile sig_atomic_t depth;
static volatile sig_atomic_t deepest;

static void note(int signal) {
    count++;
    last = signal;
}

static bool handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    count = last = 0;
    return !sigaction(signal, &action, NULL);
}

static bool block(int how, int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return !sigprocmask(how, &set, NULL);
}

static bool is_blocked(int signal) {
    sigset_t set;
    return !sigprocmask(SIG_SETMASK, NULL, &set) && sigismember(&set, signal);
}

// The wait status of a child that runs `body`.
static int child_run(int (*body)(const void *argument), const void *argument) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(body(argument));
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

// --- handlers ---------------------------------------------------------------

static bool handler_runs(void) {
    CHECK(handle(SIGUSR1, note, 0));
    CHECK_EQUAL(raise(SIGUSR1), 0);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(last, SIGUSR1);
    CHECK_EQUAL(kill(getpid(), SIGUSR1), 0);
    CHECK_EQUAL(count, 2);
    CHECK(!is_blocked(SIGUSR1));
    return true;
}

static void spoil(int signal) {
    __asm__ volatile("xor %%ebx, %%ebx; xor %%r12d, %%r12d; xor %%r13d, %%r13d;"
                     "xor %%r14d, %%r14d; xor %%r15d, %%r15d; xor %%edx, %%edx;"
                     "xor %%r8d, %%r8d; xor %%r9d, %%r9d; xor %%r10d, %%r10d;"
                     "pxor %%xmm7, %%xmm7; std; cld"
                     :
                     :
                     : "rbx", "r12", "r13", "r14", "r15", "rdx", "r8", "r9",
                       "r10", "xmm7");
    note(signal);
}

static bool handler_changes_no_register(void) {
    CHECK(handle(SIGUSR1, spoil, 0));
    CHECK_EQUAL(signal_keeps(getpid(), SIGUSR1), 0);
    CHECK_EQUAL(count, 1);
    return true;
}

static void nest(int signal) {
    depth++;
    deepest = depth > deepest ? depth : deepest;
    if (count++ < 2) {
        raise(signal);
    }
    depth--;
}

static bool handler_blocks_its_signal(void) {
    CHECK(handle(SIGUSR1, nest, 0));
    deepest = 0;
    raise(SIGUSR1);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(deepest, 1);
    CHECK(handle(SIGUSR1, nest, SA_NODEFER));
    deepest = 0;
    raise(SIGUSR1);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(deepest, 3);
    return true;
}

static void check_mask(int signal) {
    last = is_blocked(SIGUSR2) && is_blocked(signal) && !is_blocked(SIGINT);
}

static bool handler_has_its_mask(void) {
    struct sigaction action = {.sa_handler = check_mask};
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    last = 0;
    raise(SIGUSR1);
    CHECK_EQUAL(last, 1);
    CHECK(!is_blocked(SIGUSR2) && !is_blocked(SIGUSR1));
    return true;
}

static bool reset_handler_runs_once(void) {
    struct sigaction action;
    CHECK(handle(SIGURG, note, (int)SA_RESETHAND)); // harmless by default
    raise(SIGURG);
    raise(SIGURG);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(sigaction(SIGURG, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    return true;
}

static bool blocked_signals_wait(void) {
    sigset_t set;
    CHECK(handle(SIGUSR1, note, 0));
    CHECK(block(SIG_BLOCK, SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1); // no more than one waits
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(sigpending(&set), 0);
    CHECK(sigismember(&set, SIGUSR1));
    CHECK(block(SIG_UNBLOCK, SIGUSR1));
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(sigpending(&set), 0);
    CHECK(!sigismember(&set, SIGUSR1));
    return true;
}

// Who ignores a signal has never been sent it; and does so more than once.
static bool ignored_signals_are_dropped(void) {
    struct sigaction action = {
        .sa_handler = SIG_IGN, .sa_flags = (int)SA_RESETHAND};
    CHECK(block(SIG_BLOCK, SIGUSR1));
    raise(SIGUSR1);
    CHECK_EQUAL(kill(getpid(), SIGUSR1), 0);
    signal(SIGUSR1, SIG_IGN);
    CHECK(handle(SIGUSR1, note, 0));
    CHECK(block(SIG_UNBLOCK, SIGUSR1));
    CHECK_EQUAL(count, 0);
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK(block(SIG_BLOCK, SIGUSR1));
    raise(SIGUSR1);
    CHECK(block(SIG_UNBLOCK, SIGUSR1));
    CHECK_EQUAL(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_IGN);
    signal(SIGUSR1, SIG_DFL);
    return true;
}

static int dies_unblocked(const void *unused) {
    (void)unused;
    block(SIG_BLOCK, SIGTERM);
    raise(SIGTERM);
    if (is_blocked(SIGTERM)) {
        block(SIG_UNBLOCK, SIGTERM);
    }
    return NOT_WELL;
}

static bool blocked_death_waits(void) {
    int status = child_run(dies_unblocked, NULL);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGTERM);
    CHECK(!block(SIG_BLOCK, SIGKILL) || !is_blocked(SIGKILL));
    return true;
}

// --- threads ----------------------------------------------------------------

static volatile bool ready;
static volatile bool helped;
static pthread_t volatile helper;

static void help(int signal) {
    note(signal);
    helper = pthread_self();
    helped = true;
}

static void wait_for_help(int signal) {
    (void)signal;
    for (int i = 0; i < PATIENCE && !helped; i++) {
        usleep(SOON_US);
    }
}

static void *wait_for_signals(void *unused) {
    ready = true;
    while (!helped) {
        usleep(SOON_US);
    }
    return unused;
}

// One CPU for all, and the caller comes first: nobody else acts between two
// signals that it sends.
static bool come_first(bool first) {
    static cpu_set_t all;
    cpu_set_t one;
    struct sched_param param = {.sched_priority = first};
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    return (!first || !sched_getaffinity(0, sizeof(all), &all)) &&
           !sched_setaffinity(0, sizeof(all), first ? &one : &all) &&
           !syscall(
               SYS_sched_setscheduler, 0, first ? SCHED_FIFO : SCHED_OTHER,
               &param);
}

// Both signals are the newest thread's to see to, but the first one's handler
// blocks the second, which then is the other thread's.
static bool blocked_signals_are_passed_on(void) {
    struct sigaction action = {.sa_handler = wait_for_help};
    pthread_t thread;
    CHECK(handle(SIGUSR2, help, SA_RESTART));
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, wait_for_signals, NULL), 0);
    while (!ready) {
        usleep(SOON_US);
    }
    usleep(SOON_US);
    CHECK(come_first(true));
    CHECK_EQUAL(kill(getpid(), SIGUSR1), 0);
    CHECK_EQUAL(kill(getpid(), SIGUSR2), 0);
    CHECK(come_first(false));
    wait_for_help(0);
    CHECK(helped);
    CHECK(pthread_equal(helper, pthread_self()));
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    signal(SIGUSR1, SIG_DFL);
    return true;
}

// --- faults -----------------------------------------------------------------

static sigjmp_buf out;
static char *volatile nowhere = (char *)0x123;
static void *volatile fault_address;
static volatile int fault_code;

static void leave(int signal, siginfo_t *info, void *context) {
    (void)context;
    last = signal;
    fault_address = info->si_addr;
    fault_code = info->si_code;
    siglongjmp(out, 1);
}

static volatile int zero;

static bool faults_are_handled(void) {
    struct sigaction action = {.sa_sigaction = leave, .sa_flags = SA_SIGINFO};
    char *volatile null = NULL;
    CHECK_EQUAL(sigaction(SIGSEGV, &action, NULL), 0);
    CHECK_EQUAL(sigaction(SIGILL, &action, NULL), 0);
    CHECK_EQUAL(sigaction(SIGFPE, &action, NULL), 0);
    for (int i = 0; i < 2; i++) { // the second one finds it unblocked again
        char *volatile address = i == 0 ? nowhere : null;
        if (!sigsetjmp(out, 1)) {
            *address = 1;
        }
        CHECK_EQUAL(last, SIGSEGV);
        CHECK_EQUAL(fault_code, SEGV_MAPERR);
        CHECK(fault_address == address);
    }
    if (!sigsetjmp(out, 1)) {
        __asm__ volatile("ud2");
    }
    CHECK_EQUAL(last, SIGILL);
    CHECK_EQUAL(fault_code, ILL_ILLOPN);
    CHECK(fault_address != NULL);
    if (!sigsetjmp(out, 1)) {
        zero = 10 / zero;
    }
    CHECK_EQUAL(last, SIGFPE);
    CHECK_EQUAL(fault_code, FPE_INTDIV);
    if (!sigsetjmp(out, 1)) {
        raise(SIGFPE);
    }
    CHECK_EQUAL(last, SIGFPE);
    CHECK(fault_code <= 0 && fault_address == NULL);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    signal(SIGFPE, SIG_DFL);
    return true;
}

static void skip_ud2(int signal, siginfo_t *info, void *context) {
    ucontext_t *user = context;
    (void)info;
    note(signal);
    user->uc_mcontext.gregs[REG_RIP] += 2;
    user->uc_mcontext.gregs[REG_RBX] = 0x1234;
}

static bool handler_changes_the_context(void) {
    struct sigaction action = {
        .sa_sigaction = skip_ud2, .sa_flags = SA_SIGINFO};
    long rbx = 0;
    CHECK_EQUAL(sigaction(SIGILL, &action, NULL), 0);
    __asm__ volatile("ud2" : "+b"(rbx));
    CHECK_EQUAL(rbx, 0x1234);
    signal(SIGILL, SIG_DFL);
    return true;
}

static void fault_again(int signal) {
    (void)signal;
    *nowhere = 1;
}

static int faults_twice(const void *unused) {
    (void)unused;
    handle(SIGSEGV, fault_again, 0);
    fault_again(0);
    return NOT_WELL;
}

static bool fault_in_its_handler_kills(void) {
    int status = child_run(faults_twice, NULL);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGSEGV);
    return true;
}

// --- frames that a program makes up -----------------------------------------

struct hostile {
    const char *name;
    greg_t rip, rsp; // 0: a good one
    greg_t flags;
    greg_t selectors;
    void *fx;
    bool survives;
};

static uint8_t __attribute__((aligned(16))) fx[512];
static char stack[65536];
static volatile bool arrived;

static void arrive(void) {
    unsigned long flags;
    uint16_t cs;
    __asm__ volatile("pushfq; pop %0; mov %%cs, %1" : "=r"(flags), "=r"(cs));
    arrived = (flags & (RFLAGS_IOPL | RFLAGS_NT)) == 0 && (cs & 3) == 3;
    _exit(arrived ? ALL_WELL : NOT_WELL);
}

static int returns(const void *argument) {
    const struct hostile *hostile = argument;
    static ucontext_t context;
    greg_t *gregs = context.uc_mcontext.gregs;
    gregs[REG_RIP] = hostile->rip ? hostile->rip : (greg_t)(uintptr_t)arrive;
    gregs[REG_RSP] =
        hostile->rsp ? hostile->rsp : (greg_t)(uintptr_t)(stack + 65528);
    gregs[REG_EFL] = hostile->flags;
    gregs[REG_CSGSFS] = hostile->selectors;
    context.uc_mcontext.fpregs = hostile->fx;
    signal_return(&context);
}

static bool frames_give_no_privilege(void) {
    const struct hostile frames[] = {
        {.name = "a good one", .survives = true},
        {.name = "flags", .flags = -1 & ~0x100, .survives = true},
        {.name = "IOPL", .flags = RFLAGS_IOPL, .survives = true},
        {.name = "selectors", .selectors = KERNEL_SELECTORS, .survives = true},
        {.name = "MXCSR", .fx = fx, .survives = true},
        {.name = "kernel rip", .rip = (greg_t)KERNEL_CODE},
        {.name = "non-canonical rip", .rip = NONCANONICAL},
        {.name = "last rip", .rip = 0x7ffffffff000},
        {.name = "kernel rsp", .rsp = (greg_t)KERNEL_CODE},
        {.name = "non-canonical rsp", .rsp = NONCANONICAL},
        {.name = "kernel fx", .fx = (void *)KERNEL_CODE},
        {.name = "no fx", .fx = (void *)16},
    };
    memset(fx, 0xff, sizeof(fx));
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        int status = child_run(returns, &frames[i]);
        ktap_note("%s: status 0x%x", frames[i].name, (unsigned)status);
        if (frames[i].survives) {
            CHECK_EQUAL(status, ALL_WELL << 8);
        } else {
            CHECK(WIFSIGNALED(status));
            CHECK_EQUAL(WTERMSIG(status), SIGSEGV);
        }
    }
    return true;
}

static int returns_from(const void *context) {
    signal_return(context);
}

static int signaled_on(const void *argument) {
    handle(SIGUSR1, note, 0);
    signal_on_stack(getpid(), SIGUSR1, (void *)(uintptr_t)argument);
    return count == 1 ? ALL_WELL : NOT_WELL;
}

static bool stacks_are_checked(void) {
    static const uintptr_t bad[] = {
        0, 64, 4096, 0x400000, NONCANONICAL, KERNEL_CODE, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int status = child_run(returns_from, (void *)bad[i]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        status = child_run(signaled_on, (void *)bad[i]);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
    CHECK_EQUAL(child_run(signaled_on, stack + 60001), ALL_WELL << 8);
    return true;
}

// The kernel's struct sigaction; -1 stands for a good value.
static int acts(const void *argument) {
    uint64_t action[4];
    memcpy(action, argument, sizeof(action));
    if (syscall(SYS_rt_sigaction, SIGUSR1, action, NULL, 8)) {
        return NOT_WELL;
    }
    raise(SIGUSR1);
    return ALL_WELL;
}

static bool actions_are_checked(void) {
    static const uint64_t actions[][4] = {
        {KERNEL_CODE, 0x04000000, 0x400000, 0},
        {NONCANONICAL, 0x04000000, 0x400000, 0},
        {0x400000, 0x04000000, KERNEL_CODE, 0},
        {0x400000, 0, 0x400000, 0}, // no restorer
    };
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        int status = child_run(acts, actions[i]);
        CHECK(WIFSIGNALED(status));
        CHECK_EQUAL(WTERMSIG(status), SIGSEGV);
    }
    return true;
}

// --- interrupted calls ------------------------------------------------------

// A child that signals this process until it is told to stop; it writes a byte
// to `to` when `after` of them are out.
static pid_t nag(int after, int to) {
    pid_t parent = getpid();
    pid_t pid = fork();
    for (int i = 0; pid == 0; i++) {
        usleep(SOON_US);
        if (kill(parent, SIGUSR1)) {
            _exit(ALL_WELL);
        }
        if (i == after && write(to, "x", 1) != 1) {
            _exit(NOT_WELL);
        }
    }
    return pid;
}

// Its last signal may be under way.
static bool stop(pid_t pid) {
    pid_t ended;
    if (kill(pid, SIGKILL)) {
        return false;
    }
    do {
        ended = waitpid(pid, NULL, 0);
    } while (ended < 0 && errno == EINTR);
    return ended == pid;
}

static bool waits_are_interrupted(void) {
    int ends[2];
    char byte;
    CHECK(handle(SIGUSR1, note, 0));
    CHECK_EQUAL(pipe(ends), 0);
    pid_t pid = nag(-1, ends[1]);
    CHECK(pid > 0);
    CHECK(read(ends[0], &byte, 1) < 0 && errno == EINTR);
    CHECK(waitpid(pid, NULL, 0) < 0 && errno == EINTR);
    struct timespec left = {0};
    const struct timespec hour = {3600, 0};
    CHECK(nanosleep(&hour, &left) < 0 && errno == EINTR);
    CHECK(left.tv_sec > 3000 && left.tv_sec < 3600);
    CHECK(count > 0);
    CHECK(stop(pid));
    close(ends[0]);
    close(ends[1]);
    return true;
}

static bool waits_are_restarted(void) {
    int ends[2];
    char byte = 0;
    CHECK(handle(SIGUSR1, note, SA_RESTART));
    CHECK_EQUAL(pipe(ends), 0);
    pid_t pid = nag(5, ends[1]);
    CHECK(pid > 0);
    CHECK_EQUAL(read(ends[0], &byte, 1), 1);
    CHECK_EQUAL(byte, 'x');
    CHECK(count > 0);
    CHECK(stop(pid));
    close(ends[0]);
    close(ends[1]);
    return true;
}

static bool suspension_ends_with_a_signal(void) {
    sigset_t none;
    sigemptyset(&none);
    CHECK(handle(SIGUSR1, note, SA_RESTART)); // which has no say here
    CHECK(block(SIG_BLOCK, SIGUSR1));
    CHECK_EQUAL(kill(getpid(), SIGUSR1), 0); // it waits already
    CHECK(sigsuspend(&none) < 0 && errno == EINTR);
    CHECK_EQUAL(count, 1);
    CHECK(is_blocked(SIGUSR1));
    pid_t pid = nag(-1, -1);
    CHECK(pid > 0);
    CHECK(sigsuspend(&none) < 0 && errno == EINTR);
    CHECK(is_blocked(SIGUSR1));
    CHECK(stop(pid));
    CHECK(block(SIG_UNBLOCK, SIGUSR1));
    return true;
}

static int just_ends(const void *unused) {
    (void)unused;
    return ALL_WELL;
}

static bool children_send_their_end(void) {
    CHECK(handle(SIGCHLD, note, 0));
    CHECK_EQUAL(child_run(just_ends, NULL), ALL_WELL << 8);
    CHECK_EQUAL(count, 1);
    signal(SIGCHLD, SIG_DFL);
    return true;
}

static int writes_nowhere(const void *ignores) {
    int ends[2];
    if (ignores) {
        signal(SIGPIPE, SIG_IGN);
    }
    if (pipe(ends) || close(ends[0])) {
        return NOT_WELL;
    }
    return write(ends[1], "x", 1) < 0 && errno == EPIPE ? ALL_WELL : NOT_WELL;
}

static bool broken_pipes_kill(void) {
    int status = child_run(writes_nowhere, NULL);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGPIPE);
    CHECK_EQUAL(child_run(writes_nowhere, "ignores"), ALL_WELL << 8);
    return true;
}

// --- groups -----------------------------------------------------------------

static int waits_in_group(const void *group) {
    if (setpgid(0, *(const pid_t *)group)) {
        return NOT_WELL;
    }
    for (;;) {
        pause();
    }
}

static bool groups_are_signaled(void) {
    pid_t members[3] = {0};
    int status;
    for (int i = 0; i < 3; i++) {
        members[i] = fork();
        if (members[i] == 0) {
            _exit(waits_in_group(&members[0]));
        }
        CHECK(members[i] > 0);
        CHECK_EQUAL(setpgid(members[i], members[0]), 0);
    }
    CHECK_EQUAL(getpgid(members[2]), members[0]);
    CHECK(getpgrp() != members[0]);
    CHECK_EQUAL(kill(-members[0], 0), 0);
    CHECK(waitpid(-members[0], &status, WNOHANG) == 0);
    CHECK(waitpid(0, &status, WNOHANG) < 0 && errno == ECHILD);
    CHECK_EQUAL(kill(-members[0], SIGINT), 0);
    for (int i = 0; i < 3; i++) {
        CHECK(waitpid(-members[0], &status, 0) > 0);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    }
    CHECK(kill(-members[0], 0) < 0 && errno == ESRCH);
    CHECK(setpgid(1, 0) < 0 || getpid() == 1);
    CHECK(setpgid(0, 999999) < 0 && errno == EPERM);
    return true;
}

static bool zombies_can_be_signaled(void) {
    CHECK(handle(SIGCHLD, note, SA_RESTART));
    pid_t child = fork();
    if (child == 0) {
        _exit(setpgid(0, 0) ? NOT_WELL : ALL_WELL);
    }
    CHECK(child > 0);
    for (int i = 0; i < PATIENCE && count == 0; i++) {
        CHECK_EQUAL(kill(child, 0), 0);
        usleep(SOON_US);
    }
    CHECK_EQUAL(last, SIGCHLD);
    signal(SIGCHLD, SIG_DFL);
    CHECK_EQUAL(getpgid(child), child);
    CHECK_EQUAL(kill(child, SIGKILL), 0);
    CHECK_EQUAL(kill(-child, SIGTERM), 0);
    int status;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), ALL_WELL);
    CHECK(kill(child, 0) < 0 && errno == ESRCH);
    CHECK(syscall(SYS_tgkill, 0, gettid(), 0) < 0 && errno == EINVAL);
    CHECK(syscall(SYS_tgkill, -1, gettid(), 0) < 0 && errno == EINVAL);
    return true;
}

// A process that is never where it was: each makes the next one, and waits.
// With memory that is lent, nearly all of its time goes into that.
static _Noreturn void fly_on(void) {
    setpgid(0, 0);
    while (vfork() <= 0) {
    }
    _exit(NOT_WELL);
}

// A group is killed whole, also who is just being forked.
static bool killed_groups_are_gone(void) {
    for (int i = 0; i < COMETS; i++) {
        pid_t group = fork();
        if (group == 0) {
            fly_on();
        }
        CHECK(group > 0);
        setpgid(group, group);
        usleep(SOON_US / 4 * ((unsigned)i % 8));
        CHECK_EQUAL(kill(-group, SIGKILL), 0);
        CHECK_EQUAL(waitpid(group, NULL, 0), group);
        bool gone = false;
        for (int j = 0; j < PATIENCE && !gone; j++) {
            gone = kill(-group, 0) < 0;
            usleep(SOON_US);
        }
        while (kill(-group, SIGKILL) == 0) {
        }
        ktap_note("comet %d: %s", i, gone ? "gone" : "flies on");
        CHECK(gone);
    }
    return true;
}

#define TEST(function)                                                         \
    { #function, function }

int main(void) {
    static const struct ktap_test tests[] = {
        TEST(handler_runs),
        TEST(handler_changes_no_register),
        TEST(handler_blocks_its_signal),
        TEST(handler_has_its_mask),
        TEST(reset_handler_runs_once),
        TEST(blocked_signals_wait),
        TEST(ignored_signals_are_dropped),
        TEST(blocked_death_waits),
        TEST(blocked_signals_are_passed_on),
        TEST(faults_are_handled),
        TEST(handler_changes_the_context),
        TEST(fault_in_its_handler_kills),
        TEST(frames_give_no_privilege),
        TEST(stacks_are_checked),
        TEST(actions_are_checked),
        TEST(waits_are_interrupted),
        TEST(waits_are_restarted),
        TEST(suspension_ends_with_a_signal),
        TEST(children_send_their_end),
        TEST(broken_pipes_kill),
        TEST(groups_are_signaled),
        TEST(zombies_can_be_signaled),
        TEST(killed_groups_are_gone),
    };
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
