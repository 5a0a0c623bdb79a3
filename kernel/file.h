// SPDX-License-Identifier: MIT
// Open files and tables of file descriptors. There is no writable file system:
// files come from the initrd; the rest are channels of the console, pipes, a
// terminal and three devices. Buffers are the kernel's; syscall/file_calls.c
// copies.
#pragma once

#include "kernel/base/types.h"
#include "kernel/spinlock.h"

#define MAX_FILES 64 // descriptors of a process

// open(2)'s flags, as Linux x86-64 numbers them.
#define OPEN_ACCESS_MODE 00000003
#define OPEN_READ_ONLY 00000000
#define OPEN_WRITE_ONLY 00000001
#define OPEN_READ_WRITE 00000002
#define OPEN_CREATE 00000100
#define OPEN_TRUNCATE 00001000
#define OPEN_DIRECTORY 00200000
#define OPEN_CLOSE_ON_EXEC 02000000

// lseek(2)'s whence.
#define SEEK_FROM_START 0
#define SEEK_FROM_HERE 1
#define SEEK_FROM_END 2

// stat(2)'s file types.
#define FILE_TYPE_PIPE 0010000
#define FILE_TYPE_DEVICE 0020000
#define FILE_TYPE_DIRECTORY 0040000
#define FILE_TYPE_REGULAR 0100000
#define FILE_TYPE_MASK 0170000

struct file;
struct pipe;
struct tar_entry;

// What a kind of file does; NULL: it can't.
struct file_kind {
    long (*read)(struct file *file, void *to, size_t size);
    long (*write)(struct file *file, const void *from, size_t size);
    void (*close)(struct file *file);
    uint32_t mode; // FILE_TYPE_* and permissions
};

// [a] atomic  [i] set when it is made  [l] lock
struct file {
    _Atomic uint32_t references;  // [a] descriptors, and calls in progress
    const struct file_kind *kind; // [i]
    uint32_t access;              // [i] OPEN_ACCESS_MODE bits
    uint32_t mode;                // [i] FILE_TYPE_* and permissions
    uint64_t mtime;               // [i] seconds since 1970
    unsigned channel;             // [i] of the console
    const char *data;             // [i] of initrd files
    size_t size;                  // [i]
    struct pipe *pipe;            // [i]
    char *directory;              // [i] its name in the initrd, if it is one
    struct spinlock lock;
    uint64_t offset; // [l]
};

// [l] lock. Threads of a process share its table.
struct file_table {
    struct spinlock lock;
    struct file *files[MAX_FILES]; // [l]
    uint64_t close_on_exec;        // [l] bit by descriptor
};

// A file of a kind, one reference; NULL without memory.
MUST_CHECK struct file *file_create(
    const struct file_kind *kind, uint32_t access);

// Give a reference back; the last one closes.
//
// Context: thread context, no spinlock held.
void file_put(struct file *file);

// Open a path. Returns 0 or a negated errno.
MUST_CHECK long file_open(const char *path, uint32_t flags, struct file **out);

// Read or write, and move the offset. Pipes may block. The number of bytes, or
// a negated errno; reads return 0 at the end.
long file_read(struct file *file, void *to, size_t size);
long file_write(struct file *file, const void *from, size_t size);
long file_seek(struct file *file, int64_t offset, unsigned whence);

// The next entry of a directory, with its last part as the name; 1, or 0 after
// the last one, -ENOTDIR, -ENOMEM. *place is where the one after it is, which
// file_list_to() makes the next.
MUST_CHECK long file_list(
    struct file *file, struct tar_entry *out, uint64_t *place);
void file_list_to(struct file *file, uint64_t place);

// Descriptors 0 (what is typed or piped in, or at its end), 1 (the program's
// channel) and 2 (the console); or all three the terminal. False without
// memory.
MUST_CHECK bool file_table_init(struct file_table *table);

// The same files under the same descriptors.
void file_table_copy(struct file_table *to, struct file_table *from);
void file_table_close_all(struct file_table *table);
void file_table_exec(struct file_table *table); // close those of the flag

// The file of a descriptor, with a reference of its own; NULL if it has none.
MUST_CHECK struct file *file_get(struct file_table *table, uint64_t fd);

// Give a file the first free descriptor from `first` on; it takes over the
// caller's reference. -EMFILE, and the reference stays the caller's.
MUST_CHECK long file_install(
    struct file_table *table, struct file *file, uint64_t first,
    bool close_on_exec);

// Give it this descriptor and close what had it. -EBADF if there is none such.
MUST_CHECK long file_install_at(
    struct file_table *table, struct file *file, uint64_t fd,
    bool close_on_exec);
long file_close(struct file_table *table, uint64_t fd);

// A descriptor's close-on-exec flag.
bool file_get_close_on_exec(struct file_table *table, uint64_t fd);
void file_set_close_on_exec(struct file_table *table, uint64_t fd, bool on);
