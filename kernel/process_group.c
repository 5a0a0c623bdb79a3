// SPDX-License-Identifier: MIT
// Process groups: whom a terminal's signals are for, and whom kill(2) and
// wait4(2) may mean. There is one session.
#include "kernel/errno.h"
#include "kernel/process_priv.h"

long process_group(uint32_t pid) {
    bool irq = spin_lock(&process_lock);
    const struct process *process =
        pid == 0 ? process_current() : process_find_any(pid);
    long group = process != NULL ? (long)process->group : -ESRCH;
    spin_unlock(&process_lock, irq);
    return group;
}

// The process lock is held.
static bool group_exists(uint32_t group) {
    for (const struct process *p = processes; p != NULL; p = p->next) {
        if (p->group == group) {
            return true;
        }
    }
    return false;
}

static long set_group_locked(uint32_t pid, uint32_t group) {
    struct process *self = process_current();
    struct process *process = pid == 0 ? self : process_find_any(pid);
    if (process == NULL || (process != self && process->parent != self)) {
        return -ESRCH;
    }
    group = group == 0 ? process->pid : group;
    if (group != process->pid && !group_exists(group)) {
        return -EPERM;
    }
    process->group = group;
    return 0;
}

long process_set_group(uint32_t pid, uint32_t group) {
    bool irq = spin_lock(&process_lock);
    long result = set_group_locked(pid, group);
    spin_unlock(&process_lock, irq);
    return result;
}

bool process_group_exists(uint32_t group) {
    bool irq = spin_lock(&process_lock);
    bool exists = group_exists(group);
    spin_unlock(&process_lock, irq);
    return exists;
}
