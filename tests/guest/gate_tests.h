// SPDX-License-Identifier: MIT
// The tests of gate_test, and what they share.
#pragma once

#include "tests/guest/ktap.h"

// gate_custom.c: the custom call and its table of outcomes.
bool empty_slots_are_enosys(void);
bool sum_serves_type_47_only(void);
bool arguments_arrive_in_order(void);
bool custom_calls_keep_registers(void);
bool custom_calls_keep_sse(void);
bool per_cpu_storage_is_separate(void);
bool shared_storage_is_shared(void);
bool shared_hold_counts_calls(void);
bool cmos_answers(void);
bool pci_answers(void);
bool unlisted_types_are_refused(void);

// gate_poke.c: what a callout may do to the caller's frame.
bool callouts_may_change_registers(void);
bool callouts_may_move_the_caller(void);
bool bad_frames_kill_the_caller(void);

// gate_callouts.c: callouts in C and in GNU as, and their storage.
bool c_callout_counts_per_cpu(void);
bool c_callout_shares_a_ledger(void);
bool c_callout_has_the_frame(void);
bool one_label_is_one_storage(void);

// gate_admin.c: types, locks.
bool types_are_inherited(void);
bool types_survive_exec(void);
bool only_type_0_administers(void);
bool locks_can_be_chosen(void);
bool fenced_slots_are_refused(void);
bool noise_is_measured(void);

// gate_tolls.c: what was measured, and where it lies.
bool tolls_count_exactly(void);
bool numbers_begin_anew_with_the_tolls(void);
bool queues_are_counted(void);
bool tolls_are_plausible(void);
bool toll_reads_are_checked(void);
bool toll_area_is_read_only(void);
bool toll_area_says_its_sizes(void);
bool receipts_can_be_read_at_once(void);

// gate_hostile.c: what a program may not do.
bool syspage_is_read_only(void);
bool kernel_is_out_of_reach(void);
bool data_is_not_executable(void);
bool unknown_calls_are_enosys(void);
bool bad_pointers_are_efault(void);
bool kernel_addresses_can_not_be_mapped(void);
bool calls_keep_registers(void);
bool any_stack_pointer_will_do(void);
bool any_segment_will_do(void);
bool single_step_through_the_gate(void);
bool forbidden_instructions_kill(void);

// gate_libc.c: what the C library builds on the other calls.
bool memory_can_be_had_and_returned(void);
bool text_is_formatted(void);
bool threads_exclude_each_other(void);
bool threads_take_turns(void);
bool threads_have_their_own_variables(void);
bool affinity_is_kept(void);
bool floating_point_survives_switches(void);
bool time_goes_forward(void);
bool sleep_is_long_enough(void);

// gate_files.c: files, pipes, memory maps.
bool files_can_be_read(void);
bool bad_files_are_refused(void);
bool pipes_carry_bytes(void);
bool pipes_give_what_they_have(void);
bool directories_are_listed(void);
bool unmapping_reaches_all_cpus(void);

// Whether body(arg), run in a child, is killed by a signal.
bool is_killed(int (*body)(void *), void *arg);

// Bodies for it, in gate_hostile.c: touch an address, execute what is there.
int write_byte(void *address);
int read_byte(void *address);
int jump(void *address);
