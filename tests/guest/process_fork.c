// SPDX-License-Identifier: MIT
// fork(): a copy of the process, apart from it in everything that is its own,
// and all of it given back.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/process_tests.h"
#include "usr/include/tollgate.h"

#define PAGE 4096ul
#define ALL_WELL 5
#define NOT_WELL 55
#define TYPE_OTHER 4711
#define MANY 20
#define TRIES 3
#define SLACK_PAGES 24 // what stacks and slabs may keep
#define TABLE_PAGES 64 // what forks take beyond what they leave free

// The exit status of a child that runs `body`; -1 if it has none.
static int child_status(int (*body)(void *argument), void *argument) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(body(argument));
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status)
               ? WEXITSTATUS(status)
               : -1;
}

static long free_pages(void) {
    struct sysinfo info;
    return sysinfo(&info) ? -1 : (long)(info.freeram * info.mem_unit / PAGE);
}

// --- memory -----------------------------------------------------------------

static volatile int number = 1;

static int changes_memory(void *stack_word) {
    volatile int *word = stack_word;
    bool sees = number == 2 && *word == 3;
    number = 20;
    *word = 30;
    return sees && number == 20 && *word == 30 ? ALL_WELL : NOT_WELL;
}

bool fork_copies_memory(void) {
    volatile int on_stack = 3;
    number = 2;
    CHECK_EQUAL(child_status(changes_memory, (void *)&on_stack), ALL_WELL);
    CHECK_EQUAL(number, 2);
    CHECK_EQUAL(on_stack, 3);
    return true;
}

// What the parent writes after the fork, the child does not see either.
bool fork_hides_later_writes(void) {
    int go[2];
    int status;
    CHECK_EQUAL(pipe(go), 0);
    number = 1;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        char byte;
        _exit(read(go[0], &byte, 1) == 1 && number == 1 ? ALL_WELL : NOT_WELL);
    }
    number = 2;
    CHECK_EQUAL(write(go[1], "x", 1), 1);
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK_EQUAL(status, ALL_WELL << 8);
    close(go[0]);
    close(go[1]);
    return true;
}

static int writes(void *page) {
    *(volatile char *)page = 1;
    return ALL_WELL;
}

// A page keeps its rights, also one that nobody may touch.
bool fork_keeps_rights(void) {
    int status;
    char *page = mmap(
        NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
        0);
    CHECK(page != MAP_FAILED);
    page[0] = 7;
    page[PAGE] = 8;
    CHECK_EQUAL(mprotect(page, PAGE, PROT_READ), 0);
    CHECK_EQUAL(mprotect(page + PAGE, PAGE, PROT_NONE), 0);
    for (size_t i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(writes(page + i * PAGE));
        }
        CHECK_EQUAL(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    }
    pid_t pid = fork();
    if (pid == 0) {
        bool well = !mprotect(page + PAGE, PAGE, PROT_READ) && page[0] == 7 &&
                    page[PAGE] == 8;
        _exit(well ? ALL_WELL : NOT_WELL);
    }
    CHECK_EQUAL(waitpid(pid, &status, 0), pid);
    CHECK_EQUAL(status, ALL_WELL << 8);
    CHECK_EQUAL(munmap(page, 2 * PAGE), 0);
    return true;
}

static int moves_break(void *unused) {
    (void)unused;
    char *end = (char *)syscall(SYS_brk, 0);
    bool moved = (char *)syscall(SYS_brk, end + PAGE) == end + PAGE;
    end[PAGE - 1] = 1;
    return moved ? ALL_WELL : NOT_WELL;
}

bool fork_copies_the_break(void) {
    long before = syscall(SYS_brk, 0);
    CHECK_EQUAL(child_status(moves_break, NULL), ALL_WELL);
    CHECK_EQUAL(syscall(SYS_brk, 0), before);
    return true;
}

// --- the rest ---------------------------------------------------------------

static int looks_around(void *parent) {
    bool well = getppid() == *(pid_t *)parent && getpid() != getppid() &&
                syscall(SYS_gettid) == getpid() &&
                tollgate_get_type() == TYPE_OTHER && getpgrp() == getpgid(0);
    return well ? ALL_WELL : NOT_WELL;
}

static int has_type(void *unused) {
    pid_t self = getpid();
    (void)unused;
    tollgate_set_type(TYPE_OTHER);
    return child_status(looks_around, &self);
}

bool fork_inherits(void) {
    CHECK_EQUAL(child_status(has_type, NULL), ALL_WELL);
    CHECK_EQUAL(tollgate_get_type(), 0);
    return true;
}

static int reads_one(void *fd) {
    char byte;
    return read(*(int *)fd, &byte, 1) == 1 ? ALL_WELL : NOT_WELL;
}

// One offset for both; but a descriptor that one closes stays the other's.
bool fork_shares_files(void) {
    int fd = open("/bin/true", O_RDONLY);
    CHECK(fd >= 0);
    CHECK_EQUAL(lseek(fd, 10, SEEK_SET), 10);
    CHECK_EQUAL(child_status(reads_one, &fd), ALL_WELL);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 11);
    pid_t pid = fork();
    if (pid == 0) {
        close(fd);
        _exit(ALL_WELL);
    }
    CHECK_EQUAL(waitpid(pid, NULL, 0), pid);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 11);
    close(fd);
    return true;
}

// clone() as glibc's fork() calls it: the child's ID in its own memory only.
bool fork_stores_its_id(void) {
    static volatile pid_t id = 1;
    int status;
    long pid = syscall(
        SYS_clone, CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, 0, 0,
        &id, 0);
    CHECK(pid >= 0);
    if (pid == 0) {
        _exit(id == syscall(SYS_getpid) ? ALL_WELL : NOT_WELL);
    }
    CHECK_EQUAL(waitpid((pid_t)pid, &status, 0), pid);
    CHECK_EQUAL(status, ALL_WELL << 8);
    CHECK_EQUAL(id, 1);
    CHECK(syscall(SYS_clone, 65, 0, 0, 0, 0) < 0 && errno == EINVAL);
    return true;
}

// Who needs a few pages now and then, while others fork in vain, and sees that
// so many are left for it.
static _Noreturn void need_pages(size_t size, long spare) {
    for (;;) {
        char *block = mmap(
            NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
            0);
        for (size_t at = 0; block != MAP_FAILED && at < size; at += PAGE) {
            block[at] = 1;
            if (free_pages() + (long)(at / PAGE) < spare) {
                _exit(NOT_WELL);
            }
        }
        munmap(block, size);
    }
}

// More than half of the memory can't be had twice: the parent is told, and goes
// on with all that it has.
bool fork_without_memory_changes_nothing(void) {
    struct sysinfo info;
    int status;
    CHECK_EQUAL(sysinfo(&info), 0);
    long spare = (long)info.totalram / 64; // pages: what forks leave free
    long needed = spare / 2;
    pid_t bystander = fork();
    if (bystander == 0) {
        need_pages((size_t)needed * PAGE, spare - TABLE_PAGES);
    }
    CHECK(bystander > 0);
    size_t size = (size_t)free_pages() * PAGE / 8 * 5;
    char *block = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(block != MAP_FAILED);
    for (size_t at = 0; at < size; at += PAGE) {
        block[at] = (char)(at / PAGE);
    }
    long before = free_pages();
    for (int i = 0; i < TRIES; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            _exit(NOT_WELL);
        }
        CHECK(pid < 0 && errno == ENOMEM);
        CHECK(free_pages() >= before - SLACK_PAGES - needed);
    }
    for (size_t at = 0; at < size; at += PAGE) {
        CHECK(block[at] == (char)(at / PAGE));
    }
    CHECK_EQUAL(munmap(block, size), 0);
    CHECK_EQUAL(child_status(moves_break, NULL), ALL_WELL);
    CHECK_EQUAL(kill(bystander, SIGTERM), 0);
    CHECK_EQUAL(waitpid(bystander, &status, 0), bystander);
    CHECK(WIFSIGNALED(status));
    CHECK_EQUAL(WTERMSIG(status), SIGTERM); // not for want of a page
    return true;
}

bool forks_leave_no_pages(void) {
    CHECK_EQUAL(child_status(moves_break, NULL), ALL_WELL);
    long before = free_pages();
    for (int i = 0; i < MANY; i++) {
        CHECK_EQUAL(child_status(moves_break, NULL), ALL_WELL);
    }
    ktap_note("%ld pages before, %ld after", before, free_pages());
    CHECK(free_pages() >= before - SLACK_PAGES);
    return true;
}
