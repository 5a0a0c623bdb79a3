// SPDX-License-Identifier: MIT
// Files, pipes and memory maps as programs see them.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/guest/gate_tests.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define PAGE 4096ul
#define PROGRAM "/bin/custom"
#define MAGIC "\177ELF"
#define MAGIC_SIZE 4
#define BAD_FD 99
#define ROUNDS 50
#define DECOYS 16
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
    char *const argv[] = {"file", NULL};
    CHECK(execve("/no/such/file", argv, argv + 1) < 0 && errno == ENOENT);
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

// What is there is read, however much was asked for: the rest may never come.
bool pipes_give_what_they_have(void) {
    int ends[2];
    char first[4], second[4];
    const struct iovec parts[] = {
        {first, sizeof(first)}, {second, sizeof(second)}};
    CHECK_EQUAL(pipe(ends), 0);
    CHECK_EQUAL(write(ends[1], "toll", sizeof(first)), sizeof(first));
    CHECK_EQUAL(readv(ends[0], parts, 2), sizeof(first));
    CHECK(!memcmp(first, "toll", sizeof(first)));
    CHECK_EQUAL(close(ends[0]), 0);
    CHECK_EQUAL(close(ends[1]), 0);
    return true;
}

// --- directories ------------------------------------------------------------

#define DIRECTORY "/bin"
#define ROOM 64 // for one or two entries
#define NAMES_SIZE 1024

// struct linux_dirent64, and what lies elsewhere in struct linux_dirent.
struct entry {
    uint64_t inode;
    uint64_t offset;
    uint16_t size;
    uint8_t type;
    char name[];
};
#define OLD_NAME 18

// Append an entry: its name, its type, a slash.
static bool entry_append(char *names, const char *at, bool old) {
    const struct entry *entry = (const void *)at;
    const char *name = old ? at + OLD_NAME : entry->name;
    char text[ROOM];
    CHECK_EQUAL(entry->size % sizeof(uint64_t), 0);
    CHECK(name + strlen(name) < at + entry->size - old);
    snprintf(
        text, sizeof(text), "%s:%d/", name,
        old ? at[entry->size - 1] : entry->type);
    CHECK(strlen(names) + strlen(text) < NAMES_SIZE);
    strcat(names, text);
    return true;
}

// Append all entries that a call finds.
static bool list_directory(long call, bool old, char *names) {
    char part[ROOM] __attribute__((aligned(8)));
    int fd = open(DIRECTORY, O_RDONLY | O_DIRECTORY);
    long got;
    CHECK(fd >= 0);
    CHECK(syscall(call, fd, part, OLD_NAME) < 0 && errno == EINVAL);
    CHECK(syscall(call, fd, NULL, ROOM) < 0 && errno == EFAULT);
    while ((got = syscall(call, fd, part, ROOM)) > 0) {
        for (long at = 0; at < got;) {
            CHECK(entry_append(names, part + at, old));
            at += ((const struct entry *)(const void *)(part + at))->size;
        }
    }
    CHECK_EQUAL(got, 0);
    CHECK_EQUAL(close(fd), 0);
    return true;
}

bool directories_are_listed(void) {
    char names[NAMES_SIZE] = "/";
    char old_names[NAMES_SIZE] = "/";
    CHECK(list_directory(SYS_getdents64, false, names));
    CHECK(list_directory(SYS_getdents, true, old_names));
    CHECK(strstr(names, "/custom:8/") && strstr(names, "/sh:10/"));
    CHECK(!strcmp(names, old_names));
    char byte;
    int fd = open(PROGRAM, O_RDONLY);
    CHECK(syscall(SYS_getdents64, fd, &byte, 1) < 0 && errno == ENOTDIR);
    CHECK_EQUAL(close(fd), 0);
    return true;
}

// --- a page that goes away while another CPU has it in its TLB --------------

enum look_step {
    LOOK,      // the looker: read the page, answer LOOKED
    LOOKED,    // what it found is in look.found
    LOOK_AWAY, // the looker: end
};

static struct {
    volatile uint32_t *page;
    uint32_t cpu;
    uint32_t found;
    _Atomic int step; // enum look_step
} look;

// Between two readings it only spins, so that nothing but a shoot-down takes
// the page's translation out of this CPU's TLB.
static void *look_at_page(void *unused) {
    (void)unused;
    if (!cpus_pin(look.cpu)) {
        return (void *)1;
    }
    for (int step; (step = atomic_load(&look.step)) != LOOK_AWAY;) {
        if (step == LOOK) {
            look.found = *look.page;
            atomic_store(&look.step, LOOKED);
        }
        __builtin_ia32_pause();
    }
    return NULL;
}

// Have the looker read the page once, and wait for that.
static bool have_it_read(uint32_t wanted) {
    uint64_t start = tollgate_cycles();
    atomic_store(&look.step, LOOK);
    while (atomic_load(&look.step) != LOOKED) {
        __builtin_ia32_pause();
        CHECK(tollgate_cycles() - start < PATIENCE_S * tollgate_hz());
    }
    CHECK_EQUAL(look.found, wanted);
    return true;
}

static void *map_pages(volatile void *where, size_t size) {
    int fixed = where ? MAP_FIXED : 0;
    return mmap(
        (void *)where, size, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
}

// Put a new page in the place of the old one, and `value` in it. The memory of
// the old one soon goes to one of the decoys: who still looks there finds
// something else.
static bool replace_page(uint32_t value, volatile uint32_t *decoys) {
    CHECK(map_pages(look.page, PAGE) == (const volatile void *)look.page);
    for (size_t i = 0; i < DECOYS; i++) {
        decoys[i * PAGE / sizeof(*decoys)] = ~value;
    }
    *look.page = value;
    for (size_t i = 0; i < DECOYS; i++) {
        CHECK_EQUAL(decoys[i * PAGE / sizeof(*decoys)], ~value);
    }
    return true;
}

// Decoys stay, so that in the end no other memory is free for the next ones.
static bool replace_pages(void) {
    const size_t size = DECOYS * PAGE;
    char *decoys = map_pages(NULL, ROUNDS * size);
    CHECK(decoys != MAP_FAILED);
    for (uint32_t value = 1; value <= ROUNDS; value++) {
        char *at = decoys + (value - 1) * size;
        CHECK(replace_page(value, (volatile uint32_t *)(void *)at));
        CHECK(have_it_read(value));
    }
    CHECK_EQUAL(munmap(decoys, ROUNDS * size), 0);
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
    look.page = map_pages(NULL, PAGE);
    CHECK(look.page != MAP_FAILED);
    atomic_store(&look.step, LOOKED);
    CHECK_EQUAL(pthread_create(&thread, NULL, look_at_page, NULL), 0);
    bool ok = replace_pages();
    void *result;
    atomic_store(&look.step, LOOK_AWAY);
    CHECK_EQUAL(pthread_join(thread, &result), 0);
    CHECK(!result);
    CHECK_EQUAL(munmap((void *)look.page, PAGE), 0);
    return cpus_allow(&cpus) && ok;
}
