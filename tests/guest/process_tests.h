// SPDX-License-Identifier: MIT
// The tests of process_test, and what they share.
#pragma once

#include <sys/types.h>

#include "tests/guest/ktap.h"

// process_life.c: how processes and threads begin and end.
bool exit_statuses_arrive(void);
bool signals_kill(void);
bool threads_end_with_their_process(void);
bool exec_ends_other_threads(void);
bool last_thread_ends_the_process(void);
bool lent_memory_outlives_its_owner(void);
bool orphans_leave_nothing(void);
bool failed_exec_changes_nothing(void);
bool arguments_and_environment_arrive(void);
bool waiting_has_its_errors(void);

// process_memory.c: memory, and that all of it comes back.
bool fresh_memory_is_zero(void);
bool rights_are_obeyed(void);
bool nothing_is_writable_and_executable(void);
bool break_grows_and_shrinks(void);
bool system_page_stays(void);
bool exhaustion_kills_the_eater(void);
bool threads_are_bounded(void);
bool processes_are_bounded(void);
bool processes_leave_no_pages(void);

// process_fork.c: copies of processes.
bool fork_copies_memory(void);
bool fork_hides_later_writes(void);
bool fork_keeps_rights(void);
bool fork_copies_the_break(void);
bool fork_inherits(void);
bool fork_shares_files(void);
bool fork_stores_its_id(void);
bool fork_without_memory_changes_nothing(void);
bool forks_leave_no_pages(void);

// process_futex.c: what locks of the C library are made of, and the samples.
bool futex_compares_and_times_out(void);
bool futex_moves_waiters(void);
bool samples_answer(void);

// Start this program as another process that plays a role; -1 if it can't.
pid_t role_start(const char *role);

// Start it and wait for its end: the wait status, or -1.
int role_run(const char *role);

// What the role does; its exit status.
int role_play(const char *role, char **argv, char **envp);
