// SPDX-License-Identifier: MIT
// The tests of bind_test, and what they share.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "callouts/module.h"
#include "tests/guest/ktap.h"
#include "usr/include/tollgate.h"

// Slots of the modules in tests/guest/modules; none that ships has them.
#define SLOT_COUNTER 40
#define SLOT_SLICE 41
#define SLOT_PLAIN 42
#define SLOT_ROGUE 43
#define SLOT_GUARDED 44

#define MODULE_MAX_SIZE (sizeof(struct module_header) + 2 * MODULE_MAX_CODE)

// bind_modules.S
extern const uint8_t counter_module[], counter_module_end[];
extern const uint8_t slice_module[], slice_module_end[];
extern const uint8_t plain_module[], plain_module_end[];
extern const uint8_t rogue_module[], rogue_module_end[];
extern const uint8_t rogue_beyond_module[], rogue_beyond_module_end[];
extern const uint8_t faulty_module[], faulty_module_end[];
extern const uint8_t guarded_module[], guarded_module_end[];

// A module that a test may change before it binds it.
struct module_file {
    union {
        struct module_header header;
        uint8_t bytes[MODULE_MAX_SIZE];
    };
    size_t size;
};

#define MODULE_FILE(file, name)                                                \
    module_file_load(file, name##_module, name##_module_end)
void module_file_load(
    struct module_file *file, const uint8_t *start, const uint8_t *end);

// Make checksum and hash right again.
void module_file_seal(struct module_file *file);

// The counter module with an epoch of its own, which its results show.
void counter_load(struct module_file *file, uint32_t epoch);

// How often modules are bound and unbound under load.
#define BIND_MAX_ROUNDS 1000
extern uint32_t bind_rounds;

// Bind it; the reason is kept in bind_reason.
extern char bind_reason[TOLLGATE_REASON_SIZE];
int module_file_bind(const struct module_file *file);

// Call a slot with two arguments.
long slot_call(uint32_t slot, unsigned long a1, unsigned long a2);

// Bytes of memory that nobody uses, in pages.
unsigned long pages_free(void);

// bind_slots.c: what binding does.
bool a_bound_module_answers(void);
bool its_list_of_types_holds(void);
bool the_system_page_describes_it(void);
bool unbinding_empties_the_slot(void);
bool a_replacement_starts_anew(void);
bool binding_clears_the_fence(void);
bool tolls_go_with_the_callout(void);
bool per_cpu_storage_is_fresh(void);
bool resources_are_found_by_name(void);
bool shipped_slots_can_be_replaced(void);

// bind_refusals.c: what is refused.
bool bad_modules_have_a_reason(void);
bool patchers_keep_to_their_sites(void);
bool refusals_cost_no_memory(void);
bool bad_pointers_bind_nothing(void);
bool only_type_0_binds(void);
bool per_cpu_storage_runs_out(void);
bool resources_run_out(void);

// bind_guard.c: a callout that takes the lock itself.
bool guarded_part_excludes_another_slot(void);
bool guarded_part_excludes_while_measured(void);
bool guarded_part_is_what_is_measured(void);

// bind_load.c: while others call.
bool results_are_right_under_load(void);
bool results_are_right_while_measured(void);
bool two_administrators_take_turns(void);
int hold_under_load(unsigned seconds); // an exit status
