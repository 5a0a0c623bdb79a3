// SOURCES: kernel/line.c
// SPDX-License-Identifier: MIT
// The line discipline: what is read and what is shown of what was typed.
#include "kernel/line.h"

#include <string.h>

#include "kernel/signal.h"
#include "tests/host/suite.h"

#define SHOWN 8192

static struct line line;
static char shown[SHOWN];
static char got[LINE_ROOM + 1];

static void echo(struct line *which, const char *text, size_t size) {
    ck_assert_ptr_eq(which, &line);
    size_t used = strlen(shown);
    ck_assert(used + size < sizeof(shown));
    memcpy(shown + used, text, size);
    shown[used + size] = '\0';
}

static void begin(bool raw) {
    memset(shown, 0, sizeof(shown));
    line.echo = echo;
    line_init(&line, raw);
}

// Returns the last signal that was typed.
static unsigned type(const char *text) {
    unsigned signal = 0;
    for (; *text != '\0'; text++) {
        unsigned this = line_input(&line, *text);
        signal = this != 0 ? this : signal;
    }
    return signal;
}

static const char *take(size_t size) {
    size_t count = line_read(&line, got, size);
    got[count] = '\0';
    return got;
}

static void change(uint32_t off, uint32_t on) {
    struct line_settings settings = line.settings;
    settings.local = (settings.local & ~off) | on;
    line_set(&line, &settings);
}

START_TEST(a_line_is_read_when_it_ends) {
    begin(false);
    type("ab");
    ck_assert(!line_is_readable(&line));
    ck_assert_uint_eq(line_count(&line), 0);
    type("c\r");
    ck_assert(line_is_readable(&line));
    ck_assert_uint_eq(line_count(&line), 4);
    ck_assert_str_eq(take(100), "abc\n");
    ck_assert(!line_is_readable(&line));
    ck_assert_str_eq(shown, "abc\n");
}
END_TEST

START_TEST(lines_are_read_one_by_one) {
    begin(false);
    type("one\ntwo\n");
    ck_assert_str_eq(take(2), "on");
    ck_assert_str_eq(take(100), "e\n");
    ck_assert_str_eq(take(100), "two\n");
}
END_TEST

START_TEST(keys_edit) {
    begin(false);
    type("ax\177b\n");
    ck_assert_str_eq(take(100), "ab\n");
    ck_assert_str_eq(shown, "ax\b \bb\n");
    begin(false);
    type("gone\025left\n");
    ck_assert_str_eq(take(100), "left\n");
    begin(false);
    type("one two  \027three\n");
    ck_assert_str_eq(take(100), "one three\n");
    begin(false);
    type("a\303\244\177b\n"); // a letter of two bytes, one column
    ck_assert_str_eq(take(100), "ab\n");
    ck_assert_str_eq(shown, "a\303\244\b \bb\n");
}
END_TEST

START_TEST(editing_ends_at_the_line) {
    begin(false);
    type("kept\n\177\177\025\027new\n");
    ck_assert_str_eq(take(100), "kept\n");
    ck_assert_str_eq(take(100), "new\n");
}
END_TEST

START_TEST(control_characters_are_shown) {
    begin(false);
    type("\001\177\n");
    ck_assert_str_eq(shown, "^A\b \b\b \b\n");
    begin(false);
    change(LINE_ECHOCTL, 0);
    type("\001\n");
    ck_assert_str_eq(shown, "\001\n");
}
END_TEST

START_TEST(keys_signal) {
    begin(false);
    type("read\nhalf");
    ck_assert_uint_eq(type("\003"), SIGINT);
    ck_assert(!line_is_readable(&line)); // all input is gone
    ck_assert_str_eq(shown, "read\nhalf^C");
    ck_assert_uint_eq(type("\034"), SIGQUIT);
    ck_assert_uint_eq(type("\032"), SIGTSTP);
    change(0, LINE_NOFLSH);
    type("stays\n");
    ck_assert_uint_eq(type("\003"), SIGINT);
    ck_assert_str_eq(take(100), "stays\n");
    change(LINE_ISIG, 0);
    ck_assert_uint_eq(type("\003\n"), 0);
    ck_assert_str_eq(take(100), "\003\n");
}
END_TEST

START_TEST(input_ends_where_a_line_begins) {
    begin(false);
    type("\004");
    ck_assert(line_is_readable(&line));
    ck_assert_str_eq(take(100), "");
    ck_assert(!line_is_readable(&line));
    type("after\n");
    ck_assert_str_eq(take(100), "after\n");
}
END_TEST

START_TEST(input_that_ends_in_a_line_gives_it) {
    begin(false);
    type("half\004more\n\004");
    ck_assert_str_eq(take(100), "half");
    ck_assert_str_eq(take(100), "more\n");
    ck_assert(line_is_readable(&line));
    ck_assert_str_eq(take(100), "");
    ck_assert(!line_is_readable(&line));
    // Not even if the read had room for just that much.
    type("four\004next\n");
    ck_assert_str_eq(take(4), "four");
    ck_assert_str_eq(take(100), "next\n");
}
END_TEST

START_TEST(raw_is_what_comes) {
    begin(true);
    ck_assert_uint_eq(type("a\r\003\004\177"), 0);
    ck_assert_str_eq(take(2), "a\r");
    ck_assert_str_eq(take(100), "\003\004\177");
    ck_assert_str_eq(shown, "");
    ck_assert(!line_is_readable(&line));
    line_input(&line, '\0');
    ck_assert_uint_eq(line_read(&line, got, 10), 1);
    ck_assert_int_eq(got[0], 0);
}
END_TEST

START_TEST(raw_may_read_nothing) {
    begin(true);
    ck_assert(!line_is_readable(&line));
    line.settings.keys[LINE_VMIN] = 0;
    ck_assert(line_is_readable(&line));
    ck_assert_str_eq(take(10), "");
}
END_TEST

START_TEST(what_is_edited_becomes_raw) {
    begin(false);
    type("half");
    change(LINE_ICANON, 0);
    ck_assert_str_eq(take(100), "half");
}
END_TEST

START_TEST(line_ends_are_translated) {
    begin(false);
    line.settings.input = LINE_INLCR;
    type("a\n\r\004");
    ck_assert_str_eq(take(100), "a\r\r");
    begin(false);
    line.settings.input = LINE_IGNCR;
    type("a\r\n");
    ck_assert_str_eq(take(100), "a\n");
}
END_TEST

START_TEST(silence_shows_nothing_but_ends) {
    begin(false);
    change(LINE_ECHO, LINE_ECHONL);
    type("secret\177\n");
    ck_assert_str_eq(shown, "\n");
    ck_assert_str_eq(take(100), "secre\n");
}
END_TEST

START_TEST(a_long_line_still_ends) {
    begin(false);
    for (unsigned i = 0; i < 2 * LINE_LENGTH; i++) {
        line_input(&line, 'x');
    }
    type("\n");
    ck_assert_uint_eq(strlen(take(LINE_ROOM)), LINE_LENGTH + 1);
    ck_assert_int_eq(got[LINE_LENGTH], '\n');
}
END_TEST

START_TEST(room_is_counted_and_comes_back) {
    begin(true);
    for (unsigned round = 0; round < 3; round++) {
        while (line_room(&line) > 0) {
            line_input(&line, 'x');
        }
        ck_assert_uint_eq(line_count(&line), LINE_ROOM - LINE_SPARE);
        type("xxy"); // the last is lost, and nothing else is
        ck_assert_uint_eq(line_count(&line), LINE_ROOM);
        ck_assert_uint_eq(line_read(&line, got, LINE_ROOM), LINE_ROOM);
        ck_assert_ptr_null(memchr(got, 'y', LINE_ROOM));
        type("abc"); // the next round begins elsewhere in the ring
        ck_assert_str_eq(take(3), "abc");
    }
}
END_TEST

// Where it can be known that there is room, no character of a line is lost.
START_TEST(what_has_room_is_kept) {
    begin(false);
    size_t typed = 0;
    while (line_room(&line) > 0) {
        line_input(&line, typed % 100 == 99 ? '\n' : 'x');
        typed++;
    }
    line_input(&line, '\n');
    size_t kept = 0;
    while (line_is_readable(&line)) {
        kept += strlen(take(LINE_ROOM));
    }
    ck_assert_uint_eq(kept, typed + 1);
}
END_TEST

START_TEST(numbers_wrap) {
    begin(false);
    line.read = line.ready = line.end = UINT32_MAX - 2;
    type("across the end\177\n");
    ck_assert_str_eq(take(100), "across the en\n");
}
END_TEST

START_TEST(settings_of_any_kind_do_no_harm) {
    uint32_t state = 1;
    begin(false);
    for (unsigned i = 0; i < 100000; i++) {
        state = state * 1664525 + 1013904223;
        if (state >> 24 == 0) {
            struct line_settings settings = line.settings;
            settings.local = state >> 8;
            settings.input = state;
            settings.keys[state % LINE_NUM_KEYS] = (uint8_t)(state >> 16);
            line_set(&line, &settings);
        }
        (void)line_input(&line, (char)(state >> 20));
        ck_assert_uint_le(line_room(&line), LINE_ROOM);
        if (state % 64 == 0) {
            ck_assert_uint_le(line_read(&line, got, state >> 22), LINE_ROOM);
        }
        shown[0] = '\0';
    }
}
END_TEST

int main(void) {
    const TTest *tests[] = {
        a_line_is_read_when_it_ends,
        lines_are_read_one_by_one,
        keys_edit,
        editing_ends_at_the_line,
        control_characters_are_shown,
        keys_signal,
        input_ends_where_a_line_begins,
        input_that_ends_in_a_line_gives_it,
        raw_is_what_comes,
        raw_may_read_nothing,
        what_is_edited_becomes_raw,
        line_ends_are_translated,
        silence_shows_nothing_but_ends,
        a_long_line_still_ends,
        room_is_counted_and_comes_back,
        what_has_room_is_kept,
        numbers_wrap,
        settings_of_any_kind_do_no_harm,
    };
    return SUITE_RUN("line", tests);
}
