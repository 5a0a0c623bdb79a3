// SPDX-License-Identifier: MIT
// See pipe.h. A ring; `written` and `read` count bytes and never run back.
#include "kernel/pipe.h"

#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/thread.h"
#include "kernel/process_signal.h"
#include "kernel/wait_queue.h"

#define PIPE_SIZE 2048
#define MODE_PIPE 0600

// [l] lock
struct pipe {
    struct spinlock lock;
    struct wait_queue waiters; // [l] of both ends
    uint64_t written;          // [l]
    uint64_t read;             // [l]
    bool has_reader;           // [l]
    bool has_writer;           // [l]
    char data[PIPE_SIZE];      // [l]
};

static void bytes_take(struct pipe *pipe, char *to, size_t size) {
    for (size_t i = 0; i < size; i++) {
        to[i] = pipe->data[pipe->read++ % PIPE_SIZE];
    }
}

static void bytes_put(struct pipe *pipe, const char *from, size_t size) {
    for (size_t i = 0; i < size; i++) {
        pipe->data[pipe->written++ % PIPE_SIZE] = from[i];
    }
}

static long read_locked(struct pipe *pipe, char *to, size_t size) {
    while (pipe->written == pipe->read) {
        if (!pipe->has_writer) {
            return 0;
        }
        if (!wait_on(&pipe->waiters, &pipe->lock)) {
            return process_restart_call();
        }
    }
    size_t present = pipe->written - pipe->read;
    size = size < present ? size : present;
    bytes_take(pipe, to, size);
    wait_wake_all(&pipe->waiters);
    return (long)size;
}

static long pipe_read(struct file *file, void *to, size_t size) {
    struct pipe *pipe = file->pipe;
    if (size == 0) {
        return 0;
    }
    bool irq = spin_lock(&pipe->lock);
    long result = read_locked(pipe, to, size);
    spin_unlock(&pipe->lock, irq);
    return result;
}

// Wait until a part of `size` bytes can be written whole.
static long wait_for_room(struct pipe *pipe, size_t size) {
    while (pipe->has_reader &&
           PIPE_SIZE - (pipe->written - pipe->read) < size) {
        if (!wait_on(&pipe->waiters, &pipe->lock)) {
            return process_restart_call();
        }
    }
    return pipe->has_reader ? 0 : -EPIPE;
}

static long write_locked(struct pipe *pipe, const char *from, size_t size) {
    size_t done = 0;
    while (done < size) {
        size_t part = size - done < PIPE_SIZE ? size - done : PIPE_SIZE;
        long result = wait_for_room(pipe, part);
        if (result != 0) {
            return done > 0 ? (long)done : result;
        }
        bytes_put(pipe, from + done, part);
        done += part;
        wait_wake_all(&pipe->waiters);
    }
    return (long)done;
}

static long pipe_write(struct file *file, const void *from, size_t size) {
    struct pipe *pipe = file->pipe;
    bool irq = spin_lock(&pipe->lock);
    long result = write_locked(pipe, from, size);
    spin_unlock(&pipe->lock, irq);
    if (result == -EPIPE) {
        (void)process_signal(0, thread_current()->tid, SIGPIPE);
    }
    return result;
}

static void pipe_close(struct file *file) {
    struct pipe *pipe = file->pipe;
    bool irq = spin_lock(&pipe->lock);
    if (file->access == OPEN_READ_ONLY) {
        pipe->has_reader = false;
    } else {
        pipe->has_writer = false;
    }
    bool unused = !pipe->has_reader && !pipe->has_writer;
    wait_wake_all(&pipe->waiters);
    spin_unlock(&pipe->lock, irq);
    if (unused) {
        kfree(pipe);
    }
}

static const struct file_kind pipe_kind = {
    .read = pipe_read,
    .write = pipe_write,
    .close = pipe_close,
    .mode = FILE_TYPE_PIPE | MODE_PIPE,
};

static struct file *end_create(struct pipe *pipe, uint32_t access) {
    struct file *file = file_create(&pipe_kind, access);
    if (file != NULL) {
        file->pipe = pipe;
    }
    return file;
}

long pipe_create(struct file **read_end, struct file **write_end) {
    struct pipe *pipe = kalloc(sizeof(*pipe));
    if (pipe == NULL) {
        return -ENOMEM;
    }
    pipe->lock.name = "pipe";
    *read_end = end_create(pipe, OPEN_READ_ONLY);
    *write_end = end_create(pipe, OPEN_WRITE_ONLY);
    if (*read_end == NULL || *write_end == NULL) {
        kfree(*read_end);
        kfree(*write_end);
        kfree(pipe);
        return -ENOMEM;
    }
    pipe->has_reader = true;
    pipe->has_writer = true;
    return 0;
}
