// SOURCES: boot/options.c
// SPDX-License-Identifier: MIT
// The kernel command line: words as GRUB joins them, each option, and one
// warning for each thing that is wrong.
#include "boot/options.h"

#include <stdio.h>

#include "syscall/abi.h"
#include "tests/host/grub_join.h"
#include "tests/host/suite.h"

static struct options options;
static char buffer[4096];

// What was warned of, one "word: reason" a line.
static char warnings[1024];

static void warn(void *context, const char *word, const char *reason) {
    ck_assert_ptr_eq(context, &options);
    size_t length = strlen(warnings);
    snprintf(
        warnings + length, sizeof(warnings) - length, "%s: %s\n", word, reason);
}

// Parse a line in a buffer of the size that is promised to be enough. What is
// parsed points into a copy of it.
static const char *parse(const char *line) {
    size_t size = strlen(line) + 1;
    char *text = exact_copy(line, size);
    warnings[0] = '\0';
    options_parse(text, buffer, size, &options, warn, &options);
    free(text);
    return warnings;
}

START_TEST(words) {
    static const char *const wanted[] = {"plain", "two words", "a\"b", "a\\b",
                                         "it's",  "\\x20",     "",     "a b"};
    const char *text = "  plain \"two words\" a\\\"b a\\\\b it\\'s \\x20 \"\" "
                       "'a b'  ";
    char word[32];
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        ck_assert_uint_eq(
            options_next_word(&text, word, sizeof(word)),
            strlen(wanted[i]) + 1);
        ck_assert_str_eq(word, wanted[i]);
    }
    ck_assert_uint_eq(options_next_word(&text, word, sizeof(word)), 0);
    ck_assert_uint_eq(options_next_word(&text, word, sizeof(word)), 0);
}
END_TEST

START_TEST(words_that_do_not_fit) {
    const char *text = "abcdef gh ijk";
    char word[4] = "zzz";
    ck_assert_uint_eq(options_next_word(&text, word, sizeof(word)), 7);
    ck_assert_str_eq(word, "abc");
    ck_assert_uint_eq(options_next_word(&text, word, 0), 3);
    ck_assert_str_eq(word, "abc");
    ck_assert_uint_eq(options_next_word(&text, word, sizeof(word)), 4);
    ck_assert_str_eq(word, "ijk");
}
END_TEST

START_TEST(as_grub_joins) {
    static const char *const wanted[] = {
        "/bin/sh", "-c", "echo \"a b\" 'c' \\\\n; exit 3", "tab\there", "\\"};
    struct bytes line = {.size = 0};
    grub_join_word(&line, "--");
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        grub_join_word(&line, wanted[i]);
    }
    bytes_add_u8(&line, 0);
    ck_assert_str_eq(parse((const char *)line.at), "");
    ck_assert_uint_eq(options.argc, ARRAY_SIZE(wanted));
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
        ck_assert_str_eq(options.argv[i], wanted[i]);
    }
    ck_assert_ptr_null(options.argv[options.argc]);
}
END_TEST

START_TEST(nothing_given) {
    ck_assert_str_eq(parse(""), "");
    ck_assert_uint_eq(options.cpus, 0);
    ck_assert_int_eq(options.lock, LOCK_TICKET);
    ck_assert_int_eq(options_lock_of(&options, "demo"), LOCK_TICKET);
    ck_assert_ptr_null(options_callout_version(&options, "timer"));
    ck_assert(!options.toll && !options.selftest && !options.has_type);
    ck_assert(!options.print_syspage);
    ck_assert_uint_eq(options.type, 0);
    ck_assert_uint_eq(options.fault_sipi, OPTIONS_NO_CPU);
    ck_assert_uint_eq(options.argc, 0);
    ck_assert_ptr_null(options.argv[0]);
    for (unsigned slot = 0; slot < CALLOUT_SLOTS; slot++) {
        ck_assert_uint_eq(options.types[slot].count, 0);
    }
}
END_TEST

START_TEST(every_option) {
    ck_assert_str_eq(
        parse("cpus=4 lock=ttas lock.demo=tas types.3=47,0x2f,4294967295 "
              "callout.timer=hpet toll=on type=0xffffffff fault.sipi=3 "
              "fault.late=254 syspage=print selftest -- /bin/tour -- cpus=9"),
        "");
    ck_assert_uint_eq(options.cpus, 4);
    ck_assert_int_eq(options_lock_of(&options, "cmos"), LOCK_TTAS);
    ck_assert_int_eq(options_lock_of(&options, "demo"), LOCK_TAS);
    ck_assert_uint_eq(options.types[3].count, 3);
    ck_assert_uint_eq(options.types[3].types[0], 47);
    ck_assert_uint_eq(options.types[3].types[1], 47);
    ck_assert_uint_eq(options.types[3].types[2], UINT32_MAX);
    ck_assert_str_eq(options_callout_version(&options, "timer"), "hpet");
    ck_assert(options.toll && options.selftest && options.has_type);
    ck_assert(!options.selftest_break);
    ck_assert(options.print_syspage);
    ck_assert_uint_eq(options.type, UINT32_MAX);
    ck_assert_uint_eq(options.fault_sipi, 3);
    ck_assert_uint_eq(options.fault_late, 254);
    ck_assert_uint_eq(options.argc, 3);
    ck_assert_str_eq(options.argv[1], "--");
    ck_assert_str_eq(options.argv[2], "cpus=9");
}
END_TEST

START_TEST(selftest_with_a_break) {
    ck_assert_str_eq(parse("selftest=break"), "");
    ck_assert(options.selftest && options.selftest_break);
    ck_assert_str_eq(
        parse("selftest=brake"), "selftest=brake: there is only: break\n");
    ck_assert(!options.selftest && !options.selftest_break);
}
END_TEST

START_TEST(last_one_counts) {
    ck_assert_str_eq(
        parse("cpus=4 cpus=2 lock.demo=tas lock.demo=ttas toll=on toll=off "
              "types.1=1,2 types.1=3 callout.a=b callout.a=c cpus=bad"),
        "cpus=bad: not a number from 1 to 256\n");
    ck_assert_uint_eq(options.cpus, 2);
    ck_assert_uint_eq(options.num_locks, 1);
    ck_assert_int_eq(options_lock_of(&options, "demo"), LOCK_TTAS);
    ck_assert(!options.toll);
    ck_assert_uint_eq(options.types[1].count, 1);
    ck_assert_uint_eq(options.num_callouts, 1);
    ck_assert_str_eq(options_callout_version(&options, "a"), "c");
}
END_TEST

START_TEST(unknown_options_are_named_once) {
    ck_assert_str_eq(
        parse("foo=1 cpus=2 bar cpu=3 selftests cpus"),
        "foo=1: unknown\nbar: unknown\ncpu=3: unknown\nselftests: unknown\n"
        "cpus: unknown\n");
    ck_assert_uint_eq(options.cpus, 2);
}
END_TEST

START_TEST(numbers_out_of_range) {
    static const char *const bad[] = {
        "cpus=",   "cpus=0",  "cpus=257", "cpus=-1",
        "cpus=4x", "cpus=+4", "cpus=0x",  "cpus=99999999999999999999",
        "cpus= "};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ck_assert_ptr_nonnull(
            strstr(parse(bad[i]), ": not a number from 1 to 256\n"));
        ck_assert_uint_eq(options.cpus, 0);
    }
    ck_assert_str_eq(parse("cpus=256"), "");
    ck_assert_str_eq(
        parse("type=4294967296"), "type=4294967296: not a 32-bit number\n");
    ck_assert(!options.has_type);
    ck_assert_str_eq(
        parse("fault.sipi=0"), "fault.sipi=0: not a CPU from 1 to 255\n");
    ck_assert_str_eq(
        parse("fault.late=0"), "fault.late=0: not a CPU from 1 to 255\n");
    ck_assert_str_eq(
        parse("fault.sipi=256"), "fault.sipi=256: not a CPU from 1 to 255\n");
    ck_assert_uint_eq(options.fault_sipi, OPTIONS_NO_CPU);
}
END_TEST

START_TEST(lock_kinds) {
    static const struct {
        const char *text;
        enum lock_kind kind;
    } kinds[] = {
        {"lock=ticket", LOCK_TICKET},
        {"lock=tas", LOCK_TAS},
        {"lock=ttas", LOCK_TTAS},
        {"lock=mcs", LOCK_MCS},
        {"lock=clh", LOCK_CLH},
        {"lock=anderson", LOCK_ANDERSON},
        {"lock=ticket_pb", LOCK_TICKET_PB},
    };
    ck_assert_uint_eq(ARRAY_SIZE(kinds), NUM_LOCK_KINDS);
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        ck_assert_str_eq(parse(kinds[i].text), "");
        ck_assert_int_eq(options.lock, kinds[i].kind);
    }
    ck_assert_str_eq(parse("lock=tas lock.demo=clh"), "");
    ck_assert_int_eq(options_lock_of(&options, "demo"), LOCK_CLH);
    ck_assert_int_eq(options_lock_of(&options, "cmos"), LOCK_TAS);
    ck_assert_str_eq(
        parse("lock=tas lock=fair"),
        "lock=fair: no such lock, there are ticket tas ttas ticket_pb mcs clh "
        "anderson\n");
    ck_assert_int_eq(options.lock, LOCK_TAS);
    ck_assert_str_eq(
        parse("lock. lock.demo lock.=tas"),
        "lock.: not of the form lock.RESOURCE=KIND\n"
        "lock.demo: not of the form lock.RESOURCE=KIND\n"
        "lock.=tas: not of the form lock.RESOURCE=KIND\n");
    ck_assert_str_eq(
        parse("lock.demo=fair=er"),
        "lock.demo=fair=er: no such lock, there are ticket tas ttas ticket_pb "
        "mcs clh anderson\n");
    ck_assert_uint_eq(options.num_locks, 0);
}
END_TEST

START_TEST(empty_arguments) {
    ck_assert_str_eq(parse("-- /bin/x  a "), "");
    ck_assert_uint_eq(options.argc, 4);
    ck_assert_str_eq(options.argv[1], "");
    ck_assert_str_eq(options.argv[2], "a");
    ck_assert_str_eq(options.argv[3], "");
    ck_assert_str_eq(parse("  cpus=1   --"), "");
    ck_assert_uint_eq(options.argc, 0);
}
END_TEST

START_TEST(budgets) {
    ck_assert_str_eq(parse("budget.4=1000 budget.63=0x10"), "");
    ck_assert_uint_eq(options.budgets[4], 1000);
    ck_assert_uint_eq(options.budgets[63], 16);
    ck_assert_uint_eq(options.budgets[0], 0);
    ck_assert_str_eq(
        parse("budget.64=1 budget.x=1 budget.1 budget.1=y"),
        "budget.64=1: not a slot from 0 to 63\n"
        "budget.x=1: not a slot from 0 to 63\n"
        "budget.1: not of the form budget.SLOT=CYCLES\n"
        "budget.1=y: not a 32-bit number\n");
}
END_TEST

START_TEST(types) {
    ck_assert_str_eq(parse("types.63=1,2,3,4,5,6,7,8"), "");
    ck_assert_uint_eq(options.types[63].count, 8);
    ck_assert_str_eq(
        parse("types.63=1,2,3,4,5,6,7,8,9"),
        "types.63=1,2,3,4,5,6,7,8,9: more than 8 types\n");
    ck_assert_uint_eq(options.types[63].count, 0);
    ck_assert_str_eq(
        parse("types.64=1 types.x=1 types.1"),
        "types.64=1: not a slot from 0 to 63\n"
        "types.x=1: not a slot from 0 to 63\n"
        "types.1: not of the form types.SLOT=N[,N...]\n");
    ck_assert_str_eq(
        parse("types.1= types.1=1, types.1=1;2"),
        "types.1=: not a list of 32-bit numbers\n"
        "types.1=1,: not a list of 32-bit numbers\n"
        "types.1=1;2: not a list of 32-bit numbers\n");
    ck_assert_uint_eq(options.types[1].count, 0);
}
END_TEST

START_TEST(kinds_of_numbers) {
    ck_assert_str_eq(
        parse("type=0XABCDEF lock=ticket types.0=0xfa09,10,0xFA"), "");
    ck_assert_uint_eq(options.type, 0xabcdef);
    ck_assert_uint_eq(options.types[0].types[0], 0xfa09);
    ck_assert_uint_eq(options.types[0].types[1], 10);
    ck_assert_uint_eq(options.types[0].types[2], 0xfa);
    ck_assert_str_eq(parse("type=1a"), "type=1a: not a 32-bit number\n");
    ck_assert_str_eq(parse("type=0xg"), "type=0xg: not a 32-bit number\n");
}
END_TEST

START_TEST(tolls) {
    ck_assert_str_eq(parse("toll=full"), "");
    ck_assert_uint_eq(options.toll, TOLL_FULL);
    ck_assert_str_eq(parse("toll=on"), "");
    ck_assert_uint_eq(options.toll, TOLL_ON);
    ck_assert_str_eq(parse("toll=yes"), "toll=yes: none of off, on, full\n");
    ck_assert_str_eq(parse("syspage=show"), "syspage=show: not print\n");
    ck_assert(!options.print_syspage);
    ck_assert(!options.toll);
}
END_TEST

START_TEST(standard_input) {
    ck_assert_str_eq(parse("stdin=tty:24,80"), "");
    ck_assert_uint_eq(options.program_stdin, STDIN_TTY);
    ck_assert_uint_eq(options.tty_rows, 24);
    ck_assert_uint_eq(options.tty_columns, 80);
    ck_assert_str_eq(parse("stdin=tty:0,65535 stdin=tty"), "");
    ck_assert_uint_eq(options.tty_rows, 0);
    ck_assert_uint_eq(options.tty_columns, 0);
    ck_assert_str_eq(parse("stdin=tty stdin=pipe"), "");
    ck_assert_uint_eq(options.program_stdin, STDIN_PIPE);
    ck_assert_str_eq(parse("stdin=pipe stdin=none"), "");
    ck_assert_uint_eq(options.program_stdin, STDIN_NONE);
    ck_assert_str_eq(
        parse("stdin=ttys stdin=file stdin=tty: stdin=tty:1,65536 "
              "stdin=tty:1 stdin=tty:1,2,"),
        "stdin=ttys: none of none, pipe, tty\n"
        "stdin=file: none of none, pipe, tty\n"
        "stdin=tty:: not of the form tty:ROWS,COLUMNS\n"
        "stdin=tty:1,65536: not of the form tty:ROWS,COLUMNS\n"
        "stdin=tty:1: not of the form tty:ROWS,COLUMNS\n"
        "stdin=tty:1,2,: not of the form tty:ROWS,COLUMNS\n");
    ck_assert_uint_eq(options.program_stdin, STDIN_NONE);
}
END_TEST

START_TEST(callouts) {
    ck_assert_str_eq(
        parse("callout.timer callout.=x callout.timer="),
        "callout.timer: not of the form callout.NAME=VERSION\n"
        "callout.=x: not of the form callout.NAME=VERSION\n"
        "callout.timer=: not of the form callout.NAME=VERSION\n");
    ck_assert_uint_eq(options.num_callouts, 0);
}
END_TEST

// "KEY0=VALUE KEY1=VALUE ...", one more than there is room for.
static const char *parse_many(
    const char *key, const char *value, unsigned count) {
    char line[2048] = "";
    for (unsigned i = 0; i < count; i++) {
        size_t length = strlen(line);
        snprintf(
            line + length, sizeof(line) - length, "%s%u=%s ", key, i, value);
    }
    return parse(line);
}

START_TEST(more_than_there_is_room_for) {
    ck_assert_str_eq(
        parse_many("lock.r", "tas", MAX_RESOURCES + 1),
        "lock.r16=tas: more resources than there can be\n");
    ck_assert_uint_eq(options.num_locks, MAX_RESOURCES);
    ck_assert_str_eq(
        parse_many("callout.c", "v", OPTIONS_MAX_CALLOUTS + 1),
        "callout.c32=v: more than 32 callouts\n");
    ck_assert_uint_eq(options.num_callouts, OPTIONS_MAX_CALLOUTS);
    char line[1024] = "--";
    for (unsigned i = 0; i < OPTIONS_MAX_ARGS + 2; i++) {
        snprintf(line + strlen(line), 8, " a%u", i);
    }
    ck_assert_str_eq(
        parse(line), "a64: more than 64 arguments, the rest is left out\n");
    ck_assert_uint_eq(options.argc, OPTIONS_MAX_ARGS);
    ck_assert_ptr_null(options.argv[OPTIONS_MAX_ARGS]);
}
END_TEST

START_TEST(open_quotes) {
    ck_assert_str_eq(
        parse("cpus=2 \"lock=tas toll=on"),
        "lock=tas toll=on: a quote is left open\n");
    ck_assert_uint_eq(options.cpus, 2);
    ck_assert(!options.toll);
    ck_assert_str_eq(parse("-- /bin/x 'a b"), "a b: a quote is left open\n");
    ck_assert_uint_eq(options.argc, 2);
    ck_assert_str_eq(options.argv[1], "a b");
}
END_TEST

START_TEST(small_buffer) {
    char small[8];
    warnings[0] = '\0';
    options_parse(
        "cpus=2 toll=on", small, sizeof(small), &options, warn, &options);
    ck_assert_str_eq(
        warnings, "toll=on: line too long, the rest is left out\n");
    ck_assert_uint_eq(options.cpus, 2);
    warnings[0] = '\0';
    options_parse("cpus=2", small, 0, &options, warn, &options);
    ck_assert_str_eq(warnings, "cpus=2: line too long, the rest is left out\n");
}
END_TEST

START_TEST(help) {
    struct option_help line;
    unsigned count = 0;
    for (; options_help(count, &line); count++) {
        ck_assert_uint_gt(strlen(line.name), 0);
        ck_assert_uint_gt(strlen(line.help), 0);
        ck_assert_uint_gt(strlen(line.initial), 0);
    }
    ck_assert_uint_eq(count, 14);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        words,
        words_that_do_not_fit,
        as_grub_joins,
        nothing_given,
        every_option,
        selftest_with_a_break,
        last_one_counts,
        unknown_options_are_named_once,
        numbers_out_of_range,
        lock_kinds,
        budgets,
        empty_arguments,
        types,
        kinds_of_numbers,
        tolls,
        standard_input,
        callouts,
        more_than_there_is_room_for,
        open_quotes,
        small_buffer,
        help,
    };
    return SUITE_RUN("options", tests);
}
