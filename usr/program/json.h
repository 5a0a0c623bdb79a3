// SPDX-License-Identifier: MIT
// A writer of JSON: one object, on one line, in a buffer that grows. Running
// out of memory is remembered and told at the end. In arrays the key is NULL.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_OBJECT '{'
#define JSON_ARRAY '['
#define JSON_MAX_DEPTH 16

// Zeroed, it is ready. json_free() gives its memory back.
struct json {
    char *text; // terminated, once anything was written
    size_t length;
    size_t size;
    bool failed;     // out of memory, or nested too deeply
    bool need_comma; // a value precedes in this object or array
    unsigned depth;
    char closers[JSON_MAX_DEPTH];
};

// Open an object or an array; json_end() closes the one opened last.
void json_begin(struct json *json, const char *key, char kind);
void json_end(struct json *json);

// Write one value.
void json_u64(struct json *json, const char *key, uint64_t value);
void json_real(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_text(struct json *json, const char *key, const char *value);

void json_free(struct json *json);

// Send what was written as one line to REPORT_DEVICE, where tools/boot takes it
// for --json. Returns false, with errno, when that is not possible.
#define REPORT_DEVICE "/dev/report"
bool json_report(const struct json *json);
