// SPDX-License-Identifier: MIT
// Kernel calls about processes: execve(2), wait4(2), kill(2), signals, names,
// limits.
#include "kernel/base/string.h"
#include "kernel/clock.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/pages.h"
#include "kernel/process.h"
#include "kernel/random.h"
#include "kernel/scheduler.h"
#include "kernel/space.h"
#include "kernel/tar.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"

#define UTS_FIELD 65 // bytes of each field of struct utsname
#define SIGSET_SIZE 8
#define RLIMIT_STACK 3
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define NUM_RLIMITS 16
#define RLIMIT_INFINITY UINT64_MAX
#define RANDOM_CHUNK 256
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
    uint64_t path, uint64_t argv, uint64_t envp, char *name, char *strings) {
    long length = string_from_user(name, path, TAR_NAME_SIZE);
    if (length < 0) {
        return length;
    }
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
    char *name = kalloc(TAR_NAME_SIZE);
    char *strings = kalloc(EXEC_STRINGS_SIZE);
    long result = -ENOMEM;
    if (name != NULL && strings != NULL) {
        result = exec_with(path, argv, envp, name, strings);
    }
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
    // 0 and -group mean process groups: all children are in the only one.
    int32_t who = (int32_t)pid > 0 ? (int32_t)pid : -1;
    long result = process_wait(who, (uint32_t)options, &status);
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

// --- signals ----------------------------------------------------------------

long call_kill(uint64_t pid, uint64_t signal) {
    int32_t target = (int32_t)pid;
    if (target <= 0) {
        target =
            (int32_t)process_current()->pid; // its group: there is no other
    }
    return signal > NUM_SIGNALS
               ? -EINVAL
               : process_signal((uint32_t)target, 0, (unsigned)signal);
}

long call_tkill(uint64_t tid, uint64_t signal) {
    return call_tgkill(0, tid, signal);
}

long call_tgkill(uint64_t pid, uint64_t tid, uint64_t signal) {
    if ((int32_t)tid <= 0 || signal > NUM_SIGNALS) {
        return -EINVAL;
    }
    return process_signal((uint32_t)pid, (uint32_t)tid, (unsigned)signal);
}

long call_rt_sigaction(
    uint64_t signal, uint64_t new_from, uint64_t old_to, uint64_t size) {
    struct signal_action new, old;
    if (signal == 0 || signal > NUM_SIGNALS || size != SIGSET_SIZE ||
        (new_from != 0 && (signal == SIGKILL || signal == SIGSTOP))) {
        return -EINVAL;
    }
    if (new_from != 0 && !copy_from_user(&new, new_from, sizeof(new))) {
        return -EFAULT;
    }
    process_signal_action((unsigned)signal, new_from != 0 ? &new : NULL, &old);
    return old_to == 0 || copy_to_user(old_to, &old, sizeof(old)) ? 0 : -EFAULT;
}

static long mask_change(uint64_t *mask, uint64_t how, uint64_t set) {
    enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };
    switch (how) {
    case SIG_BLOCK:
        *mask |= set;
        return 0;
    case SIG_UNBLOCK:
        *mask &= ~set;
        return 0;
    case SIG_SETMASK:
        *mask = set;
        return 0;
    default:
        return -EINVAL;
    }
}

// Recorded, and that is all: nothing that a mask could hold back is delivered.
long call_rt_sigprocmask(
    uint64_t how, uint64_t new_from, uint64_t old_to, uint64_t size) {
    uint64_t *mask = &thread_current()->signal_mask;
    const uint64_t old = *mask;
    uint64_t set;
    if (size != SIGSET_SIZE) {
        return -EINVAL;
    }
    if (new_from != 0) {
        if (!copy_from_user(&set, new_from, sizeof(set))) {
            return -EFAULT;
        }
        long result = mask_change(mask, how, set);
        if (result != 0) {
            return result;
        }
    }
    return old_to == 0 || copy_to_user(old_to, &old, sizeof(old)) ? 0 : -EFAULT;
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
        return MAX_THREADS;
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
