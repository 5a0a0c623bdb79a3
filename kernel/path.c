// SPDX-License-Identifier: MIT
// See path.h.
#include "kernel/path.h"

#include "kernel/base/string.h"

// Go up from the path of *length characters.
static void part_drop(const char *out, size_t *length) {
    while (*length > 0 && out[*length - 1] != '/') {
        (*length)--;
    }
    *length -= *length > 0;
}

static bool part_append(
    char *out, size_t size, size_t *length, const char *part, size_t of) {
    if (of + 2 > size - *length) {
        return false;
    }
    out[(*length)++] = '/';
    memcpy(out + *length, part, of);
    *length += of;
    return true;
}

// Append the parts of a path one after the other.
static bool parts_append(
    char *out, size_t size, size_t *length, const char *path) {
    while (*path != '\0') {
        const char *slash = strchr(path, '/');
        size_t of = slash != NULL ? (size_t)(slash - path) : strlen(path);
        if (of == 2 && path[0] == '.' && path[1] == '.') {
            part_drop(out, length);
        } else if (
            of != 0 && !(of == 1 && path[0] == '.') &&
            !part_append(out, size, length, path, of)) {
            return false;
        }
        path += of;
        path += *path == '/';
    }
    return true;
}

bool path_absolute(
    char *out, size_t size, const char *directory, const char *path) {
    size_t length = 0;
    if (path[0] != '/' && !parts_append(out, size, &length, directory)) {
        return false;
    }
    if (!parts_append(out, size, &length, path)) {
        return false;
    }
    if (length == 0) {
        if (size < 2) {
            return false;
        }
        out[length++] = '/';
    }
    out[length] = '\0';
    return true;
}
