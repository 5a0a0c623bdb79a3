// SPDX-License-Identifier: MIT
// Files, pipes and memory maps as programs see them.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/guest/gate_tests.h"
#include "usr/common/cpus.h"
#include "usr/include/tollgate.h"

#define PAGE 4096ul
#define PROGRAM "/bin/custom"
#define MAGIC "\177ELF"
#define MAGIC_SIZE 4
#define BAD_FD 99
#define ROUNDS 50
#define PATIENCE_S 10

bool files_can_be_read(void) {
    char start[MAGIC_SIZE];
    char again[MAGIC_SIZE];
    struct stat status;
    int fd = open(PROGRAM, O_RDONLY);
    CHECK(fd >= 0);
    CHECK_EQUAL(fstat(fd, &status), 0);
    CHECK(S_ISREG(status.st_mode) && status.st_size > MAGIC_SIZE);
    CHECK_EQUAL(read(fd, start, MAGIC_SIZE), MAGIC_SIZE);
    CHECK(!memcmp(start, MAGIC, MAGIC_SIZE));
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQUAL(read(fd, again, MAGIC_SIZE), MAGIC_SIZE);
    CHECK(!memcmp(again, MAGIC, MAGIC_SIZE));
    CHECK_EQUAL(lseek(fd, 0, SEEK_END), status.st_size);
    CHECK_EQUAL(read(fd, again, MAGIC_SIZE), 0);
    CHECK_EQUAL(close(fd), 0);
    CHECK(close(fd) < 0 && errno == EBADF);
    return true;
}

bool bad_files_are_refused(void) {
    char byte;
    CHECK(open("/no/such/file", O_RDONLY) < 0 && errno == ENOENT);
    CHECK(open("", O_RDONLY) < 0 && errno == ENOENT);
    CHECK(open((const char *)SYSPAGE_VADDR, O_RDONLY) < 0 && errno == EFAULT);
    CHECK(read(BAD_FD, &byte, 1) < 0 && errno == EBADF);
    CHECK(read(-1, &byte, 1) < 0 && errno == EBADF);
    CHECK(write(INT32_MAX, &byte, 1) < 0 && errno == EBADF);
    CHECK(lseek(STDOUT_FILENO, 0, SEEK_SET) < 0);
    char *const none[] = {NULL};
    CHECK(execve("/no/such/file", none, none) < 0 && errno == ENOENT);
    return true;
}

bool pipes_carry_bytes(void) {
    int ends[2];
    char text[8] = {0};
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(write(ends[1], "toll", 4), 4);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 4);
    CHECK(!strcmp(text, "toll"));
    CHECK_EQUAL(close(ends[1]), 0);
    CHECK_EQUAL(read(ends[0], text, sizeof(text)), 0);
    CHECK_EQUAL(close(ends[0]), 0);
    return true;
}

// --- a page that others look at while it goes away ---------------------------

static struct {
    volatile uint32_t *page;
    uint32_t cpu;
    _Atomic uint32_t wanted; // the value that the looker should find next
    _Atomic uint32_t seen;   // the value that it found last
    _Atomic bool done;
} look;

// Keep reading the page, so that its translation stays in this CPU's TLB.
static void *look_at_page(void *unused) {
    (void)unused;
    if (!cpus_pin(look.cpu)) {
        return (void *)1;
    }
    while (!atomic_load(&look.done)) {
        uint32_t value = *look.page;
        if (value == atomic_load(&look.wanted)) {
            atomic_store(&look.seen, value);
        }
        __builtin_ia32_pause();
    }
    return NULL;
}

// Wait until the looker has found `value`.
static bool wait_until_seen(uint32_t value) {
    uint64_t start = tollgate_cycles();
    while (atomic_load(&look.seen) != value) {
        __builtin_ia32_pause();
        if (tollgate_cycles() - start > PATIENCE_S * tollgate_hz()) {
            ktap_note("another CPU still sees the page that was replaced");
            return false;
        }
    }
    return true;
}

// Put a new page in the place of the old one.
static bool replace_page(void) {
    void *at = mmap(
        (void *)look.page, PAGE, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return at == (const void *)look.page;
}

static bool replace_pages(void) {
    for (uint32_t value = 1; value <= ROUNDS; value++) {
        atomic_store(&look.wanted, value);
        CHECK(replace_page());
        *look.page = value;
        CHECK(wait_until_seen(value));
    }
    return true;
}

bool unmapping_reaches_all_cpus(void) {
    struct cpu_list cpus;
    pthread_t thread;
    CHECK(cpus_online(&cpus));
    if (cpus.count < 2) {
        return ktap_skip("one CPU");
    }
    CHECK(cpus_pin(cpus.cpus[0]));
    look.cpu = cpus.cpus[1];
    look.page = mmap(
        NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(look.page != MAP_FAILED);
    CHECK_EQUAL(pthread_create(&thread, NULL, look_at_page, NULL), 0);
    bool ok = replace_pages();
    void *result;
    atomic_store(&look.done, true);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(!result);
    CHECK_EQUAL(munmap((void *)look.page, PAGE), 0);
    return cpus_allow(&cpus) && ok;
}
