// SPDX-License-Identifier: MIT
// bind_test [ROUNDS | hold] - modules bound, replaced and unbound while the
// system runs. Prints KTAP. Started with type 0, on any number of CPUs. With
// `hold`, a module that was replaced is called on all CPUs for a while instead.
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "callouts/module.h"
#include "tests/guest/bind_tests.h"
#include "usr/program/options.h"

// What counter.asm has for an epoch.
#define EPOCH_MARK 0x45504f43u

#define HOLD_SECONDS 100

uint32_t bind_rounds = 50;
char bind_reason[TOLLGATE_REASON_SIZE];

void module_file_load(
    struct module_file *file, const uint8_t *start, const uint8_t *end) {
    file->size = (size_t)(end - start);
    memcpy(file->bytes, start, file->size);
}

void module_file_seal(struct module_file *file) {
    module_seal(
        &file->header, file->bytes + sizeof(file->header),
        file->size - sizeof(file->header));
}

void counter_load(struct module_file *file, uint32_t epoch) {
    const uint32_t mark = EPOCH_MARK;
    MODULE_FILE(file, counter);
    uint8_t *at = memmem(file->bytes, file->size, &mark, sizeof(mark));
    if (!at) {
        abort();
    }
    memcpy(at, &epoch, sizeof(epoch));
    module_file_seal(file);
}

int module_file_bind(const struct module_file *file) {
    memset(bind_reason, '?', sizeof(bind_reason));
    return tollgate_bind(
        file->bytes, file->size, bind_reason, sizeof(bind_reason));
}

long slot_call(uint32_t slot, unsigned long a1, unsigned long a2) {
    return tollgate_custom(slot, a1, a2, 0, 0, 0, 0);
}

unsigned long pages_free(void) {
    struct sysinfo info;
    return sysinfo(&info) == 0 ? info.freeram : 0;
}

#define TEST(function)                                                         \
    { #function, function }

int main(int argc, char **argv) {
    static const struct ktap_test tests[] = {
        TEST(a_bound_module_answers),
        TEST(its_list_of_types_holds),
        TEST(the_system_page_describes_it),
        TEST(unbinding_empties_the_slot),
        TEST(a_replacement_starts_anew),
        TEST(binding_clears_the_fence),
        TEST(tolls_go_with_the_callout),
        TEST(per_cpu_storage_is_fresh),
        TEST(resources_are_found_by_name),
        TEST(guarded_part_excludes_another_slot),
        TEST(guarded_part_excludes_while_measured),
        TEST(guarded_part_is_what_is_measured),
        TEST(bad_modules_have_a_reason),
        TEST(patchers_keep_to_their_sites),
        TEST(refusals_cost_no_memory),
        TEST(bad_pointers_bind_nothing),
        TEST(only_type_0_binds),
        TEST(per_cpu_storage_runs_out),
        TEST(results_are_right_under_load),
        TEST(results_are_right_while_measured),
        TEST(two_administrators_take_turns),
        TEST(shipped_slots_can_be_replaced),
        TEST(resources_run_out),
    };
    if (argc > 1 && strcmp(argv[1], "hold") == 0) {
        return hold_under_load(HOLD_SECONDS);
    }
    if (argc > 1 &&
        (!parse_u32(argv[1], &bind_rounds) || bind_rounds > BIND_MAX_ROUNDS)) {
        complain("ROUNDS are at most %d, not %s", BIND_MAX_ROUNDS, argv[1]);
        return EXIT_USAGE;
    }
    return ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
}
