// SPDX-License-Identifier: MIT
// See process.h. A process is freed by its parent's wait, or by its own last
// thread if it has no parent any more.
#include "kernel/process.h"

#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/machine.h"
#include "kernel/process_priv.h"
#include "kernel/process_signal.h"
#include "kernel/scheduler.h"
#include "kernel/space.h"
#include "kernel/tty.h"

// wait4(2)'s status: the exit status in the second byte, or a signal.
#define STATUS_OF_EXIT(status) (((status)&0xff) << 8)
#define STATUS_SIGNAL_MASK 0x7f
#define STATUS_EXIT_SHIFT 8
#define SIGNALLED_BASE 128 // a shell's exit status for signal 0

struct spinlock process_lock = SPINLOCK_INITIALIZER("process");
struct process *processes;     // [process_lock]
static uint32_t num_processes; // [process_lock] zombies included
static struct process *first;  // [i] whose end is the machine's

// --- life -------------------------------------------------------------------

static void process_set_name(struct process *process, const char *path) {
    const char *name = path;
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '/' && c[1] != '\0') {
            name = c + 1;
        }
    }
    size_t length = strnlen(name, sizeof(process->name) - 1);
    memcpy(process->name, name, length);
    process->name[length] = '\0';
}

static struct process *process_create(struct space *space) {
    struct process *process = kalloc(sizeof(*process));
    if (process != NULL) {
        process->space = space;
    }
    return process;
}

// The process lock is held by the callers of the next three.
static void process_add(struct process *process, struct process *parent) {
    process->next = processes;
    process->link = &processes;
    if (processes != NULL) {
        processes->link = &process->next;
    }
    processes = process;
    num_processes++;
    process->parent = parent;
    if (parent != NULL) {
        process->next_child = parent->children;
        parent->children = process;
    }
}

static void process_remove(struct process *process) {
    *process->link = process->next;
    if (process->next != NULL) {
        process->next->link = process->link;
    }
    num_processes--;
}

static void process_remove_child(struct process *child) {
    struct process **link = &child->parent->children;
    while (*link != child) {
        link = &(*link)->next_child;
    }
    *link = child->next_child;
}

static void process_add_thread(struct process *process, struct thread *thread) {
    thread->process = process;
    thread->space = process->space;
    thread->sibling = process->threads;
    process->threads = thread;
    process->thread_count++;
}

static void process_remove_thread(struct thread *thread) {
    struct process *process = thread->process;
    struct thread **link = &process->threads;
    while (*link != thread) {
        link = &(*link)->sibling;
    }
    *link = thread->sibling;
    process->thread_count--;
    thread->process = NULL;
}

struct process *process_find_any(uint32_t pid) {
    struct process *process = processes;
    while (process != NULL && process->pid != pid) {
        process = process->next;
    }
    return process;
}

struct process *process_find(uint32_t pid) {
    struct process *process = process_find_any(pid);
    return process != NULL && !process->zombie ? process : NULL;
}

// --- the first program ------------------------------------------------------

struct thread *process_create_first(
    const struct exec_image *image, const char *path, uint32_t type_id) {
    struct process *process = process_create(image->space);
    if (process == NULL) {
        return NULL;
    }
    struct regs regs;
    process_start_regs(&regs, image);
    struct thread *thread = thread_create(&regs);
    if (thread == NULL || !file_table_init(&process->files)) {
        return NULL; // the machine stops: nothing to clean up for
    }
    process->pid = thread->tid;
    process->type_id = type_id;
    process->group = process->pid;
    process->directory[0] = '/';
    process_set_name(process, path);
    first = process;
    bool irq = spin_lock(&process_lock);
    process_add(process, NULL);
    process_add_thread(process, thread);
    spin_unlock(&process_lock, irq);
    tty_start(process->group);
    return thread;
}

void process_start_regs(struct regs *regs, const struct exec_image *image) {
    *regs = (struct regs){
        .rip = image->entry,
        .cs = USER_CS,
        .rflags = RFLAGS_FIXED | RFLAGS_IF,
        .rsp = image->stack,
        .ss = USER_SS,
    };
}

void process_reset_machine(void) {
    report_printf("{\"type\":\"exit\",\"status\":0}\n");
    machine_reset();
}

void process_power_off_machine(void) {
    report_printf("{\"type\":\"exit\",\"status\":0}\n");
    machine_power_off(false);
}

// The first program has ended: so does the machine.
static _Noreturn void run_end(int wait_status) {
    int signal = wait_status & STATUS_SIGNAL_MASK;
    int status = signal != 0 ? SIGNALLED_BASE + signal
                             : wait_status >> STATUS_EXIT_SHIFT;
    report_printf("{\"type\":\"exit\",\"status\":%d}\n", status);
    machine_power_off(false);
}

// --- clone ------------------------------------------------------------------

#define CLONE_THREAD_FLAGS                                                     \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define CLONE_THREAD_OPTIONS                                                   \
    (CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | \
     CLONE_CHILD_CLEARTID | CLONE_DETACHED)
#define CLONE_VFORK_FLAGS (CLONE_VM | CLONE_VFORK)
#define CLONE_PROCESS_OPTIONS                                                  \
    (CLONE_EXIT_SIGNAL | CLONE_SETTLS | CLONE_PARENT_SETTID |                  \
     CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)

static bool flags_fit(uint64_t flags, uint64_t needed, uint64_t allowed) {
    return (flags & needed) == needed && (flags & ~(needed | allowed)) == 0;
}

// A thread that goes on where the caller is, with what follows a thread.
static struct thread *thread_copy(const struct clone_request *request) {
    const struct thread *self = thread_current();
    struct regs regs = *thread_regs(self);
    regs.rax = 0;
    if (request->stack != 0) {
        regs.rsp = request->stack;
    }
    struct thread *thread = thread_create(&regs);
    if (thread == NULL) {
        return NULL;
    }
    thread_user_save(thread);
    thread->fs_base =
        (request->flags & CLONE_SETTLS) != 0 ? request->tls : self->fs_base;
    thread->signal_mask = self->signal_mask;
    scheduler_inherit(thread, self);
    if (request->flags & CLONE_CHILD_CLEARTID) {
        thread->clear_child_tid = request->child_tid;
    }
    return thread;
}

// Store the new ID where the caller, and where the new thread will see it.
static bool tids_store(
    const struct clone_request *request, const struct thread *thread,
    struct space *child) {
    struct space *parent = process_current()->space;
    const uint32_t tid = thread->tid;
    return ((request->flags & CLONE_PARENT_SETTID) == 0 ||
            space_store(parent, request->parent_tid, &tid, sizeof(tid))) &&
           ((request->flags & CLONE_CHILD_SETTID) == 0 ||
            space_store(child, request->child_tid, &tid, sizeof(tid)));
}

// Put a new thread into a process; false if the process is about to end.
static bool thread_join(struct process *process, struct thread *thread) {
    bool irq = spin_lock(&process_lock);
    bool joins = !process->exiting && !thread_is_killed(thread_current());
    if (joins) {
        process_add_thread(process, thread);
    }
    spin_unlock(&process_lock, irq);
    return joins;
}

static long clone_thread(const struct clone_request *request) {
    struct thread *thread = thread_copy(request);
    if (thread == NULL) {
        return -EAGAIN;
    }
    long tid = (long)thread->tid;
    bool stored = tids_store(request, thread, process_current()->space);
    if (!stored || !thread_join(process_current(), thread)) {
        thread_free(thread);
        return stored ? -EAGAIN : -EFAULT;
    }
    scheduler_start(thread);
    return tid;
}

// Wait until the child has its own memory, or is gone. A kill ends the wait;
// the child keeps the memory alive.
static void vfork_wait(struct process *self, uint32_t pid) {
    bool irq = spin_lock(&process_lock);
    struct process *child = process_find(pid);
    while (child != NULL && child->vfork_pending) {
        if (!wait_on_killable(&self->waiters, &process_lock)) {
            break;
        }
        child = process_find(pid);
    }
    spin_unlock(&process_lock, irq);
}

// A child as it is at first. It takes over the reference to `space`; without
// memory it gives it back and returns NULL.
static struct process *process_copy(
    const struct process *self, struct space *space,
    const struct clone_request *request) {
    struct process *child = process_create(space);
    if (child == NULL) {
        space_put(space);
        return NULL;
    }
    memcpy(child->name, self->name, sizeof(child->name));
    memcpy(child->actions, self->actions, sizeof(child->actions));
    memcpy(child->directory, self->directory, sizeof(child->directory));
    child->type_id = self->type_id;
    child->trace = self->trace;
    child->exit_signal = (uint8_t)(request->flags & CLONE_EXIT_SIGNAL);
    child->vfork_pending = (request->flags & CLONE_VM) != 0;
    return child;
}

static void child_discard(struct process *child, struct thread *thread) {
    if (child != NULL) {
        file_table_close_all(&child->files);
        space_put(child->space);
    }
    kfree(child);
    if (thread != NULL) {
        thread_free(thread);
    }
}

// Add the child and its thread. False if there are too many, or if the parent
// is being killed: who kills a group finds all that is forked there, or nobody
// forks any more.
static bool child_join(
    struct process *child, struct thread *thread, struct process *parent) {
    bool irq = spin_lock(&process_lock);
    bool joins =
        num_processes < thread_limit() && !thread_is_killed(thread_current());
    if (joins) {
        child->group = parent->group;
        process_add(child, parent);
        process_add_thread(child, thread);
    }
    spin_unlock(&process_lock, irq);
    return joins;
}

// The child has `space`, whose reference it takes over.
static long clone_process(
    const struct clone_request *request, struct space *space) {
    struct process *self = process_current();
    struct thread *thread = thread_copy(request);
    struct process *child = process_copy(self, space, request);
    bool made = thread != NULL && child != NULL;
    if (!made || !tids_store(request, thread, space)) {
        child_discard(child, thread);
        return made ? -EFAULT : -EAGAIN;
    }
    uint32_t pid = thread->tid;
    child->pid = pid;
    file_table_copy(&child->files, &self->files);
    bool waits = child->vfork_pending;
    if (!child_join(child, thread, self)) {
        child_discard(child, thread);
        return -EAGAIN;
    }
    scheduler_start(thread);
    if (waits) {
        vfork_wait(self, pid);
    }
    return (long)pid;
}

static long clone_borrower(const struct clone_request *request) {
    space_get(process_current()->space);
    return clone_process(request, process_current()->space);
}

static long clone_copy(const struct clone_request *request) {
    struct space *space = space_copy(process_current()->space);
    return space != NULL ? clone_process(request, space) : -ENOMEM;
}

long process_clone(const struct clone_request *request) {
    if ((request->flags & CLONE_EXIT_SIGNAL) > NUM_SIGNALS) {
        return -EINVAL;
    }
    if ((request->flags & CLONE_SETTLS) != 0 && request->tls >= USER_END) {
        return -EPERM;
    }
    if (flags_fit(request->flags, CLONE_THREAD_FLAGS, CLONE_THREAD_OPTIONS)) {
        return clone_thread(request);
    }
    if (flags_fit(request->flags, CLONE_VFORK_FLAGS, CLONE_PROCESS_OPTIONS)) {
        return clone_borrower(request);
    }
    if (flags_fit(request->flags, 0, CLONE_PROCESS_OPTIONS)) {
        return clone_copy(request);
    }
    return -EINVAL;
}

// --- exec -------------------------------------------------------------------

// The parent that lent its memory goes on. The process lock is held.
static void vfork_done(struct process *process) {
    if (process->vfork_pending) {
        process->vfork_pending = false;
        if (process->parent != NULL) {
            wait_wake_all(&process->parent->waiters);
        }
    }
}

// End all other threads of the process. False if another thread, or a kill, was
// faster to end this one.
static bool process_make_single(struct process *process) {
    struct thread *self = thread_current();
    bool irq = spin_lock(&process_lock);
    bool alive = !thread_is_killed(self);
    if (alive) {
        for (struct thread *t = process->threads; t != NULL; t = t->sibling) {
            if (t != self) {
                thread_kill(t);
            }
        }
    }
    while (alive && process->thread_count > 1) {
        alive = wait_on_killable(&process->waiters, &process_lock);
    }
    spin_unlock(&process_lock, irq);
    return alive;
}

static void actions_reset(struct process *process) {
    for (unsigned i = 0; i <= NUM_SIGNALS; i++) {
        if (process->actions[i].handler != SIGNAL_IGNORE) {
            process->actions[i] = (struct signal_action){0};
        }
    }
}

static void program_replace(
    struct process *process, const struct exec_image *image, const char *path) {
    struct thread *thread = thread_current();
    struct space *before = process->space;
    thread_set_space(image->space);
    bool irq = spin_lock(&process_lock);
    process->space = image->space;
    actions_reset(process);
    process_set_name(process, path);
    vfork_done(process);
    thread->clear_child_tid = 0;
    thread->tid = process->pid;
    spin_unlock(&process_lock, irq);
    space_put(before);
    file_table_exec(&process->files);
    thread_user_reset(thread);
    process_start_regs(thread_regs(thread), image);
}

long process_exec(const struct exec_args *args) {
    struct process *process = process_current();
    struct exec_image image;
    long result = exec_load(args, &image);
    if (result != 0) {
        return result;
    }
    if (!process_make_single(process)) {
        space_put(image.space);
        return -EINTR;
    }
    program_replace(process, &image, args->path);
    return 0;
}

// --- exit -------------------------------------------------------------------

void process_kill_locked(struct process *process, int wait_status) {
    if (!process->exiting) {
        process->exiting = true;
        process->wait_status = wait_status;
    }
    for (struct thread *t = process->threads; t != NULL; t = t->sibling) {
        thread_kill(t);
    }
}

static void process_kill(struct process *process, int wait_status) {
    bool irq = spin_lock(&process_lock);
    process_kill_locked(process, wait_status);
    spin_unlock(&process_lock, irq);
}

_Noreturn void process_exit(int status) {
    process_kill(process_current(), STATUS_OF_EXIT(status));
    thread_exit();
}

_Noreturn void process_exit_thread(int status) {
    struct process *process = process_current();
    bool irq = spin_lock(&process_lock);
    if (!process->exiting) {
        process->wait_status = STATUS_OF_EXIT(status);
    }
    spin_unlock(&process_lock, irq);
    thread_exit();
}

void process_kill_self(unsigned signal) {
    process_kill(process_current(), (int)signal);
}

// Nobody will collect the children any more; returns those that are zombies, by
// next_child. The process lock is held.
static struct process *children_leave(struct process *process) {
    struct process *zombies = NULL;
    struct process *child = process->children;
    process->children = NULL;
    while (child != NULL) {
        struct process *next = child->next_child;
        child->parent = NULL;
        if (child->zombie) {
            process_remove(child);
            child->next_child = zombies;
            zombies = child;
        }
        child = next;
    }
    return zombies;
}

static void zombies_free(struct process *zombies) {
    while (zombies != NULL) {
        struct process *next = zombies->next_child;
        kfree(zombies);
        zombies = next;
    }
}

// Become a zombie, or vanish. Its last thread calls this, in no space.
static void process_end(struct process *process) {
    bool irq = spin_lock(&process_lock);
    struct process *zombies = children_leave(process);
    vfork_done(process);
    process_remove_thread(thread_current());
    process->zombie = true;
    if (process->parent != NULL) {
        process_child_ended(process->parent, process->exit_signal);
        wait_wake_all(&process->parent->waiters);
    } else {
        process_remove(process);
        process->next_child = zombies;
        zombies = process;
    }
    spin_unlock(&process_lock, irq);
    zombies_free(zombies);
}

// A process's thread_count falls to 1 before its last thread frees anything, so
// every other thread leaves the space first and then counts down.
void process_thread_exit(void) {
    struct thread *self = thread_current();
    struct process *process = self->process;
    thread_set_space(NULL);
    bool irq = spin_lock(&process_lock);
    bool last = process->thread_count == 1;
    if (!last) {
        process_remove_thread(self);
        if (!process->exiting) {
            process_pass_signals_on(process, process->pending);
        }
        wait_wake_all(&process->waiters);
    } else {
        process->exiting = true; // nobody joins any more
    }
    spin_unlock(&process_lock, irq);
    if (!last) {
        return;
    }
    file_table_close_all(&process->files);
    if (process == first) {
        run_end(process->wait_status);
    }
    space_put(process->space);
    process_end(process);
}

// --- wait -------------------------------------------------------------------

// Whether wait4(2) with this argument means a child.
static bool child_is_meant(
    const struct process *self, const struct process *child, int32_t pid) {
    if (pid == 0) {
        return child->group == self->group;
    }
    return pid == -1 || (pid > 0 ? child->pid == (uint32_t)pid
                                 : child->group == -(uint32_t)pid);
}

// A zombie among the children that match; *any says whether one matches.
static struct process *child_find(
    const struct process *process, int32_t pid, bool *any) {
    *any = false;
    for (struct process *c = process->children; c != NULL; c = c->next_child) {
        if (child_is_meant(process, c, pid)) {
            *any = true;
            if (c->zombie) {
                return c;
            }
        }
    }
    return NULL;
}

static long wait_locked(
    struct process *self, int32_t pid, uint32_t options, struct process **out) {
    for (;;) {
        bool any;
        struct process *child = child_find(self, pid, &any);
        if (child != NULL) {
            process_remove_child(child);
            process_remove(child);
            *out = child;
            return (long)child->pid;
        }
        if (!any) {
            return -ECHILD;
        }
        if (options & WAIT_NO_HANG) {
            return 0;
        }
        if (thread_is_interrupted(thread_current())) {
            return process_restart_call();
        }
        // A child may have ended even if a signal came: look again.
        if (!wait_on(&self->waiters, &process_lock)) {
            continue;
        }
    }
}

long process_wait(int32_t pid, uint32_t options, int *status) {
    struct process *child = NULL;
    bool irq = spin_lock(&process_lock);
    long result = wait_locked(process_current(), pid, options, &child);
    spin_unlock(&process_lock, irq);
    if (child != NULL) {
        *status = child->wait_status;
        kfree(child);
    }
    return result;
}

// --- the rest ---------------------------------------------------------------

struct thread *process_find_thread(uint32_t pid, uint32_t tid) {
    for (struct process *p = processes; p != NULL; p = p->next) {
        for (struct thread *t = p->threads; t != NULL; t = t->sibling) {
            if (t->tid == tid && (pid == 0 || p->pid == pid)) {
                return t;
            }
        }
    }
    return NULL;
}

long process_with_thread(
    uint32_t tid, long (*fn)(struct thread *thread, void *argument),
    void *argument) {
    bool irq = spin_lock(&process_lock);
    struct thread *thread =
        tid == 0 ? thread_current() : process_find_thread(0, tid);
    long result = thread != NULL ? fn(thread, argument) : -ESRCH;
    spin_unlock(&process_lock, irq);
    return result;
}

uint32_t process_parent_pid(void) {
    bool irq = spin_lock(&process_lock);
    const struct process *parent = process_current()->parent;
    uint32_t pid = parent != NULL ? parent->pid : 0;
    spin_unlock(&process_lock, irq);
    return pid;
}

void process_get_directory(char *to) {
    const struct process *self = process_current();
    bool irq = spin_lock(&process_lock);
    memcpy(to, self->directory, sizeof(self->directory));
    spin_unlock(&process_lock, irq);
}

void process_set_directory(const char *path) {
    struct process *self = process_current();
    bool irq = spin_lock(&process_lock);
    memcpy(self->directory, path, strlen(path) + 1);
    spin_unlock(&process_lock, irq);
}

unsigned process_count(void) {
    bool irq = spin_lock(&process_lock);
    unsigned count = num_processes;
    spin_unlock(&process_lock, irq);
    return count;
}

void process_set_type(uint32_t type_id) {
    struct process *process = process_current();
    __atomic_store_n(&process->type_id, type_id, __ATOMIC_RELAXED);
    scheduler_update_type(process);
}
