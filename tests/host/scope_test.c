// SOURCES: tools/scope/section.c tools/scope/census.c tools/scope/chaos.c
// SOURCES: tools/scope/instruction.c kernel/base/histogram.c
// SPDX-License-Identifier: MIT
// What the scope makes of a CPU's instructions: where sections begin and end to
// the instruction, how they are counted, and that chaos is the same again.
#include <string.h>

#include "tests/host/suite.h"
#include "tools/scope/census.h"
#include "tools/scope/chaos.h"
#include "tools/scope/instruction.h"

#define MAX_SEEN 8

// --- sections: a script of instructions, one letter each
// -------------------------
//
//   B boot   E entry of vector 32   F entry of vector 14   G SYSCALL
//   c CLI    s STI   r SYSRET   i IRET that turns interrupts on
//   o IRET that leaves them off   p call   x anything else

static struct section seen[MAX_SEEN];
static uint32_t num_seen;

static void hear(void *data, struct section *section) {
    ck_assert_ptr_eq(data, seen);
    ck_assert_uint_lt(num_seen, MAX_SEEN);
    seen[num_seen++] = *section;
}

static struct section_cpu run(const char *script) {
    struct section_cpu cpu = {.listener = hear, .data = seen};
    num_seen = 0;
    for (uint64_t at = 0; script[at] != '\0'; at++) {
        switch (script[at]) {
        case 'B':
            section_boot(&cpu, at);
            break;
        case 'E':
            section_entry(&cpu, SECTION_VECTOR + 32, at);
            break;
        case 'F':
            section_entry(&cpu, SECTION_VECTOR + 14, at);
            break;
        case 'G':
            section_entry(&cpu, SECTION_CALL, at);
            break;
        case 'c':
            section_cli(&cpu, at);
            break;
        case 's':
            section_sti(&cpu, at);
            break;
        case 'r':
            section_sysret(&cpu, at);
            break;
        case 'i':
        case 'o':
            section_other(&cpu);
            section_flags(&cpu, script[at] == 'i', at);
            break;
        case 'p':
            section_call(&cpu, at);
            break;
        default:
            section_other(&cpu);
            break;
        }
    }
    return cpu;
}

static void assert_section(
    uint32_t index, uint32_t kind, uint64_t from, uint64_t to, uint64_t count) {
    ck_assert_uint_lt(index, num_seen);
    ck_assert_uint_eq(seen[index].kind, kind);
    ck_assert_uint_eq(seen[index].ends.from, from);
    ck_assert_uint_eq(seen[index].ends.to, to);
    ck_assert_uint_eq(seen[index].count, count);
}

START_TEST(nothing_is_known_before_boot) {
    run("xcxsxxExxi");
    ck_assert_uint_eq(num_seen, 0);
}
END_TEST

START_TEST(boot_lasts_to_the_first_sti) {
    struct section_cpu cpu = run("xxBxxsxx");
    ck_assert_uint_eq(num_seen, 1);
    assert_section(0, SECTION_BOOT, 2, 5, 5);
    ck_assert_uint_eq(cpu.executed, 8);
}
END_TEST

START_TEST(ends_to_the_instruction) {
    // After the boot section there is one more.
    static const struct {
        const char *why;
        const char *script;
        uint32_t kind;
        uint64_t from;
        uint64_t to;
        uint64_t count;
    } all[] = {
        {"CLI is outside, STI and its shadow inside", "Bsxcxsxxx",
         SECTION_KERNEL, 3, 5, 3},
        {"CLI in the shadow", "Bsxcscxsxx", SECTION_KERNEL, 3, 7, 5},
        {"STI in the shadow has none", "Bsxcssxx", SECTION_KERNEL, 3, 4, 2},
        {"STI while on, CLI while off", "Bsxssxcxccsx", SECTION_KERNEL, 6, 10,
         5},
        {"SYSCALL and SYSRET", "BsxGxxr", SECTION_CALL, 3, 6, 4},
        {"an interrupt", "BsxExxi", SECTION_VECTOR + 32, 3, 6, 4},
        {"an exception inside", "BsxExFxoxi", SECTION_VECTOR + 32, 3, 9, 7},
        {"what is behind STI faults as it is fetched", "BsxcsFxixx",
         SECTION_KERNEL, 3, 7, 4},
        {"RFLAGS turn interrupts off", "Bsxoxsx", SECTION_KERNEL, 3, 5, 3},
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        run(all[i].script);
        ck_assert_msg(num_seen == 2, "%s: %u", all[i].why, num_seen);
        ck_assert_msg(
            seen[1].kind == all[i].kind && seen[1].ends.from == all[i].from &&
                seen[1].ends.to == all[i].to && seen[1].count == all[i].count,
            "%s: from %lu to %lu, %lu", all[i].why, seen[1].ends.from,
            seen[1].ends.to, seen[1].count);
    }
}
END_TEST

START_TEST(calls_before_both_ends) {
    run("BspcxpsxGr");
    ck_assert_uint_eq(num_seen, 3);
    ck_assert_uint_eq(seen[1].ends.from_call, 2);
    ck_assert_uint_eq(seen[1].ends.to_call, 5);
    ck_assert_uint_eq(seen[2].ends.from_call, 0);
    ck_assert_uint_eq(seen[2].ends.to_call, 0);
}
END_TEST

START_TEST(only_a_call_becomes_a_custom_call) {
    struct section_cpu cpu = run("BsxG");
    section_reclass(&cpu, SECTION_CUSTOM + 5);
    section_sysret(&cpu, 4);
    assert_section(1, SECTION_CUSTOM + 5, 3, 4, 2);
    cpu = run("BsxE");
    section_reclass(&cpu, SECTION_CUSTOM + 5);
    ck_assert_uint_eq(cpu.section.kind, SECTION_VECTOR + 32);
}
END_TEST

// --- the census
// -------------------------------------------------------------------

static struct census census;
static struct census other;

static void count(
    struct census *to, uint32_t cpu, uint32_t kind, uint64_t from,
    uint64_t instructions) {
    struct section section = {
        .kind = kind, .ends = {.from = from, .to = 9}, .count = instructions};
    census_add(to, &section, cpu);
}

START_TEST(pairs_from_the_longest_down) {
    count(&census, 0, SECTION_KERNEL, 1, 10);
    count(&census, 1, SECTION_KERNEL, 2, 30);
    count(&other, 2, SECTION_KERNEL, 1, 40);
    count(&other, 3, SECTION_CALL, 1, 5);
    census_merge(&census, &other);
    const struct census_pair **longest = census_longest(&census);
    ck_assert_uint_eq(longest[0]->ends.from, 1);
    ck_assert_uint_eq(longest[0]->max, 40);
    ck_assert_uint_eq(longest[0]->cpu, 2);
    ck_assert_uint_eq(longest[0]->n, 2);
    ck_assert_uint_eq(longest[0]->sum, 50);
    ck_assert_uint_eq(longest[1]->max, 30);
    ck_assert_uint_eq(longest[2]->kind, SECTION_CALL);
    ck_assert_ptr_null(longest[3]);
    ck_assert_uint_eq(census.kinds[SECTION_KERNEL]->count, 3);
    ck_assert_uint_eq(census.kinds[SECTION_CALL]->max, 5);
    free(longest);
}
END_TEST

START_TEST(too_many_pairs_are_counted_as_lost) {
    for (uint64_t i = 0; i < CENSUS_PAIRS; i++) {
        count(&census, 0, SECTION_KERNEL, i, 1);
    }
    ck_assert_uint_eq(census.num_pairs + census.lost, CENSUS_PAIRS);
    ck_assert_uint_gt(census.lost, 0);
    ck_assert_uint_eq(census.kinds[SECTION_KERNEL]->count, CENSUS_PAIRS);
    count(&census, 0, SECTION_KERNEL, 0, 7); // one that has its place
    const struct census_pair **longest = census_longest(&census);
    ck_assert_uint_eq(longest[0]->n, 2);
    free(longest);
}
END_TEST

// --- chaos
// ------------------------------------------------------------------------

static uint64_t delays(uint64_t seed, uint32_t cpu, uint32_t steps) {
    struct chaos chaos;
    chaos_init(&chaos, seed, cpu);
    uint64_t mixed = 0;
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t delay = chaos_step(&chaos);
        if (delay != 0) {
            ck_assert_uint_le(delay, 2 * CHAOS_DELAY_US);
            mixed = mixed * 31 + i * 401ul + delay;
        }
    }
    ck_assert_uint_gt(chaos.delays, steps / (2 * CHAOS_GAP) - 1);
    return mixed;
}

START_TEST(chaos_follows_from_seed_and_cpu) {
    ck_assert_uint_eq(delays(1, 0, 1000000), delays(1, 0, 1000000));
    ck_assert_uint_ne(delays(1, 0, 1000000), delays(1, 1, 1000000));
    ck_assert_uint_ne(delays(1, 0, 1000000), delays(2, 0, 1000000));
}
END_TEST

// --- instructions
// -----------------------------------------------------------------

START_TEST(instructions_by_their_bytes) {
    static const struct {
        uint8_t bytes[8];
        size_t size;
        enum instruction is;
    } all[] = {
        {{0xfa}, 1, INSTRUCTION_CLI},
        {{0xfb}, 1, INSTRUCTION_STI},
        {{0x48, 0xcf}, 2, INSTRUCTION_IRET},
        {{0x9d}, 1, INSTRUCTION_POPF},
        {{0x48, 0x0f, 0x07}, 3, INSTRUCTION_SYSRET},
        {{0x0f, 0x05}, 2, INSTRUCTION_OTHER},
        {{0xe8, 1, 2, 3, 4}, 5, INSTRUCTION_CALL},
        {{0xff, 0x14, 0xc5, 0, 0, 0, 0}, 7, INSTRUCTION_CALL_MEMORY},
        {{0xff, 0xd0}, 2, INSTRUCTION_OTHER},       // call rax
        {{0xff, 0x24, 0x24}, 3, INSTRUCTION_OTHER}, // jmp [rsp]
        {{0x65, 0x48, 0x89, 0xfa}, 4, INSTRUCTION_OTHER},
        {{0xb0, 0xfa}, 2, INSTRUCTION_OTHER}, // mov al, 0xfa
        {{0xf3, 0x90}, 2, INSTRUCTION_OTHER},
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        ck_assert_int_eq(instruction_of(all[i].bytes, all[i].size), all[i].is);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        nothing_is_known_before_boot,
        boot_lasts_to_the_first_sti,
        ends_to_the_instruction,
        calls_before_both_ends,
        only_a_call_becomes_a_custom_call,
        pairs_from_the_longest_down,
        too_many_pairs_are_counted_as_lost,
        chaos_follows_from_seed_and_cpu,
        instructions_by_their_bytes,
    };
    return SUITE_RUN("scope", tests);
}
