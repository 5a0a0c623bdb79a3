// SPDX-License-Identifier: MIT
// How processes and threads begin and end.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/process_tests.h"

#define MANY 6        // threads of a role
#define SOON_US 20000 // long enough for another thread to start
#define PATIENCE 200  // times SOON_US, until something must have happened
#define LONG_S 1000
#define BORROWED_STACK 65536
#define MEGABYTE (1ul << 20)
#define SMALL_STACK 16384
#define ENOUGH_THREADS 100

// Exit statuses of roles.
#define ALL_WELL 5
#define SECOND_END 9
#define NOT_WELL 55

// --- roles ------------------------------------------------------------------

static void *spin(void *unused) {
    volatile bool *never = unused;
    while (!never || !*never) {
    }
    return NULL;
}

static void *sleep_long(void *unused) {
    sleep(LONG_S);
    return unused;
}

static void *exec_well(void *unused) {
    char *path = (char *)getauxval(AT_EXECFN);
    usleep(SOON_US);
    execl(path, path, "well", (char *)NULL);
    exit(unused ? 0 : NOT_WELL);
}

static void start(void *(*body)(void *)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, NULL)) {
        exit(NOT_WELL);
    }
}

// Busy ones and sleeping ones.
static void start_many(void) {
    for (int i = 0; i < MANY; i++) {
        start(i % 2 ? spin : sleep_long);
    }
    usleep(SOON_US);
}

// The process has one thread, whose ID is its own.
static int play_well(void) {
    return getpid() == (pid_t)syscall(SYS_gettid) ? ALL_WELL : NOT_WELL;
}

static int play_busy(void) {
    start_many();
    spin(NULL);
    return NOT_WELL;
}

static int play_exit(void) {
    start_many();
    exit(SECOND_END);
}

static int play_fault(void) {
    start_many();
    __asm__ volatile("movl $0, 8"); // never mapped
    return NOT_WELL;
}

// Two threads want to replace the program; one does.
static int play_exec(void) {
    start_many();
    start(exec_well);
    start(exec_well);
    spin(NULL);
    return NOT_WELL;
}

static int play_last(void) {
    start(exec_well);
    syscall(SYS_exit, NOT_WELL); // of this thread only
    return NOT_WELL;
}

static int borrow(void *unused) {
    spin(unused);
    return 0;
}

// Killed while a child runs on its memory.
static int play_lend(void) {
    static char stack[BORROWED_STACK];
    clone(
        borrow, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    return NOT_WELL;
}

static int play_orphan(void) {
    return role_start("linger") > 0 ? ALL_WELL : NOT_WELL;
}

// Its child is a zombie by then.
static int play_neglect(void) {
    pid_t pid = role_start("well");
    usleep(2 * SOON_US);
    return pid > 0 ? ALL_WELL : NOT_WELL;
}

static int play_linger(void) {
    usleep(2 * SOON_US);
    return 0;
}

static int play_eat(void) {
    for (;;) {
        char *block = malloc(MEGABYTE);
        if (!block) {
            return NOT_WELL;
        }
        memset(block, 1, MEGABYTE);
    }
}

// As many threads as there may be, and then all end at once.
static int play_crowd(void) {
    pthread_t thread;
    pthread_attr_t small;
    int count = 0;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, SMALL_STACK);
    while (!pthread_create(&thread, &small, sleep_long, NULL)) {
        count++;
    }
    _exit(count >= ENOUGH_THREADS ? ALL_WELL : NOT_WELL);
}

static int play_arguments(char **argv, char **envp) {
    bool well = !strcmp(argv[2], "") && !strcmp(argv[3], "b c") && !argv[4] &&
                !strcmp(envp[0], "X=1") && !strcmp(envp[1], "Y=") && !envp[2];
    return well ? ALL_WELL : NOT_WELL;
}

int role_play(const char *role, char **argv, char **envp) {
    static const struct {
        const char *name;
        int (*play)(void);
    } roles[] = {
        {"well", play_well},       {"exit", play_exit},
        {"fault", play_fault},     {"exec", play_exec},
        {"last", play_last},       {"lend", play_lend},
        {"orphan", play_orphan},   {"linger", play_linger},
        {"neglect", play_neglect}, {"eat", play_eat},
        {"crowd", play_crowd},     {"busy", play_busy},
    };
    if (!strcmp(role, "arguments")) {
        return play_arguments(argv, envp);
    }
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (!strcmp(role, roles[i].name)) {
            return roles[i].play();
        }
    }
    return NOT_WELL;
}

// --- tests ------------------------------------------------------------------

static bool role_exits(const char *role, int wanted) {
    int status = role_run(role);
    CHECK(status >= 0 && WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), wanted);
    return true;
}

static int processes(void) {
    struct sysinfo info;
    return sysinfo(&info) ? -1 : info.procs;
}

bool exit_statuses_arrive(void) {
    return role_exits("well", ALL_WELL) && role_exits("none", NOT_WELL);
}

bool signals_kill(void) {
    static const int signals[] = {SIGKILL, SIGTERM, SIGABRT};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        int status;
        pid_t pid = role_start("busy");
        CHECK(pid > 0);
        CHECK_EQUAL(kill(pid, 0), 0);
        CHECK_EQUAL(kill(pid, signals[i]), 0);
        CHECK_EQUAL(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status));
        CHECK_EQUAL(WTERMSIG(status), signals[i]);
        CHECK(kill(pid, 0) < 0 && errno == ESRCH);
    }
    return true;
}

bool threads_end_with_their_process(void) {
    CHECK(role_exits("exit", SECOND_END));
    int status = role_run("fault");
    CHECK(status >= 0 && WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGSEGV);
    return true;
}

bool exec_ends_other_threads(void) {
    return role_exits("exec", ALL_WELL);
}

bool last_thread_ends_the_process(void) {
    return role_exits("last", ALL_WELL);
}

// The borrower runs on after its parent's end; its ID follows its parent's.
bool lent_memory_outlives_its_owner(void) {
    int status;
    int before = processes();
    pid_t pid = role_start("lend");
    CHECK(pid > 0);
    for (int i = 0; processes() < before + 2; i++) {
        CHECK(i < PATIENCE);
        usleep(SOON_US);
    }
    CHECK_EQUAL(kill(pid, SIGKILL), 0);
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK_EQUAL(processes(), before + 1);
    CHECK_EQUAL(kill(pid + 1, SIGKILL), 0);
    for (int i = 0; processes() > before; i++) {
        CHECK(i < PATIENCE);
        usleep(SOON_US);
    }
    return true;
}

bool orphans_leave_nothing(void) {
    int before = processes();
    CHECK(role_exits("orphan", ALL_WELL));
    CHECK(role_exits("neglect", ALL_WELL));
    for (int i = 0; processes() > before; i++) {
        CHECK(i < PATIENCE);
        usleep(SOON_US);
    }
    return true;
}

bool failed_exec_changes_nothing(void) {
    char *const none[] = {NULL};
    char *const self[] = {"x", NULL};
    CHECK(execve("/no/such", self, none) < 0 && errno == ENOENT);
    CHECK(execve("/bin", self, none) < 0 && errno == EACCES);
    CHECK(syscall(SYS_execve, 1, self, none) < 0 && errno == EFAULT);
    CHECK(syscall(SYS_execve, "/bin/true", 1, none) < 0 && errno == EFAULT);
    CHECK(execve("/bin/true", none, none) < 0 && errno == EINVAL);
    return true;
}

bool arguments_and_environment_arrive(void) {
    char *path = (char *)getauxval(AT_EXECFN);
    char *argv[] = {path, "arguments", "", "b c", NULL};
    char *envp[] = {"X=1", "Y=", NULL};
    int status;
    pid_t pid = vfork();
    if (pid == 0) {
        execve(path, argv, envp);
        _exit(NOT_WELL);
    }
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK_EQUAL(status, ALL_WELL << 8);
    return true;
}

bool waiting_has_its_errors(void) {
    int status;
    int alive[2];
    char byte;
    CHECK(waitpid(-1, &status, 0) < 0 && errno == ECHILD);
    CHECK(waitpid(getpid(), &status, 0) < 0 && errno == ECHILD);
    CHECK_EQUAL(pipe(alive), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(alive[1]);
        _exit((int)read(alive[0], &byte, 1)); // 0, when that is closed
    }
    close(alive[0]);
    CHECK_EQUAL(waitpid(pid, &status, WNOHANG), 0);
    CHECK(waitpid(pid + 1, &status, 0) < 0 && errno == ECHILD);
    close(alive[1]);
    CHECK_EQUAL(waitpid(-1, &status, 0), pid);
    CHECK_EQUAL(status, 0);
    return true;
}
