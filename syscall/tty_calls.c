// SPDX-License-Identifier: MIT
// ioctl(2), which is for terminals: ioctl_tty(2).
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/process.h"
#include "kernel/tty.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"

#define TCGETS 0x5401
#define TCSETS 0x5402
#define TCSETSW 0x5403 // output waits for nothing here
#define TCSETSF 0x5404
#define TCFLSH 0x540b
#define TIOCSCTTY 0x540e
#define TIOCGPGRP 0x540f
#define TIOCSPGRP 0x5410
#define TIOCGWINSZ 0x5413
#define TIOCSWINSZ 0x5414
#define FIONREAD 0x541b
#define TIOCGSID 0x5429

_Static_assert(sizeof(struct line_settings) == 36, "struct termios");

static long give(uint64_t to, const void *from, size_t size) {
    return copy_to_user(to, from, size) ? 0 : -EFAULT;
}

static long settings_take(uint64_t from, bool flush) {
    struct line_settings settings;
    if (!copy_from_user(&settings, from, sizeof(settings))) {
        return -EFAULT;
    }
    tty_set(&settings, flush);
    return 0;
}

static long foreground_take(uint64_t from) {
    int32_t group;
    if (!copy_from_user(&group, from, sizeof(group))) {
        return -EFAULT;
    }
    if (group <= 0 || !process_group_exists((uint32_t)group)) {
        return group < 0 ? -EINVAL : -EPERM;
    }
    tty_set_foreground((uint32_t)group);
    return 0;
}

static long size_take(uint64_t from) {
    struct tty_size size;
    if (!copy_from_user(&size, from, sizeof(size))) {
        return -EFAULT;
    }
    tty_set_size(size);
    return 0;
}

static long control(uint32_t request, uint64_t argument) {
    struct line_settings settings;
    struct tty_size size;
    uint32_t number;
    switch (request) {
    case TCGETS:
        tty_get(&settings);
        return give(argument, &settings, sizeof(settings));
    case TCSETS:
    case TCSETSW:
        return settings_take(argument, false);
    case TCSETSF:
        return settings_take(argument, true);
    case TCFLSH:
        tty_flush();
        return 0;
    case TIOCSCTTY:
        return 0; // it is everyone's
    case TIOCGPGRP:
    case TIOCGSID:
        number = request == TIOCGPGRP ? tty_foreground() : 1;
        return give(argument, &number, sizeof(number));
    case TIOCSPGRP:
        return foreground_take(argument);
    case TIOCGWINSZ:
        size = tty_size();
        return give(argument, &size, sizeof(size));
    case TIOCSWINSZ:
        return size_take(argument);
    case FIONREAD:
        number = (uint32_t)tty_count();
        return give(argument, &number, sizeof(number));
    default:
        return -ENOTTY;
    }
}

long call_ioctl(uint64_t fd, uint64_t request, uint64_t argument) {
    struct file *file = file_get(&process_current()->files, fd);
    if (file == NULL) {
        return -EBADF;
    }
    bool is_tty = tty_is_file(file);
    file_put(file);
    return is_tty ? control((uint32_t)request, argument) : -ENOTTY;
}
