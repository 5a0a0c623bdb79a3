// SPDX-License-Identifier: MIT
// Kernel calls about files. They copy between the program's memory and a buffer
// of the kernel's, a chunk at a time: a write up to a chunk stays in one piece,
// even if it is gathered from several parts.
#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/pipe.h"
#include "kernel/process.h"
#include "kernel/scheduler.h"
#include "kernel/tar.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"
#include "syscall/user_path.h"

#define CHUNK 4096ul
#define MAX_VECTOR 1024           // parts of a readv() or writev(), as in Linux
#define TRANSFER_MAX 0x7ffff000ul // bytes of one call, as in Linux

#define AT_EMPTY_PATH 0x1000
#define STAT_BLOCK 512

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_DUPFD_CLOEXEC 1030
#define FD_CLOEXEC 1

// struct iovec.
struct part {
    uint64_t base;
    uint64_t size;
};

// struct stat of Linux x86-64.
struct stat {
    uint64_t dev;
    uint64_t ino;
    uint64_t nlink;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t padding;
    uint64_t rdev;
    int64_t size;
    int64_t blksize;
    int64_t blocks;
    int64_t times[3][2]; // access, modification, change: seconds, nanoseconds
    int64_t unused[3];
};

_Static_assert(sizeof(struct stat) == 144, "as programs expect it");

static struct file_table *table(void) {
    return &process_current()->files;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// --- read and write ---------------------------------------------------------

// The parts come from an array of the program's, or there is just one.
struct parts {
    uint64_t array; // 0: only `one`
    struct part one;
    size_t count;
};

static bool parts_get(
    const struct parts *parts, size_t index, struct part *out) {
    *out = parts->one;
    return parts->array == 0 ||
           copy_from_user(
               out, parts->array + index * sizeof(*out), sizeof(*out));
}

static long vector_of(uint64_t array, uint64_t count, struct parts *out) {
    if (count > MAX_VECTOR) {
        return -EINVAL;
    }
    *out = (struct parts){.array = array, .count = count};
    return 0;
}

// How large a buffer the parts need, or -EFAULT, -EINVAL.
static long parts_size(const struct parts *parts) {
    size_t total = 0;
    for (size_t i = 0; i < parts->count; i++) {
        struct part part;
        if (!parts_get(parts, i, &part)) {
            return -EFAULT;
        }
        if (part.size > INT64_MAX) {
            return -EINVAL;
        }
        total = smaller(total + part.size, TRANSFER_MAX);
    }
    return (long)total;
}

// Bytes on their way to a file.
struct gather {
    struct file *file;
    char *buffer;
    size_t used;
    size_t written;
};

// False with *error set when the file took less than there was.
static bool gather_flush(struct gather *gather, long *error) {
    if (gather->used == 0) {
        return true;
    }
    long done = file_write(gather->file, gather->buffer, gather->used);
    if (done < 0) {
        *error = done;
        return false;
    }
    gather->written += (size_t)done;
    bool all = (size_t)done == gather->used;
    gather->used = 0;
    return scheduler_may_go_on() && all;
}

static bool gather_part(struct gather *gather, struct part part, long *error) {
    while (part.size > 0) {
        size_t size = smaller(part.size, CHUNK - gather->used);
        if (!copy_from_user(gather->buffer + gather->used, part.base, size)) {
            *error = -EFAULT;
            return false;
        }
        gather->used += size;
        part.base += size;
        part.size -= size;
        if (gather->used == CHUNK && !gather_flush(gather, error)) {
            return false;
        }
    }
    return true;
}

// What was written counts, and an error only if nothing was.
static long gather_all(struct gather *gather, const struct parts *parts) {
    long error = 0;
    bool going = true;
    for (size_t i = 0; i < parts->count && going; i++) {
        struct part part = {0};
        if (!parts_get(parts, i, &part)) {
            error = -EFAULT;
            break;
        }
        going = gather_part(gather, part, &error);
    }
    long flush_error = 0;
    (void)gather_flush(gather, &flush_error);
    error = error != 0 ? error : flush_error;
    return gather->written > 0 ? (long)gather->written : error;
}

// Whether a read of a file that gave all it was asked for may be followed by
// another: it waits for nobody.
static bool never_waits(const struct file *file) {
    return (file->mode & FILE_TYPE_MASK) == FILE_TYPE_REGULAR;
}

static long scatter_part(
    struct file *file, char *buffer, struct part part, bool *going) {
    size_t done = 0;
    while (done < part.size) {
        size_t want = smaller(part.size - done, CHUNK);
        long got = file_read(file, buffer, want);
        *going =
            got == (long)want && never_waits(file) && scheduler_may_go_on();
        if (got <= 0) {
            return done > 0 ? (long)done : got;
        }
        if (!copy_to_user(part.base + done, buffer, (size_t)got)) {
            *going = false;
            return done > 0 ? (long)done : -EFAULT;
        }
        done += (size_t)got;
        if (!*going) {
            break;
        }
    }
    return (long)done;
}

static long scatter_all(
    struct file *file, char *buffer, const struct parts *parts) {
    long total = 0;
    bool going = true;
    for (size_t i = 0; i < parts->count && going; i++) {
        struct part part;
        if (!parts_get(parts, i, &part)) {
            return total > 0 ? total : -EFAULT;
        }
        long done = scatter_part(file, buffer, part, &going);
        if (done < 0) {
            return total > 0 ? total : done;
        }
        total += done;
    }
    return total;
}

static long transfer_with(
    struct file *file, const struct parts *parts, bool write) {
    long size = parts_size(parts);
    if (size < 0) {
        return size;
    }
    char *buffer = kalloc(smaller((size_t)size + 1, CHUNK));
    if (buffer == NULL) {
        return -ENOMEM;
    }
    struct gather gather = {.file = file, .buffer = buffer};
    long result =
        write ? gather_all(&gather, parts) : scatter_all(file, buffer, parts);
    kfree(buffer);
    return result;
}

static long transfer(uint64_t fd, const struct parts *parts, bool write) {
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    long result = transfer_with(file, parts, write);
    file_put(file);
    return result;
}

long call_read(uint64_t fd, uint64_t buffer, uint64_t size) {
    struct parts parts = {
        .one = {buffer, smaller(size, TRANSFER_MAX)}, .count = 1};
    return transfer(fd, &parts, false);
}

long call_write(uint64_t fd, uint64_t buffer, uint64_t size) {
    struct parts parts = {
        .one = {buffer, smaller(size, TRANSFER_MAX)}, .count = 1};
    return transfer(fd, &parts, true);
}

long call_readv(uint64_t fd, uint64_t vector, uint64_t count) {
    struct parts parts;
    long result = vector_of(vector, count, &parts);
    return result == 0 ? transfer(fd, &parts, false) : result;
}

long call_writev(uint64_t fd, uint64_t vector, uint64_t count) {
    struct parts parts;
    long result = vector_of(vector, count, &parts);
    return result == 0 ? transfer(fd, &parts, true) : result;
}

long call_lseek(uint64_t fd, uint64_t offset, uint64_t whence) {
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    long result = file_seek(
        file, (int64_t)offset,
        whence > SEEK_FROM_END ? SEEK_FROM_END + 1 : (unsigned)whence);
    file_put(file);
    return result;
}

// --- open and stat ----------------------------------------------------------

static long path_open(
    uint64_t directory, uint64_t path, uint32_t flags, struct file **out) {
    char *text;
    long result = path_from_user(directory, path, &text);
    if (result == 0) {
        result = file_open(text, flags, out);
    }
    kfree(text);
    return result;
}

static long install(struct file *file, uint64_t first, bool close_on_exec) {
    long fd = file_install(table(), file, first, close_on_exec);
    if (fd < 0) {
        file_put(file);
    }
    return fd;
}

long call_open(uint64_t path, uint64_t flags, uint64_t mode) {
    return call_openat(AT_FDCWD, path, flags, mode);
}

long call_openat(
    uint64_t directory, uint64_t path, uint64_t flags, uint64_t mode) {
    (void)mode;
    struct file *file;
    long result = path_open(directory, path, (uint32_t)flags, &file);
    if (result != 0) {
        return result;
    }
    return install(file, 0, (flags & OPEN_CLOSE_ON_EXEC) != 0);
}

long call_close(uint64_t fd) {
    return file_close(table(), fd);
}

static long stat_put(const struct file *file, uint64_t to) {
    struct stat stat = {
        .ino = 1,
        .nlink = 1,
        .mode = file->mode,
        .size = (int64_t)file->size,
        .blksize = CHUNK,
        .blocks = (int64_t)((file->size + STAT_BLOCK - 1) / STAT_BLOCK),
    };
    for (size_t i = 0; i < ARRAY_SIZE(stat.times); i++) {
        stat.times[i][0] = (int64_t)file->mtime;
    }
    return copy_to_user(to, &stat, sizeof(stat)) ? 0 : -EFAULT;
}

long call_fstat(uint64_t fd, uint64_t to) {
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    long result = stat_put(file, to);
    file_put(file);
    return result;
}

static long stat_path(uint64_t directory, uint64_t path, uint64_t to) {
    struct file *file;
    long result = path_open(directory, path, OPEN_READ_ONLY, &file);
    if (result != 0) {
        return result;
    }
    result = stat_put(file, to);
    file_put(file);
    return result;
}

long call_stat(uint64_t path, uint64_t to) {
    return stat_path(AT_FDCWD, path, to);
}

// Links are followed: the initrd has no others that a program could name.
long call_lstat(uint64_t path, uint64_t to) {
    return call_stat(path, to);
}

long call_newfstatat(
    uint64_t directory, uint64_t path, uint64_t to, uint64_t flags) {
    return (flags & AT_EMPTY_PATH) != 0 ? call_fstat(directory, to)
                                        : stat_path(directory, path, to);
}

// --- descriptors ------------------------------------------------------------

static long dup_from(uint64_t fd, uint64_t first, bool close_on_exec) {
    struct file *file = file_get(table(), fd);
    return file != NULL ? install(file, first, close_on_exec) : -EBADF;
}

static long dup_to(uint64_t fd, uint64_t to, bool close_on_exec) {
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    long result = file_install_at(table(), file, to, close_on_exec);
    if (result < 0) {
        file_put(file);
    }
    return result;
}

long call_dup(uint64_t fd) {
    return dup_from(fd, 0, false);
}

long call_dup2(uint64_t fd, uint64_t to) {
    if (fd != to) {
        return dup_to(fd, to, false);
    }
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    file_put(file);
    return (long)to;
}

long call_dup3(uint64_t fd, uint64_t to, uint64_t flags) {
    if (fd == to || (flags & ~(uint64_t)OPEN_CLOSE_ON_EXEC) != 0) {
        return -EINVAL;
    }
    return dup_to(fd, to, flags != 0);
}

static long control(
    struct file *file, uint64_t fd, uint64_t command, uint64_t argument) {
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return argument < MAX_FILES
                   ? dup_from(fd, argument, command == F_DUPFD_CLOEXEC)
                   : -EINVAL;
    case F_GETFD:
        return file_get_close_on_exec(table(), fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
        file_set_close_on_exec(table(), fd, (argument & FD_CLOEXEC) != 0);
        return 0;
    case F_GETFL:
        return (long)file->access;
    case F_SETFL:
        return 0;
    default:
        return -EINVAL;
    }
}

long call_fcntl(uint64_t fd, uint64_t command, uint64_t argument) {
    struct file *file = file_get(table(), fd);
    if (file == NULL) {
        return -EBADF;
    }
    long result = control(file, fd, command, argument);
    file_put(file);
    return result;
}

// --- pipes ------------------------------------------------------------------

static long pipe_install(
    struct file *read_end, struct file *write_end, bool close_on_exec,
    uint64_t to) {
    long fd_read = install(read_end, 0, close_on_exec);
    long fd_write = install(write_end, 0, close_on_exec);
    const int fds[2] = {(int)fd_read, (int)fd_write};
    if (fd_read >= 0 && fd_write >= 0 && copy_to_user(to, fds, sizeof(fds))) {
        return 0;
    }
    if (fd_read >= 0) {
        (void)call_close((uint64_t)fd_read);
    }
    if (fd_write >= 0) {
        (void)call_close((uint64_t)fd_write);
    }
    return fd_read < 0 || fd_write < 0 ? -EMFILE : -EFAULT;
}

long call_pipe(uint64_t to) {
    return call_pipe2(to, 0);
}

long call_pipe2(uint64_t to, uint64_t flags) {
    struct file *read_end, *write_end;
    if ((flags & ~(uint64_t)OPEN_CLOSE_ON_EXEC) != 0) {
        return -EINVAL;
    }
    long result = pipe_create(&read_end, &write_end);
    return result == 0 ? pipe_install(read_end, write_end, flags != 0, to)
                       : result;
}
