// SPDX-License-Identifier: MIT
// Between process.c, first_program.c, process_signal.c and process_group.c.
#pragma once

#include "kernel/process.h"

extern struct spinlock process_lock;
extern struct process *processes; // [process_lock] by next

// The process of the first program and its thread, not yet ready to run. NULL
// without memory.
MUST_CHECK struct thread *process_create_first(
    const struct exec_image *image, const char *path, uint32_t type_id);

// The registers that a program starts with.
void process_start_regs(struct regs *regs, const struct exec_image *image);

// The process with an ID, zombies left out or not; the thread with an ID, of a
// process (0: of any). NULL if there is none. The process lock is held, as for
// the following.
struct process *process_find(uint32_t pid);
struct process *process_find_any(uint32_t pid);
struct thread *process_find_thread(uint32_t pid, uint32_t tid);

// Kill all threads of a process; the status counts if none did before.
void process_kill_locked(struct process *process, int wait_status);

// Have a thread that does not block them see to signals that were sent to the
// process: whoever was to do so blocks them now, or has ended.
void process_pass_signals_on(struct process *process, uint64_t signals);

// Tell a process that a child of its has ended, by the signal that clone()
// named, if it named one.
void process_child_ended(struct process *parent, unsigned signal);
