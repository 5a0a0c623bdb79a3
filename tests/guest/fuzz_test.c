// SPDX-License-Identifier: MIT
// fuzz_test [SEED [CHILDREN [CALLS]]] - the gate from ring 3, with random
// calls, registers and stack pointers. Each child, of which several run at
// once, makes CALLS calls that follow from SEED and its number; it may be
// killed for them, but the kernel must go on, keep what a call keeps, and get
// its memory back. Prints KTAP.
//
// Left out is what would end the run by design: exits, signals to others than
// the child itself, holding a resource for long; and what would fill the log.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/fuzz_call.h"
#include "tests/guest/ktap.h"
#include "usr/include/tollgate.h"

#define DEFAULT_SEED 1
#define DEFAULT_CHILDREN 48
#define DEFAULT_CALLS 2000
#define WORKERS 4
#define WORKER_STACK_SIZE (64ul * 1024)
#define CHILD_OPTION "--child"
#define CHILD_CHANGED 3  // a child's exit status: a call changed a register
#define CHILD_RESULT 4   // ... returned what it can not
#define CHILD_NOT_RUN 5  // ... it could not be started
#define POLL_NS 2000000l // how often a worker looks after its child
#define PATIENCE_NS 600000000l // how long a child may take, then it is killed

#define NS_PER_SECOND 1000000000l
#define PAGE 4096ul
#define ARENA_PAGES 64
#define USER_TOP 0x7ffffffff000ul
#define TEST_SLOT_FIRST 59 // changes the frame or misbehaves (custom_test.def)
#define FREE_SLOT_FIRST 32
#define SLOT_ARGS 1
#define SLOT_HOLD 4
#define HOLD_MAX 0xffful
#define NOISE_MAX 0x3ful
#define RFLAGS_ALWAYS_ON 0x202ul
#define RFLAGS_HARMLESS 0x240cd5ul // status, DF, AC, ID
#define LAST_CALL 1110
#define USER_ADDRESSES 0x7ffffffffffful
#define RARELY 256    // one time in so many
#define LEAK_PAGES 24 // what stacks and slabs may keep after a round

// fuzz_module.S
extern const uint8_t fuzz_module[], fuzz_module_end[];

static uint64_t seed = DEFAULT_SEED;
static unsigned num_children = DEFAULT_CHILDREN;
static unsigned num_calls = DEFAULT_CALLS;
static char *self_path;

// The calls that there are, by number.
static const bool is_call[] = {
#define CALL(number, name, argc) [number] = true,
#include "syscall/calls.def"
#undef CALL
};

// --- random numbers ---------------------------------------------------------

// xorshift64* (Marsaglia, Vigna).
static uint64_t random_next(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dul;
}

static uint64_t random_below(uint64_t *state, uint64_t limit) {
    return (random_next(state) >> 16) % limit;
}

static uint64_t random_start(uint64_t child) {
    uint64_t state = seed * 0x9e3779b97f4a7c15ul + child + 1;
    for (int i = 0; i < 8; i++) {
        random_next(&state);
    }
    return state;
}

// --- values -----------------------------------------------------------------

static char *arena;

static uint64_t arena_pointer(uint64_t *state) {
    uint64_t at = (uintptr_t)arena;
    switch (random_below(state, 4)) {
    case 0:
        return at + random_below(state, ARENA_PAGES) * PAGE;
    case 1:
        return at + random_below(state, ARENA_PAGES + 1) * PAGE -
               random_below(state, 64);
    case 2:
        return at + random_below(state, ARENA_PAGES * PAGE);
    default:
        return at + random_below(state, ARENA_PAGES * PAGE / 8) * 8;
    }
}

// Addresses that a program has no business with, and borders.
static uint64_t bad_pointer(uint64_t *state) {
    static const uint64_t pointers[] = {
        0,
        1,
        PAGE,
        SYSPAGE_USER_VADDR,
        TOLL_AREA_VADDR,
        TOLL_AREA_VADDR + TOLL_AREA_SIZE - 8,
        USER_TOP - PAGE,
        USER_TOP - 8,
        USER_TOP,
        0x7fffffffffff,
        0x800000000000,
        0x8000000000000000,
        0xffff7fffffffffff,
        0xffff800000000000,
        0xffffffff80000000,
        0xffffffffa0000000,
        SYSPAGE_VADDR,
        0xffffffffb8000000,
        0xffffffffc0000000,
        0xffffffffc0003000,
        0xffffffffe0000000,
        UINT64_MAX - PAGE + 1,
        UINT64_MAX - 7,
        UINT64_MAX};
    uint64_t pointer =
        pointers[random_below(state, sizeof(pointers) / sizeof(pointers[0]))];
    return random_below(state, 4) == 0 ? pointer + random_below(state, 2 * PAGE)
                                       : pointer;
}

static uint64_t random_value(uint64_t *state) {
    switch (random_below(state, 8)) {
    case 0:
    case 1:
        return random_below(state, 16);
    case 2:
        return (1ul << random_below(state, 64)) + random_below(state, 3) - 1;
    case 3:
        return bad_pointer(state);
    case 4:
        return 0ul - random_below(state, 256);
    case 5:
        return random_next(state);
    default:
        return arena_pointer(state);
    }
}

static uint64_t random_number(uint64_t *state) {
    switch (random_below(state, 8)) {
    case 0: // a custom call of any slot
        return random_below(state, 70) << 32 | SYS_CUSTOM;
    case 1:
        return random_next(state) << 32 | SYS_CUSTOM;
    case 2:
        return 1000 + random_below(state, LAST_CALL + 1 - 1000);
    case 3:
        return random_value(state);
    default:
        return random_below(state, 401);
    }
}

// --- what is left out -------------------------------------------------------

static void custom_tame(uint64_t *state, struct fuzz_regs *r) {
    uint64_t slot = r->rax >> 32;
    if (slot == SLOT_HOLD) {
        r->rdi &= HOLD_MAX;
    }
    if (slot >= TEST_SLOT_FIRST && slot < CALLOUT_SLOTS) {
        r->rax = SYS_CUSTOM;
    }
    // The gate takes no other stack pointer than a user address.
    if (random_below(state, RARELY) != 0) {
        r->rsp &= USER_ADDRESSES;
    }
}

// The child's own code, data and stack stay, or little of it would run.
static void memory_tame(uint64_t *state, struct fuzz_regs *r) {
    if (random_below(state, RARELY) != 0) {
        r->rdi = (uintptr_t)arena + random_below(state, ARENA_PAGES) * PAGE;
        r->rsi = random_below(state, 8) * PAGE;
    }
}

// A module as it should be, a damaged one, or what comes.
static void module_offer(uint64_t *state, struct fuzz_regs *r) {
    static uint8_t damaged[PAGE];
    size_t size = (size_t)(fuzz_module_end - fuzz_module);
    uint64_t choice = random_below(state, 4);
    if (choice > 2) {
        return;
    }
    r->rdi = (uintptr_t)fuzz_module;
    r->rsi = size;
    if (choice == 0) {
        memcpy(damaged, fuzz_module, size);
        damaged[random_below(state, size)] ^=
            (uint8_t)(1 << random_below(state, 8));
        r->rdi = (uintptr_t)damaged;
    }
}

static void call_tame(uint64_t *state, struct fuzz_regs *r) {
    switch (r->rax) {
    case SYS_exit:
    case SYS_exit_group:
    case TOLLGATE_PK:
        r->rax = SYS_getpid;
        break;
    case SYS_kill:
    case SYS_tkill:
        r->rsi = 0; // a signal that is none
        break;
    case SYS_tgkill:
        r->rdx = 0;
        break;
    case SYS_sched_setaffinity:
        r->rdi = 0;
        break;
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mprotect:
    case SYS_madvise:
        memory_tame(state, r);
        break;
    case TOLLGATE_NOISE_FLOOR:
        r->rdi &= NOISE_MAX;
        break;
    case TOLLGATE_BIND:
        module_offer(state, r);
        break;
    case TOLLGATE_UNBIND: // the others are there for the children to call
        r->rdi |= FREE_SLOT_FIRST;
        break;
    case TOLLGATE_TRACE:
        r->rdi = 0;
        break;
    case SYS_fork:         // a second child would go on as this one
    case SYS_rt_sigreturn: // signal_test's
    case SYS_pause:
        r->rax = SYS_getpid;
        break;
    case SYS_clone:
        r->rdi |= CLONE_VM;
        break;
    case SYS_rt_sigsuspend:
        r->rsi |= 1; // no size of a set: it waits for ever
        break;
    case SYS_arch_prctl:
        r->rdi |= 1; // no new fs base: the C library's variables lie there
        break;
    default:
        break;
    }
    if ((uint32_t)r->rax == SYS_CUSTOM) {
        custom_tame(state, r);
    }
}

// --- a child ----------------------------------------------------------------

// What calls find where they look: small numbers, pointers, a few paths.
static void arena_fill(uint64_t *state) {
    static const char *const paths[] = {
        "/", "/bin/true", "/dev/null", "/bin", "/no/such/file"};
    for (size_t at = 0; at < ARENA_PAGES * PAGE; at += sizeof(uint64_t)) {
        uint64_t value = random_value(state);
        memcpy(arena + at, &value, sizeof(value));
    }
    for (size_t page = 0; page < ARENA_PAGES; page += 4) {
        const char *path =
            paths[random_below(state, sizeof(paths) / sizeof(paths[0]))];
        memcpy(arena + page * PAGE, path, strlen(path) + 1);
    }
}

static void regs_fill(uint64_t *state, struct fuzz_regs *r) {
    uint64_t *words[] = {&r->rdi, &r->rsi, &r->rdx, &r->r10, &r->r8,  &r->r9,
                         &r->rbx, &r->rbp, &r->r12, &r->r13, &r->r14, &r->r15};
    r->rax = random_number(state);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        *words[i] = random_value(state);
    }
    r->rsp = random_below(state, 4) == 0 ? random_value(state) : 0;
    r->rflags = RFLAGS_ALWAYS_ON | (random_next(state) & RFLAGS_HARMLESS);
    call_tame(state, r);
}

static bool is_kept(
    const struct fuzz_regs *before, const struct fuzz_regs *after) {
    return before->rdi == after->rdi && before->rsi == after->rsi &&
           before->rdx == after->rdx && before->r10 == after->r10 &&
           before->r8 == after->r8 && before->r9 == after->r9 &&
           before->rbx == after->rbx && before->rbp == after->rbp &&
           before->r12 == after->r12 && before->r13 == after->r13 &&
           before->r14 == after->r14 && before->r15 == after->r15 &&
           after->rcx == (uintptr_t)fuzz_call_return &&
           after->r11 == before->rflags;
}

// Whether a call can have this result. A bound slot's is its author's business.
static bool is_possible(uint64_t number, uint64_t result) {
    uint64_t slot = number >> 32;
    if ((uint32_t)number == SYS_CUSTOM) {
        return slot < CALLOUT_SLOTS || result == 0ul - ENOSYS;
    }
    bool known =
        number < sizeof(is_call) / sizeof(is_call[0]) && is_call[number];
    return known ? (int64_t)result >= -(int64_t)EHWPOISON
                 : result == 0ul - ENOSYS;
}

static int child_main(uint64_t child, unsigned calls) {
    uint64_t state = random_start(child);
    arena = mmap(
        NULL, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED) {
        return CHILD_NOT_RUN;
    }
    arena_fill(&state);
    for (unsigned i = 0; i < calls; i++) {
        struct fuzz_regs before = {0}, after = {0};
        regs_fill(&state, &before);
        fuzz_call(&before, &after);
        if (!is_kept(&before, &after)) {
            return CHILD_CHANGED;
        }
        if (!is_possible(before.rax, after.rax)) {
            return CHILD_RESULT;
        }
    }
    return 0;
}

// --- the children -----------------------------------------------------------

static _Atomic unsigned next_child;
static _Atomic unsigned killed, timed_out, failed;

// In the parent's memory, which waits: no more than this.
static int child_exec(void *argument) {
    char **argv = argument;
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        dup2(null, fd);
    }
    execv(self_path, argv);
    _exit(CHILD_NOT_RUN);
}

static int child_start(unsigned child, char *stack_top) {
    char texts[3][24];
    snprintf(texts[0], sizeof(texts[0]), "%lu", (unsigned long)seed);
    snprintf(texts[1], sizeof(texts[1]), "%u", child);
    snprintf(texts[2], sizeof(texts[2]), "%u", num_calls);
    char *argv[] = {self_path, CHILD_OPTION, texts[0],
                    texts[1],  texts[2],     NULL};
    return clone(child_exec, stack_top, CLONE_VM | CLONE_VFORK | SIGCHLD, argv);
}

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

// Wait for a child; one that blocks is killed in time.
static int child_wait(int pid) {
    const struct timespec poll = {0, POLL_NS};
    int status = 0;
    int64_t end = now_ns() + PATIENCE_NS;
    while (now_ns() < end) {
        if (waitpid(pid, &status, WNOHANG) != 0) {
            return status;
        }
        nanosleep(&poll, NULL);
    }
    timed_out++;
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

static void child_judge(unsigned child, int status) {
    static const char *const meanings[] = {
        [CHILD_CHANGED] = "a call changed a register",
        [CHILD_RESULT] = "a call returned what it can not",
        [CHILD_NOT_RUN] = "it was not started"};
    if (WIFSIGNALED(status)) {
        killed++;
    } else if (status != 0) {
        unsigned code = (unsigned)WEXITSTATUS(status);
        failed++;
        ktap_note(
            "child %u of seed %lu: status 0x%x%s%s", child, (unsigned long)seed,
            (unsigned)status, code >= CHILD_CHANGED ? ": " : "",
            code >= CHILD_CHANGED && code <= CHILD_NOT_RUN ? meanings[code]
                                                           : "");
    }
}

static void *worker(void *unused) {
    (void)unused;
    char *stack = malloc(WORKER_STACK_SIZE);
    unsigned child;
    while (stack != NULL && (child = next_child++) < num_children) {
        int pid = child_start(child, stack + WORKER_STACK_SIZE);
        if (pid < 0) {
            failed++;
            ktap_note("child %u: %s", child, strerror(errno));
        } else {
            child_judge(child, child_wait(pid));
        }
    }
    free(stack);
    return NULL;
}

static bool children_run(void) {
    pthread_t threads[WORKERS];
    killed = timed_out = failed = next_child = 0;
    for (int i = 0; i < WORKERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, worker, NULL) == 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    ktap_note(
        "seed %lu: %u children of %u calls, %u killed, %u of these for "
        "blocking",
        (unsigned long)seed, num_children, num_calls, killed, timed_out);
    CHECK_EQUAL(failed, 0);
    return true;
}

// --- the tests --------------------------------------------------------------

static unsigned long free_pages(void) {
    // What a killed child leaves is cleared away by its own threads.
    const struct timespec moment = {0, 50000000};
    struct sysinfo info;
    nanosleep(&moment, NULL);
    return sysinfo(&info) == 0 ? info.freeram : 0;
}

static bool on_each_cpu(bool (*fn)(void)) {
    uint64_t cpus[4] = {0};
    CHECK(tollgate_syscall6(TOLLGATE_CPUS, (long)cpus, 0, 0, 0, 0, 0) > 0);
    for (unsigned cpu = 0; cpu < 64 * 4; cpu++) {
        uint64_t mask[4] = {0};
        mask[cpu / 64] = cpus[cpu / 64] & 1ul << cpu % 64;
        if (mask[cpu / 64] != 0) {
            CHECK_EQUAL(
                syscall(SYS_sched_setaffinity, 0, sizeof(mask), mask), 0);
            CHECK(fn());
        }
    }
    CHECK_EQUAL(syscall(SYS_sched_setaffinity, 0, sizeof(cpus), cpus), 0);
    return true;
}

static bool sum_is_right(void) {
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 1, 1, 1, 1, 1, 1), 21);
    return true;
}

static bool custom_calls_still_work(void) {
    return on_each_cpu(sum_is_right);
}

// Tolls keep an account of each slot on each CPU, from when it first
// counts a call of it: reading makes it count.
static bool accounts_fill(void) {
    CHECK(tollgate_syscall6(TOLLGATE_SET_TOLL, TOLL_ON, 0, 0, 0, 0, 0) >= 0);
    for (uint32_t slot = 0; slot < TEST_SLOT_FIRST; slot++) {
        tollgate_custom(slot, 0, 0, 0, 0, 0, 0);
    }
    CHECK_EQUAL(tollgate_syscall6(TOLLGATE_TOLL_FOLD, 0, 0, 0, 0, 0, 0), 0);
    return true;
}

static bool random_calls_do_no_harm(void) {
    return children_run();
}

// The first round has filled what the kernel keeps for the next one.
static bool memory_comes_back(void) {
    CHECK(on_each_cpu(accounts_fill));
    unsigned long before = free_pages();
    CHECK(children_run());
    unsigned long after = free_pages();
    ktap_note("%lu pages were free before, %lu after", before, after);
    CHECK(before != 0 && after + LEAK_PAGES >= before);
    return true;
}

static unsigned long number_of(const char *text) {
    return strtoul(text, NULL, 0);
}

int main(int argc, char **argv) {
    static const struct ktap_test tests[] = {
        {"random_calls_do_no_harm", random_calls_do_no_harm},
        {"memory_comes_back", memory_comes_back},
        {"custom_calls_still_work", custom_calls_still_work},
    };
    self_path = argv[0];
    if (argc == 5 && strcmp(argv[1], CHILD_OPTION) == 0) {
        seed = number_of(argv[2]);
        return child_main(number_of(argv[3]), (unsigned)number_of(argv[4]));
    }
    seed = argc > 1 ? number_of(argv[1]) : seed;
    num_children = argc > 2 ? (unsigned)number_of(argv[2]) : num_children;
    num_calls = argc > 3 ? (unsigned)number_of(argv[3]) : num_calls;
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
