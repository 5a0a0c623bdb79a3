// SPDX-License-Identifier: MIT
// Linux's side: /init, which makes the device nodes that it needs, loads the
// driver and turns the machine off. Its calls make the system call themselves,
// without a C library's wrapper.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "tools/bench/guest/system.h"
#include "tools/bench/linux/slots.h"
#include "usr/include/tollgate.h"
#include "usr/program/options.h"

// The second serial port, from the kernel's list of devices.
#define SERIAL_NODE "/serial"
#define SERIAL_MAJOR 4
#define SERIAL_MINOR 65

#define DRIVER "/" SLOTS_NAME ".ko"
#define NODE "/dev/" SLOTS_NAME

#define NS_PER_S 1000000000ll
#define HZ_TIME_NS (NS_PER_S / 5)

// What the kernel does about each known weakness of processors.
#define WEAKNESSES "/sys/devices/system/cpu/vulnerabilities"
#define ANSWER_SIZE 256

static int driver = -1; // the open device

static bool open_output(void) {
    if (mknod(
            SERIAL_NODE, S_IFCHR | S_IRUSR | S_IWUSR,
            makedev(SERIAL_MAJOR, SERIAL_MINOR)) < 0) {
        complain("can not make %s: %s", SERIAL_NODE, strerror(errno));
        return false;
    }
    int fd = open(SERIAL_NODE, O_WRONLY | O_NOCTTY);
    if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
        complain("can not write to %s: %s", SERIAL_NODE, strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

static bool load_driver(void) {
    int fd = open(DRIVER, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0) {
        complain("can not load %s: %s", DRIVER, strerror(errno));
        return false;
    }
    close(fd);
    return true;
}

static bool start(void) {
    if (mount("none", "/dev", "devtmpfs", 0, NULL) < 0 ||
        mount("none", "/sys", "sysfs", 0, NULL) < 0) {
        complain("can not mount /dev and /sys: %s", strerror(errno));
        return false;
    }
    if (!load_driver()) {
        return false;
    }
    driver = open(NODE, O_RDWR | O_CLOEXEC);
    if (driver < 0) {
        complain("can not open %s: %s", NODE, strerror(errno));
        return false;
    }
    return true;
}

// The first line of a file in a folder, "" when there is none.
static void read_line(int folder, const char *name, char line[ANSWER_SIZE]) {
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, line, ANSWER_SIZE - 1);
    line[length > 0 ? length : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    close(fd);
}

static void describe(struct json *json) {
    char line[ANSWER_SIZE];
    json_begin(json, "mitigations", JSON_OBJECT);
    DIR *folder = opendir(WEAKNESSES);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (entry->d_name[0] != '.') {
            read_line(dirfd(folder), entry->d_name, line);
            json_text(json, entry->d_name, line);
        }
    }
    if (folder) {
        closedir(folder);
    }
    json_end(json);
}

static int64_t monotonic_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

// The kernel tells programs its own figure nowhere.
static uint64_t measure_hz(void) {
    int64_t from_ns = monotonic_ns();
    uint64_t from = tollgate_cycles();
    int64_t ns;
    do {
        ns = monotonic_ns() - from_ns;
    } while (ns < HZ_TIME_NS);
    uint64_t cycles = tollgate_cycles() - from;
    return cycles * (uint64_t)NS_PER_S / (uint64_t)ns;
}

static void turn_off(void) {
    fflush(NULL);
    tcdrain(STDOUT_FILENO);
    reboot(RB_POWER_OFF);
}

static inline unsigned long ask_driver(
    unsigned long command, unsigned long argument) {
    unsigned long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((unsigned long)SYS_ioctl), "D"((long)driver),
                       "S"(command), "d"(argument)
                     : "rcx", "r11", "memory");
    return result;
}

static unsigned long sum_halves(unsigned long a, unsigned long b) {
    return ask_driver(SLOTS_SUM_HALVES, b << 32 | a);
}

static unsigned long sum(unsigned long a, unsigned long b) {
    struct slots_call call = {.a = a, .b = b};
    unsigned long error = ask_driver(SLOTS_SUM, (unsigned long)&call);
    return error ? error : call.result;
}

static unsigned long shared_add(unsigned long a, unsigned long b) {
    (void)b;
    struct slots_call call = {.a = a};
    unsigned long error = ask_driver(SLOTS_SHARED_ADD, (unsigned long)&call);
    return error ? error : call.result;
}

const struct bench_system linux_system = {
    .name = "linux",
    .num_calls = 4,
    .calls =
        {{.name = "sum", .by = "ioctl", .stub = sum, .a = 3, .b = 4},
         {.name = "sum",
          .by = "ioctl, in registers",
          .stub = sum_halves,
          .a = 3,
          .b = 4},
         {.name = "shared add", .by = "ioctl", .stub = shared_add, .a = 1},
         {.name = "getppid", .by = "call 110", .stub = system_getppid}},
    .shared_add = shared_add,
    .open = open_output,
    .start = start,
    .describe = describe,
    .hz = measure_hz,
    .close = turn_off,
};
