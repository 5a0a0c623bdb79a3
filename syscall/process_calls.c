// SPDX-License-Identifier: MIT
// Kernel calls about processes: execve(2), wait4(2), groups, names, limits.
#include "kernel/base/string.h"
#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/pages.h"
#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/scheduler.h"
#include "kernel/space.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"
#include "syscall/user_path.h"

#define UTS_FIELD 65 // bytes of each field of struct utsname
#define RLIMIT_STACK 3
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define NUM_RLIMITS 16
#define RLIMIT_INFINITY UINT64_MAX
#define RANDOM_CHUNK 256
#define TICKS_PER_SECOND 100      // of times(2), whatever the timer does
#define RUSAGE_SIZE 144           // bytes of struct rusage
#define WAIT_OPTIONS 0xe000000bul // WNOHANG WUNTRACED WCONTINUED, Linux's __W*

// --- execve -----------------------------------------------------------------

// Append the strings of a program's array to `strings`. Returns how many, or a
// negated errno.
static long strings_append(
    uint64_t array, char *strings, size_t *size, unsigned most) {
    unsigned count = 0;
    for (;; count++) {
        uint64_t string;
        if (array == 0) {
            return 0;
        }
        if (!copy_from_user(
                &string, array + count * sizeof(string), sizeof(string))) {
            return -EFAULT;
        }
        if (string == 0) {
            return (long)count;
        }
        if (count == most) {
            return -E2BIG;
        }
        long length = string_from_user(
            strings + *size, string, EXEC_STRINGS_SIZE - *size);
        if (length < 0) {
            return length == -ENAMETOOLONG ? -E2BIG : length;
        }
        *size += (size_t)length + 1;
    }
}

static long exec_with(
    const char *name, uint64_t argv, uint64_t envp, char *strings) {
    struct exec_args args = {.path = name, .strings = strings};
    long argc = strings_append(argv, strings, &args.size, EXEC_MAX_STRINGS);
    if (argc <= 0) {
        return argc == 0 ? -EINVAL : argc;
    }
    args.argc = (unsigned)argc;
    long envc =
        strings_append(envp, strings, &args.size, EXEC_MAX_STRINGS - args.argc);
    if (envc < 0) {
        return envc;
    }
    args.envc = (unsigned)envc;
    return process_exec(&args);
}

long call_execve(uint64_t path, uint64_t argv, uint64_t envp) {
    char *name;
    long result = path_from_user(AT_FDCWD, path, &name);
    if (result != 0) {
        return result;
    }
    char *strings = kalloc(EXEC_STRINGS_SIZE);
    result = strings != NULL ? exec_with(name, argv, envp, strings) : -ENOMEM;
    kfree(name);
    kfree(strings);
    return result;
}

// --- the end ----------------------------------------------------------------

long call_exit_group(uint64_t status) {
    process_exit((int)status);
}

// Times are not counted: the usage is all zero.
long call_wait4(
    uint64_t pid, uint64_t status_to, uint64_t options, uint64_t usage) {
    static const char no_usage[RUSAGE_SIZE];
    int status = 0;
    if (options & ~WAIT_OPTIONS) {
        return -EINVAL;
    }
    if ((int32_t)pid == INT32_MIN) {
        return -ESRCH;
    }
    long result = process_wait((int32_t)pid, (uint32_t)options, &status);
    if (result > 0 && status_to != 0 &&
        !copy_to_user(status_to, &status, sizeof(status))) {
        return -EFAULT;
    }
    if (result > 0 && usage != 0 &&
        !copy_to_user(usage, no_usage, sizeof(no_usage))) {
        return -EFAULT;
    }
    return result;
}

// Times are not counted.
long call_getrusage(uint64_t who, uint64_t to) {
    (void)who;
    static const char no_usage[RUSAGE_SIZE];
    return copy_to_user(to, no_usage, sizeof(no_usage)) ? 0 : -EFAULT;
}

// The same, and ticks since boot.
long call_times(uint64_t to) {
    static const uint64_t no_times[4];
    if (to != 0 && !copy_to_user(to, no_times, sizeof(no_times))) {
        return -EFAULT;
    }
    return (long)(clock_now_ns() / (NS_PER_SECOND / TICKS_PER_SECOND));
}

// --- groups -----------------------------------------------------------------

long call_setpgid(uint64_t pid, uint64_t group) {
    if ((int32_t)pid < 0) {
        return -ESRCH;
    }
    return (int32_t)group < 0
               ? -EINVAL
               : process_set_group((uint32_t)pid, (uint32_t)group);
}

long call_getpgid(uint64_t pid) {
    return (int32_t)pid < 0 ? -ESRCH : process_group((uint32_t)pid);
}

long call_getpgrp(void) {
    return process_group(0);
}

// There is one session, and its terminal stays everyone's.
long call_setsid(void) {
    long pid = (long)process_current()->pid;
    if (process_group(0) == pid) {
        return -EPERM;
    }
    long result = process_set_group(0, 0);
    return result == 0 ? pid : result;
}

// --- who and what -----------------------------------------------------------

long call_getpid(void) {
    return (long)process_current()->pid;
}

long call_getppid(void) {
    return (long)process_parent_pid();
}

// There are no users: everyone is 0.
long call_getuid(void) {
    return 0;
}

long call_getgid(void) {
    return 0;
}

long call_geteuid(void) {
    return 0;
}

long call_getegid(void) {
    return 0;
}

// The release is that of the Linux whose calls these are: C libraries look.
long call_uname(uint64_t to) {
    static const char fields[][UTS_FIELD] = {"Tollgate", "tollgate", "6.1.0",
                                             "Tollgate", "x86_64",   ""};
    return copy_to_user(to, fields, sizeof(fields)) ? 0 : -EFAULT;
}

static uint64_t limit_of(uint64_t resource) {
    switch (resource) {
    case RLIMIT_STACK:
        return USER_STACK_SIZE;
    case RLIMIT_NPROC:
        return thread_limit();
    case RLIMIT_NOFILE:
        return MAX_FILES;
    default:
        return RLIMIT_INFINITY;
    }
}

// Limits are fixed.
long call_prlimit64(
    uint64_t pid, uint64_t resource, uint64_t new_from, uint64_t old_to) {
    (void)pid;
    if (resource >= NUM_RLIMITS) {
        return -EINVAL;
    }
    if (new_from != 0) {
        return -EPERM;
    }
    const uint64_t limit[2] = {limit_of(resource), limit_of(resource)};
    return old_to == 0 || copy_to_user(old_to, limit, sizeof(limit)) ? 0
                                                                     : -EFAULT;
}

// See kernel/random.h for what the bytes are worth.
long call_getrandom(uint64_t to, uint64_t size, uint64_t flags) {
    (void)flags;
    char bytes[RANDOM_CHUNK];
    size_t done = 0;
    while (done < size) {
        size_t left = size - done;
        size_t part = left < sizeof(bytes) ? left : sizeof(bytes);
        random_bytes(bytes, part);
        if (!copy_to_user(to + done, bytes, part)) {
            return done > 0 ? (long)done : -EFAULT;
        }
        done += part;
        if (!scheduler_may_go_on()) {
            break;
        }
    }
    return (long)done;
}

// struct sysinfo of Linux x86-64, as far as there is something to say.
struct sysinfo {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t total_ram;
    uint64_t free_ram;
    uint64_t none[4]; // shared, buffers, swap
    uint16_t processes;
    uint16_t padding[3];
    uint64_t none_high[2];
    uint32_t unit;
    uint32_t end;
};

_Static_assert(sizeof(struct sysinfo) == 112, "as programs expect it");

long call_sysinfo(uint64_t to) {
    const struct sysinfo info = {
        .uptime = (int64_t)(clock_now_ns() / NS_PER_SECOND),
        .total_ram = pages_total_count(),
        .free_ram = pages_free_count(),
        .processes = (uint16_t)process_count(),
        .unit = PAGE_SIZE,
    };
    return copy_to_user(to, &info, sizeof(info)) ? 0 : -EFAULT;
}

// --- the machine ------------------------------------------------------------

// reboot(2)'s arguments, as the Linux manual has them.
#define REBOOT_MAGIC 0xfee1deadu
#define REBOOT_RESTART 0x01234567u
#define REBOOT_POWER_OFF 0x4321fedcu

static const uint32_t reboot_magics[] = {
    672274793, 85072278, 369367448, 537993216};

static bool reboot_is_meant(uint32_t magic, uint32_t magic2) {
    bool second = false;
    for (size_t i = 0; i < ARRAY_SIZE(reboot_magics); i++) {
        second |= magic2 == reboot_magics[i];
    }
    return magic == REBOOT_MAGIC && second;
}

// Administrators may end the machine; the run has ended well then.
long call_reboot(uint64_t magic, uint64_t magic2, uint64_t command) {
    if (process_current()->type_id != 0) {
        return -EPERM;
    }
    if (!reboot_is_meant((uint32_t)magic, (uint32_t)magic2)) {
        return -EINVAL;
    }
    switch ((uint32_t)command) {
    case REBOOT_RESTART:
        process_reset_machine();
    case REBOOT_POWER_OFF:
        process_power_off_machine();
    default:
        return -EINVAL;
    }
}
