// SPDX-License-Identifier: MIT
// process_test - processes, threads and memory as a program sees them: how they
// end, and that they leave nothing behind. Prints KTAP. With an argument it
// plays a role in one of the tests. The roles that break rules leave lines on
// the console.
#include <spawn.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/process_tests.h"

pid_t role_start(const char *role) {
    char *path = (char *)getauxval(AT_EXECFN);
    char *argv[] = {path, (char *)role, NULL};
    pid_t pid;
    return posix_spawn(&pid, path, NULL, NULL, argv, environ) ? -1 : pid;
}

int role_run(const char *role) {
    int status;
    pid_t pid = role_start(role);
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : -1;
}

#define TEST(function)                                                         \
    { #function, function }

int main(int argc, char **argv, char **envp) {
    static const struct ktap_test tests[] = {
        TEST(exit_statuses_arrive),
        TEST(signals_kill),
        TEST(threads_end_with_their_process),
        TEST(exec_ends_other_threads),
        TEST(last_thread_ends_the_process),
        TEST(lent_memory_outlives_its_owner),
        TEST(orphans_leave_nothing),
        TEST(failed_exec_changes_nothing),
        TEST(arguments_and_environment_arrive),
        TEST(waiting_has_its_errors),
        TEST(fresh_memory_is_zero),
        TEST(rights_are_obeyed),
        TEST(nothing_is_writable_and_executable),
        TEST(break_grows_and_shrinks),
        TEST(system_page_stays),
        TEST(exhaustion_kills_the_eater),
        TEST(threads_are_bounded),
        TEST(processes_are_bounded),
        TEST(processes_leave_no_pages),
        TEST(fork_copies_memory),
        TEST(fork_hides_later_writes),
        TEST(fork_keeps_rights),
        TEST(fork_copies_the_break),
        TEST(fork_inherits),
        TEST(fork_shares_files),
        TEST(fork_stores_its_id),
        TEST(fork_without_memory_changes_nothing),
        TEST(forks_leave_no_pages),
        TEST(futex_compares_and_times_out),
        TEST(futex_moves_waiters),
        TEST(samples_answer),
    };
    if (argc > 1) {
        return role_play(argv[1], argv, envp);
    }
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
