// SPDX-License-Identifier: MIT
// The JSON writer (RFC 8259).
#include "usr/program/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_SIZE 1024
#define NUMBER_SIZE 32
#define ESCAPE_SIZE 8
#define FIRST_PRINTABLE 0x20

// Make room for `more` bytes and a terminator.
static bool reserve(struct json *json, size_t more) {
    size_t need = json->length + more + 1;
    if (need <= json->size) {
        return true;
    }
    size_t size = json->size ? json->size : FIRST_SIZE;
    while (size < need) {
        size *= 2;
    }
    char *text = realloc(json->text, size);
    if (!text) {
        json->failed = true;
        return false;
    }
    json->text = text;
    json->size = size;
    return true;
}

static void put(struct json *json, const char *text) {
    size_t length = strlen(text);
    if (json->failed || !reserve(json, length)) {
        return;
    }
    memcpy(json->text + json->length, text, length + 1);
    json->length += length;
}

static void put_char(struct json *json, char c) {
    const char text[] = {c, '\0'};
    put(json, text);
}

static void put_string(struct json *json, const char *text) {
    put_char(json, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            put_char(json, '\\');
            put_char(json, *text);
        } else if (c < FIRST_PRINTABLE) {
            char escape[ESCAPE_SIZE];
            snprintf(escape, sizeof(escape), "\\u%04x", c);
            put(json, escape);
        } else {
            put_char(json, *text);
        }
    }
    put_char(json, '"');
}

// What precedes every value.
static void put_key(struct json *json, const char *key) {
    if (json->need_comma) {
        put_char(json, ',');
    }
    if (key) {
        put_string(json, key);
        put_char(json, ':');
    }
    json->need_comma = true;
}

void json_begin(struct json *json, const char *key, char kind) {
    put_key(json, key);
    put_char(json, kind);
    if (json->depth == JSON_MAX_DEPTH) {
        json->failed = true;
        return;
    }
    json->closers[json->depth++] = kind == JSON_OBJECT ? '}' : ']';
    json->need_comma = false;
}

void json_end(struct json *json) {
    if (json->depth == 0) {
        json->failed = true;
        return;
    }
    put_char(json, json->closers[--json->depth]);
    json->need_comma = true;
}

void json_u64(struct json *json, const char *key, uint64_t value) {
    char number[NUMBER_SIZE];
    snprintf(number, sizeof(number), "%" PRIu64, value);
    put_key(json, key);
    put(json, number);
}

void json_real(struct json *json, const char *key, double value) {
    char number[NUMBER_SIZE];
    snprintf(number, sizeof(number), "%.6g", value);
    put_key(json, key);
    put(json, number);
}

void json_bool(struct json *json, const char *key, bool value) {
    put_key(json, key);
    put(json, value ? "true" : "false");
}

void json_text(struct json *json, const char *key, const char *value) {
    put_key(json, key);
    put_string(json, value);
}

void json_free(struct json *json) {
    free(json->text);
    *json = (struct json){0};
}

static bool write_all(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t written = write(fd, text, length);
        if (written <= 0) {
            return false;
        }
        text += written;
        length -= (size_t)written;
    }
    return true;
}

bool json_report(const struct json *json) {
    if (json->failed || json->depth || !json->text) {
        errno = ENOMEM;
        return false;
    }
    int fd = open(REPORT_DEVICE, O_WRONLY);
    if (fd < 0) {
        return false;
    }
    bool sent =
        write_all(fd, json->text, json->length) && write_all(fd, "\n", 1);
    close(fd);
    return sent;
}
