// SPDX-License-Identifier: MIT
// TOLLGATE_SHOT; syscall/abi.h documents it.
#include "kernel/errno.h"
#include "kernel/process.h"
#include "kernel/shot.h"
#include "kernel/timer.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"

long call_shot(uint64_t due, uint64_t to, uint64_t size) {
    struct toll_shot shot = {.due = due};
    if (process_current()->type_id != 0) {
        return -EPERM;
    }
    cpu_id_t cpu = this_cpu()->cpu_id;
    if (timer_of(cpu) != cpu) {
        return -ENODEV;
    }
    if (!shot_sleep(&shot)) {
        return -EINTR;
    }
    size = size < sizeof(shot) ? size : sizeof(shot);
    return copy_to_user(to, &shot, size) ? (long)size : -EFAULT;
}
