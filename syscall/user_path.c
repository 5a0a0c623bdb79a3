// SPDX-License-Identifier: MIT
// See user_path.h.
#include "syscall/user_path.h"

#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/path.h"
#include "kernel/process.h"
#include "syscall/user_memory.h"

// Where a relative path starts, into `base`.
static long base_get(uint64_t directory, char base[TAR_NAME_SIZE]) {
    if ((uint32_t)directory == (uint32_t)AT_FDCWD) {
        process_get_directory(base);
        return 0;
    }
    struct file *file = file_get(&process_current()->files, directory);
    if (file == NULL) {
        return -EBADF;
    }
    long result = -ENOTDIR;
    if (file->directory != NULL) {
        result = path_absolute(base, TAR_NAME_SIZE, "/", file->directory)
                     ? 0
                     : -ENAMETOOLONG;
    }
    file_put(file);
    return result;
}

static long path_resolve(
    uint64_t directory, const char *given, char *base, char *out) {
    if (given[0] == '\0') {
        return -ENOENT;
    }
    long result = given[0] == '/' ? 0 : base_get(directory, base);
    if (result != 0) {
        return result;
    }
    return path_absolute(out, TAR_NAME_SIZE, base, given) ? 0 : -ENAMETOOLONG;
}

long path_from_user(uint64_t directory, uint64_t path, char **out) {
    *out = NULL;
    char *names = kalloc(2 * TAR_NAME_SIZE); // as given, base
    char *absolute = kalloc(TAR_NAME_SIZE);
    long result = -ENOMEM;
    if (names != NULL && absolute != NULL) {
        result = string_from_user(names, path, TAR_NAME_SIZE);
    }
    if (result >= 0) {
        result =
            path_resolve(directory, names, names + TAR_NAME_SIZE, absolute);
    }
    kfree(names);
    if (result == 0) {
        *out = absolute;
    } else {
        kfree(absolute);
    }
    return result;
}
