// SPDX-License-Identifier: MIT
// gate_test - the tests that a program can make: the custom call, the calls
// around it, what a program must not be able to do, and what libc needs. Prints
// KTAP. Started with type 0, on any number of CPUs; some tests need the kernel
// options `selftest types.5=0,47`, and are skipped without them.
#include <stdio.h>
#include <sys/wait.h>

#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"

bool is_killed(int (*body)(void *), void *arg) {
    int status = child_run(0, body, arg);
    if (status >= 0 && WIFSIGNALED(status)) {
        return true;
    }
    ktap_note("the child was not killed, its wait status is 0x%x", status);
    return false;
}

#define TEST(function)                                                         \
    { #function, function }

int main(void) {
    static const struct ktap_test tests[] = {
        TEST(empty_slots_are_enosys),
        TEST(sum_serves_type_47_only),
        TEST(arguments_arrive_in_order),
        TEST(custom_calls_keep_registers),
        TEST(custom_calls_keep_sse),
        TEST(per_cpu_storage_is_separate),
        TEST(shared_storage_is_shared),
        TEST(shared_hold_counts_calls),
        TEST(cmos_answers),
        TEST(pci_answers),
        TEST(unlisted_types_are_refused),
        TEST(callouts_may_change_registers),
        TEST(callouts_may_move_the_caller),
        TEST(bad_frames_kill_the_caller),
        TEST(c_callout_counts_per_cpu),
        TEST(c_callout_shares_a_ledger),
        TEST(c_callout_has_the_frame),
        TEST(one_label_is_one_storage),
        TEST(types_are_inherited),
        TEST(types_survive_exec),
        TEST(only_type_0_administers),
        TEST(locks_can_be_chosen),
        TEST(fenced_slots_are_refused),
        TEST(tolls_count_exactly),
        TEST(numbers_begin_anew_with_the_tolls),
        TEST(queues_are_counted),
        TEST(tolls_are_plausible),
        TEST(toll_reads_are_checked),
        TEST(toll_area_is_read_only),
        TEST(toll_area_says_its_sizes),
        TEST(receipts_can_be_read_at_once),
        TEST(noise_is_measured),
        TEST(syspage_is_read_only),
        TEST(kernel_is_out_of_reach),
        TEST(data_is_not_executable),
        TEST(unknown_calls_are_enosys),
        TEST(bad_pointers_are_efault),
        TEST(kernel_addresses_can_not_be_mapped),
        TEST(calls_keep_registers),
        TEST(any_stack_pointer_will_do),
        TEST(any_segment_will_do),
        TEST(single_step_through_the_gate),
        TEST(forbidden_instructions_kill),
        TEST(files_can_be_read),
        TEST(bad_files_are_refused),
        TEST(pipes_carry_bytes),
        TEST(pipes_give_what_they_have),
        TEST(directories_are_listed),
        TEST(unmapping_reaches_all_cpus),
        TEST(memory_can_be_had_and_returned),
        TEST(text_is_formatted),
        TEST(threads_exclude_each_other),
        TEST(threads_take_turns),
        TEST(threads_have_their_own_variables),
        TEST(affinity_is_kept),
        TEST(floating_point_survives_switches),
        TEST(time_goes_forward),
        TEST(sleep_is_long_enough),
    };
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
