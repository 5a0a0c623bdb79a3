// SOURCES: usr/program/json.c
// FLAGS: -D_GNU_SOURCE
// SPDX-License-Identifier: MIT
// The JSON writer: commas, nesting, escapes, growth, misuse.
#include "usr/program/json.h"

#include <string.h>

#include "tests/host/suite.h"

#define MANY 10000

START_TEST(every_kind) {
    struct json json = {0};
    json_begin(&json, NULL, JSON_OBJECT);
    json_u64(&json, "u", UINT64_MAX);
    json_real(&json, "r", -0.25);
    json_bool(&json, "b", true);
    json_text(&json, "t", "x");
    json_begin(&json, "a", JSON_ARRAY);
    json_u64(&json, NULL, 1);
    json_u64(&json, NULL, 2);
    json_begin(&json, NULL, JSON_OBJECT);
    json_end(&json);
    json_end(&json);
    json_bool(&json, "z", false);
    json_end(&json);
    ck_assert_str_eq(
        json.text, "{\"u\":18446744073709551615,\"r\":-0.25,\"b\":true,"
                   "\"t\":\"x\",\"a\":[1,2,{}],\"z\":false}");
    ck_assert(!json.failed);
    ck_assert_uint_eq(json.depth, 0);
    ck_assert_uint_eq(json.length, strlen(json.text));
    json_free(&json);
}
END_TEST

START_TEST(escapes) {
    struct json json = {0};
    json_text(&json, NULL, "a\"b\\c\n\x01\x7f\xc3\xa4");
    ck_assert_str_eq(json.text, "\"a\\\"b\\\\c\\u000a\\u0001\x7f\xc3\xa4\"");
    json_free(&json);
}
END_TEST

START_TEST(growth) {
    struct json json = {0};
    json_begin(&json, NULL, JSON_ARRAY);
    for (int i = 0; i < MANY; i++) {
        json_u64(&json, NULL, 7);
    }
    json_end(&json);
    ck_assert_uint_eq(json.length, 2 * MANY + 1);
    ck_assert_int_eq(json.text[json.length - 1], ']');
    json_free(&json);
}
END_TEST

START_TEST(misuse) {
    struct json json = {0};
    json_end(&json);
    ck_assert(json.failed);
    json_free(&json);
    for (int i = 0; i <= JSON_MAX_DEPTH; i++) {
        ck_assert(!json.failed);
        json_begin(&json, NULL, JSON_ARRAY);
    }
    ck_assert(json.failed);
    ck_assert(!json_report(&json));
    json_free(&json);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {every_kind, escapes, growth, misuse};
    return SUITE_RUN("json", tests);
}
