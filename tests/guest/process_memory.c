// SPDX-License-Identifier: MIT
// Memory, and that all of it comes back.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "callouts/syspage.h"
#include "tests/guest/process_tests.h"

#define PAGE 4096ul
#define PAGES 200ul
#define ROUNDS 20
#define KEPT 16 // pages; fewer than ROUNDS, so that a page a process is seen
#define SOON_US 20000
#define PATIENCE 50 // times SOON_US
// Exit statuses of process_life.c's roles.
#define ALL_WELL 5
#define SECOND_END 9

static char *map(size_t pages, int protection) {
    return mmap(
        NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool all_zero(const char *memory) {
    for (size_t i = 0; i < PAGES; i++) {
        if (memory[i * PAGE] || memory[i * PAGE + PAGE - 1]) {
            return false;
        }
    }
    return true;
}

bool fresh_memory_is_zero(void) {
    for (int i = 0; i < ROUNDS; i++) {
        char *memory = map(PAGES, PROT_READ | PROT_WRITE);
        CHECK(memory != MAP_FAILED);
        CHECK(all_zero(memory));
        memset(memory, -1, PAGES * PAGE);
        CHECK_EQUAL(madvise(memory, PAGES * PAGE, MADV_DONTNEED), 0);
        CHECK(all_zero(memory));
        memset(memory, -1, PAGES * PAGE);
        CHECK_EQUAL(munmap(memory, PAGES * PAGE), 0);
    }
    return true;
}

// The kernel obeys them for the program: it is asked to write there, or to
// read.
static bool readable(const char *memory) {
    int ends[2];
    bool result = pipe(ends) == 0 && write(ends[1], memory, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return result;
}

static bool writable(char *memory) {
    return syscall(SYS_uname, memory) == 0;
}

bool rights_are_obeyed(void) {
    char *memory = map(3, PROT_READ | PROT_WRITE);
    CHECK(memory != MAP_FAILED);
    char *middle = memory + PAGE;
    CHECK(writable(memory) && writable(middle) && readable(middle));
    CHECK_EQUAL(mprotect(middle, PAGE, PROT_READ), 0);
    CHECK(!writable(middle) && readable(middle) && writable(memory));
    CHECK_EQUAL(mprotect(middle, PAGE, PROT_READ | PROT_WRITE), 0);
    CHECK(writable(middle));
    CHECK_EQUAL(munmap(middle, PAGE), 0);
    CHECK(!readable(middle) && readable(memory) && writable(middle + PAGE));
    CHECK(mprotect(memory, 3 * PAGE, PROT_READ) < 0 && errno == ENOMEM);
    CHECK(munmap(memory + 1, PAGE) < 0 && errno == EINVAL);
    return munmap(memory, 3 * PAGE) == 0;
}

bool nothing_is_writable_and_executable(void) {
    CHECK(
        map(1, PROT_READ | PROT_WRITE | PROT_EXEC) == MAP_FAILED &&
        errno == EACCES);
    char *memory = map(1, PROT_READ | PROT_WRITE);
    CHECK(
        mprotect(memory, PAGE, PROT_WRITE | PROT_EXEC) < 0 && errno == EACCES);
    CHECK_EQUAL(mprotect(memory, PAGE, PROT_READ | PROT_EXEC), 0);
    CHECK(!writable(memory));
    return munmap(memory, PAGE) == 0;
}

static char *set_break(char *to) {
    return (char *)syscall(SYS_brk, to);
}

bool break_grows_and_shrinks(void) {
    char *start = set_break(NULL);
    CHECK(set_break(start + PAGES * PAGE) == start + PAGES * PAGE);
    memset(start, -1, PAGES * PAGE);
    CHECK(set_break(start) == start);
    CHECK(set_break(start + PAGES * PAGE) == start + PAGES * PAGE);
    CHECK_EQUAL(start[2 * PAGE], 0);
    CHECK(set_break(start) == start);
    CHECK(set_break((char *)PAGE) == start); // below its beginning
    CHECK(set_break((char *)UINTPTR_MAX) == start);
    return true;
}

bool system_page_stays(void) {
    char *page = (char *)SYSPAGE_USER_VADDR;
    int fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    CHECK(readable(page) && !writable(page));
    CHECK(munmap(page, PAGE) < 0 && errno == EACCES);
    CHECK(munmap(page - PAGE, 3 * PAGE) < 0 && errno == EACCES);
    CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) < 0);
    CHECK(mmap(page, PAGE, PROT_READ, fixed, -1, 0) == MAP_FAILED);
    CHECK(madvise(page, PAGE, MADV_DONTNEED) < 0);
    return readable(page);
}

static size_t pages_free(void) {
    struct sysinfo info;
    return sysinfo(&info) ? 0 : info.freeram;
}

// Whether as many pages as before are free, but for a kernel stack or a slab
// more that happens to be kept. The last of a process goes just after its end.
static bool pages_are_back(size_t before) {
    for (int i = 0; pages_free() + KEPT < before; i++) {
        CHECK(i < PATIENCE);
        usleep(SOON_US);
    }
    return true;
}

bool exhaustion_kills_the_eater(void) {
    size_t before = pages_free();
    int status = role_run("eat");
    CHECK(status >= 0 && WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGKILL);
    return pages_are_back(before);
}

// The stacks of a crowd are kept for the next one, but they leave enough memory
// for everybody else.
bool threads_are_bounded(void) {
    struct sysinfo info;
    CHECK_EQUAL(role_run("crowd"), ALL_WELL << 8);
    size_t before = pages_free();
    CHECK_EQUAL(sysinfo(&info), 0);
    ktap_note("%zu pages of %lu are free", before, info.totalram);
    CHECK(before > info.totalram / 2);
    CHECK_EQUAL(role_run("crowd"), ALL_WELL << 8);
    return pages_are_back(before);
}

// A child's end does not move from CPU to CPU then: that takes its time.
static bool stay_on_this_cpu(cpu_set_t *before) {
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    return !sched_getaffinity(0, sizeof(*before), before) &&
           !sched_setaffinity(0, sizeof(here), &here);
}

// How many of up to `most` children can be had, each of which ends at once.
static size_t children_make(size_t most) {
    for (volatile size_t i = 0; i < most; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            _exit(0);
        }
        if (pid < 0) {
            return i;
        }
    }
    return most;
}

// Also those that have ended and that nobody waits for.
bool processes_are_bounded(void) {
    struct rlimit limit;
    cpu_set_t before;
    CHECK_EQUAL(getrlimit(RLIMIT_NPROC, &limit), 0);
    CHECK(stay_on_this_cpu(&before));
    size_t pages = pages_free();
    size_t most = limit.rlim_cur;
    size_t count = children_make(most);
    int error = errno;
    while (waitpid(-1, NULL, 0) > 0) {
    }
    ktap_note("%zu processes of at most %zu", count, most);
    CHECK(count < most);
    CHECK_EQUAL(error, EAGAIN);
    CHECK(count > most / 2);
    CHECK_EQUAL(sched_setaffinity(0, sizeof(before), &before), 0);
    return pages_are_back(pages);
}

bool processes_leave_no_pages(void) {
    CHECK_EQUAL(role_run("exit"), SECOND_END << 8);
    size_t before = pages_free();
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQUAL(role_run("well"), ALL_WELL << 8);
    }
    CHECK_EQUAL(role_run("exit"), SECOND_END << 8);
    return pages_are_back(before);
}
