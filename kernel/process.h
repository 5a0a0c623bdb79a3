// SPDX-License-Identifier: MIT
// Processes: an address space, files, a type ID, one or more threads.
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/exec.h"
#include "kernel/file.h"
#include "kernel/signal.h"
#include "kernel/tar.h"
#include "kernel/thread.h"
#include "kernel/wait_queue.h"

#define PROCESS_NAME_SIZE 32

struct syspage_entry;

// [p] process_lock  [i] set when it is made  [a] atomic  [t] the last thread
struct process {
    uint32_t pid;                 // [i]
    char name[PROCESS_NAME_SIZE]; // [t] last part of the program's path
    uint32_t type_id;             // [a]
    bool trace;                   // [a] print each kernel call
    bool exiting;                 // [p] all its threads are being killed
    bool zombie;                  // [p] its parent may collect it
    bool vfork_pending;           // [p] the parent waits for exec or exit
    uint8_t exit_signal;          // [i] the parent gets it at the end; 0: none
    uint32_t group;               // [p] its process group
    int wait_status;              // [p] as wait4(2) gives it
    struct space *space;          // [t]
    struct thread *threads;       // [p] by thread->sibling
    unsigned thread_count;        // [p]
    struct process *parent;       // [p] NULL: nobody will collect it
    struct process *children;     // [p] by next_child
    struct process *next_child;   // [p]
    struct process *next;         // [p] of all processes
    struct process **link;        // [p] what points to it there
    struct wait_queue waiters;    // [p] for children, and for its own threads
    struct file_table files;
    struct signal_action actions[NUM_SIGNALS + 1]; // [p] by signal
    uint64_t pending;              // [p] signals sent to it, as bits
    char directory[TAR_NAME_SIZE]; // [p] the current one, absolute
};

static inline struct process *process_current(void) {
    return thread_current()->process;
}

// Run the first program: the system page's arguments from the initrd. What
// fails ends the run with one line and a report. When the program ends, so does
// the machine.
//
// Context: the boot CPU, scheduler_init_cpu() done; interrupts on or off.
void process_start_first(const struct syspage_entry *syspage);

// What clone(2) is asked for.
struct clone_request {
    uint64_t flags;  // CLONE_*
    uintptr_t stack; // 0: the caller's
    uintptr_t parent_tid;
    uintptr_t child_tid;
    uint64_t tls;
};

#define CLONE_EXIT_SIGNAL 0xfful
#define CLONE_VM 0x100ul
#define CLONE_FS 0x200ul
#define CLONE_FILES 0x400ul
#define CLONE_SIGHAND 0x800ul
#define CLONE_VFORK 0x4000ul
#define CLONE_THREAD 0x10000ul
#define CLONE_SYSVSEM 0x40000ul
#define CLONE_SETTLS 0x80000ul
#define CLONE_PARENT_SETTID 0x100000ul
#define CLONE_CHILD_CLEARTID 0x200000ul
#define CLONE_DETACHED 0x400000ul
#define CLONE_CHILD_SETTID 0x1000000ul

// Make a thread (CLONE_THREAD), a process that borrows the caller's memory
// until it executes a program (CLONE_VM and CLONE_VFORK), or one with a copy of
// it (neither). All return 0 to the new thread. Returns its ID, or a negated
// errno: -ENOMEM where the memory can't be copied, -EAGAIN beyond
// thread_limit(), and nothing has changed.
long process_clone(const struct clone_request *request);

// Replace the calling process's program. Returns 0, and the caller's registers
// are the new program's; or a negated errno, and nothing has changed.
long process_exec(const struct exec_args *args);

// End the calling thread with a status; the process with it if it is the last.
_Noreturn void process_exit_thread(int status);

// End the whole calling process.
_Noreturn void process_exit(int status);

// Kill the calling process by a signal. Returns: before_user() ends the thread.
void process_kill_self(unsigned signal);

// The pid of the calling process's parent, 0 without.
uint32_t process_parent_pid(void);

// How many processes there are, zombies included.
unsigned process_count(void);

// The process group of a process, 0 being the caller; -ESRCH. set_group takes 0
// for the process's own ID; the process is the caller or a child of its.
long process_group(uint32_t pid);
long process_set_group(uint32_t pid, uint32_t group);

bool process_group_exists(uint32_t group);

// The calling process's current directory, an absolute path of up to
// TAR_NAME_SIZE bytes.
void process_get_directory(char *to);
void process_set_directory(const char *path);

// wait4(2): for a child with this pid, any (-1), one of a group (-group), or of
// the caller's (0). Returns its pid, 0 with WAIT_NO_HANG, or -ECHILD, -EINTR.
#define WAIT_NO_HANG 1u
long process_wait(int32_t pid, uint32_t options, int *status);

// Run fn on the thread with this ID, 0 being the caller's, while it can't end.
// Returns what fn returns, or -ESRCH.
long process_with_thread(
    uint32_t tid, long (*fn)(struct thread *thread, void *argument),
    void *argument);

// Give the calling process a type ID.
void process_set_type(uint32_t type_id);

// Say that the run has ended well, then reset the machine, or turn it off.
_Noreturn void process_reset_machine(void);
_Noreturn void process_power_off_machine(void);

// A program did something wrong: print one line and kill its process. In
// thread context, interrupts on, from trap_handle(); returns.
void process_fault(
    const struct regs *regs, unsigned vector, uint32_t error,
    uintptr_t address);

// For thread_exit(): leave the process; the last thread ends it.
void process_thread_exit(void);
