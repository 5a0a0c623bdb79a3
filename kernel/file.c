// SPDX-License-Identifier: MIT
// See file.h.
#include "kernel/file.h"

#include <stdatomic.h>

#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/initrd.h"
#include "kernel/tty.h"

#define MODE_ALL_WRITE 0222
#define MODE_DEVICE 0666
#define NUM_STANDARD 3 // descriptors that a program finds

// --- kinds ------------------------------------------------------------------

static long null_read(struct file *file, void *to, size_t size) {
    (void)file;
    (void)to;
    (void)size;
    return 0;
}

static long null_write(struct file *file, const void *from, size_t size) {
    (void)file;
    (void)from;
    return (long)size;
}

// A program's bytes pass as they are, but on the report channel without the
// mark of the kernel's own records: nobody else says how the run ended.
static long channel_write(struct file *file, const void *from, size_t size) {
    const char *text = from;
    size_t start = 0;
    for (size_t i = 0; i < size && file->channel == DEBUG_REPORT; i++) {
        if (text[i] == REPORT_MARK) {
            console_write(file->channel, text + start, i - start);
            start = i + 1;
        }
    }
    console_write(file->channel, text + start, size - start);
    return (long)size;
}

static long initrd_read(struct file *file, void *to, size_t size) {
    bool irq = spin_lock(&file->lock);
    size_t left = file->offset < file->size ? file->size - file->offset : 0;
    size_t part = size < left ? size : left;
    memcpy(to, file->data + file->offset, part);
    file->offset += part;
    spin_unlock(&file->lock, irq);
    return (long)part;
}

static long directory_read(struct file *file, void *to, size_t size) {
    (void)file;
    (void)to;
    (void)size;
    return -EISDIR;
}

static void directory_close(struct file *file) {
    kfree(file->directory);
}

static const struct file_kind null_kind = {
    .read = null_read,
    .write = null_write,
    .mode = FILE_TYPE_DEVICE | MODE_DEVICE,
};
static const struct file_kind channel_kind = {
    .read = null_read,
    .write = channel_write,
    .mode = FILE_TYPE_DEVICE | MODE_DEVICE,
};
static const struct file_kind initrd_kind = {
    .read = initrd_read,
    .mode = FILE_TYPE_REGULAR,
};
static const struct file_kind directory_kind = {
    .read = directory_read,
    .close = directory_close,
    .mode = FILE_TYPE_DIRECTORY,
};

static const struct device {
    const char *path;
    const struct file_kind *kind;
    unsigned channel;
} devices[] = {
    {"/dev/null", &null_kind, 0},
    {"/dev/console", &channel_kind, DEBUG_CONSOLE},
    {"/dev/report", &channel_kind, DEBUG_REPORT},
};

// --- files ------------------------------------------------------------------

struct file *file_create(const struct file_kind *kind, uint32_t access) {
    struct file *file = kalloc(sizeof(*file));
    if (file != NULL) {
        file->references = 1;
        file->kind = kind;
        file->access = access;
        file->mode = kind->mode;
        file->lock.name = "file";
    }
    return file;
}

static struct file *channel_create(unsigned channel) {
    struct file *file = file_create(&channel_kind, OPEN_WRITE_ONLY);
    if (file != NULL) {
        file->channel = channel;
    }
    return file;
}

void file_put(struct file *file) {
    // Ordering: release and acquire, so that the last one sees all changes.
    if (atomic_fetch_sub_explicit(&file->references, 1, memory_order_acq_rel) !=
        1) {
        return;
    }
    if (file->kind->close != NULL) {
        file->kind->close(file);
    }
    kfree(file);
}

static void file_ref(struct file *file) {
    atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);
}

static bool device_open(const char *path, uint32_t flags, struct file **out) {
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        if (strcmp(path, devices[i].path) == 0) {
            *out = file_create(devices[i].kind, flags & OPEN_ACCESS_MODE);
            if (*out != NULL) {
                (*out)->channel = devices[i].channel;
            }
            return true;
        }
    }
    return false;
}

static bool directory_name(struct file *file, const char *name) {
    size_t size = strlen(name) + 1;
    file->directory = kalloc(size);
    if (file->directory != NULL) {
        memcpy(file->directory, name, size);
    }
    return file->directory != NULL;
}

static long entry_open(
    const struct tar_entry *entry, uint32_t flags, struct file **out) {
    bool directory = entry->type == TAR_DIRECTORY;
    if (!directory && (flags & OPEN_DIRECTORY) != 0) {
        return -ENOTDIR;
    }
    if ((flags & OPEN_ACCESS_MODE) != OPEN_READ_ONLY ||
        (flags & OPEN_TRUNCATE) != 0) {
        return directory ? -EISDIR : -EROFS;
    }
    struct file *file =
        file_create(directory ? &directory_kind : &initrd_kind, OPEN_READ_ONLY);
    if (file == NULL) {
        return -ENOMEM;
    }
    file->mode |= entry->mode & ~(uint32_t)MODE_ALL_WRITE;
    file->mtime = entry->mtime;
    file->data = entry->data;
    file->size = directory ? 0 : entry->size;
    if (directory && !directory_name(file, entry->name)) {
        kfree(file);
        return -ENOMEM;
    }
    *out = file;
    return 0;
}

long file_open(const char *path, uint32_t flags, struct file **out) {
    if (strcmp(path, "/dev/tty") == 0) {
        if (!tty_is_there()) {
            return -ENXIO;
        }
        *out = tty_open(flags & OPEN_ACCESS_MODE);
        return *out != NULL ? 0 : -ENOMEM;
    }
    if (device_open(path, flags, out)) {
        return *out != NULL ? 0 : -ENOMEM;
    }
    struct tar_entry *entry = kalloc(sizeof(*entry));
    if (entry == NULL) {
        return -ENOMEM;
    }
    long result = initrd_find(path, entry);
    if (result == 0) {
        result = entry_open(entry, flags, out);
    } else if (result == -ENOENT && (flags & OPEN_CREATE) != 0) {
        result = -EROFS;
    }
    kfree(entry);
    return result;
}

long file_read(struct file *file, void *to, size_t size) {
    if (file->access == OPEN_WRITE_ONLY || file->kind->read == NULL) {
        return -EBADF;
    }
    return file->kind->read(file, to, size);
}

long file_write(struct file *file, const void *from, size_t size) {
    if (file->access == OPEN_READ_ONLY || file->kind->write == NULL) {
        return -EBADF;
    }
    return file->kind->write(file, from, size);
}

static long seek_locked(struct file *file, int64_t offset, unsigned whence) {
    uint64_t base = whence == SEEK_FROM_START  ? 0
                    : whence == SEEK_FROM_HERE ? file->offset
                                               : file->size;
    int64_t target;
    if (__builtin_add_overflow((int64_t)base, offset, &target) || target < 0) {
        return -EINVAL;
    }
    file->offset = (uint64_t)target;
    return target;
}

long file_list(struct file *file, struct tar_entry *out, uint64_t *place) {
    if (file->kind != &directory_kind) {
        return -ENOTDIR;
    }
    bool irq = spin_lock(&file->lock);
    *place = file->offset;
    spin_unlock(&file->lock, irq);
    if (!initrd_list(file->directory, place, out)) {
        return 0;
    }
    size_t length = strlen(file->directory);
    size_t skip = length == 0 ? 0 : length + 1;
    memmove(out->name, out->name + skip, strlen(out->name + skip) + 1);
    return 1;
}

void file_list_to(struct file *file, uint64_t place) {
    bool irq = spin_lock(&file->lock);
    file->offset = place;
    spin_unlock(&file->lock, irq);
}

long file_seek(struct file *file, int64_t offset, unsigned whence) {
    if (file->kind != &initrd_kind && file->kind != &directory_kind) {
        return -ESPIPE;
    }
    if (whence > SEEK_FROM_END) {
        return -EINVAL;
    }
    bool irq = spin_lock(&file->lock);
    long result = seek_locked(file, offset, whence);
    spin_unlock(&file->lock, irq);
    return result;
}

// --- tables -----------------------------------------------------------------

// 0 is for reading and the others for writing, but a terminal is for both.
static struct file *standard_file(unsigned fd) {
    if (tty_is_there()) {
        return tty_open(OPEN_READ_WRITE);
    }
    if (fd == 0) {
        return tty_is_pipe() ? tty_open_pipe()
                             : file_create(&null_kind, OPEN_READ_ONLY);
    }
    return channel_create(fd == 1 ? DEBUG_PROGRAM : DEBUG_CONSOLE);
}

bool file_table_init(struct file_table *table) {
    table->lock.name = "file table";
    for (unsigned fd = 0; fd < NUM_STANDARD; fd++) {
        table->files[fd] = standard_file(fd);
        if (table->files[fd] == NULL) {
            return false;
        }
    }
    return true;
}

void file_table_copy(struct file_table *to, struct file_table *from) {
    to->lock.name = "file table";
    bool irq = spin_lock(&from->lock);
    to->close_on_exec = from->close_on_exec;
    for (size_t i = 0; i < MAX_FILES; i++) {
        to->files[i] = from->files[i];
        if (to->files[i] != NULL) {
            file_ref(to->files[i]);
        }
    }
    spin_unlock(&from->lock, irq);
}

void file_table_close_all(struct file_table *table) {
    for (size_t fd = 0; fd < MAX_FILES; fd++) {
        (void)file_close(table, fd);
    }
}

void file_table_exec(struct file_table *table) {
    for (size_t fd = 0; fd < MAX_FILES; fd++) {
        if (file_get_close_on_exec(table, fd)) {
            (void)file_close(table, fd);
        }
    }
}

struct file *file_get(struct file_table *table, uint64_t fd) {
    if (fd >= MAX_FILES) {
        return NULL;
    }
    bool irq = spin_lock(&table->lock);
    struct file *file = table->files[fd];
    if (file != NULL) {
        file_ref(file);
    }
    spin_unlock(&table->lock, irq);
    return file;
}

static void close_on_exec_set(struct file_table *table, uint64_t fd, bool on) {
    uint64_t bit = 1ul << fd;
    uint64_t others = table->close_on_exec & ~bit;
    table->close_on_exec = on ? others | bit : others;
}

long file_install(
    struct file_table *table, struct file *file, uint64_t first,
    bool close_on_exec) {
    bool irq = spin_lock(&table->lock);
    uint64_t fd = first;
    while (fd < MAX_FILES && table->files[fd] != NULL) {
        fd++;
    }
    if (fd < MAX_FILES) {
        table->files[fd] = file;
        close_on_exec_set(table, fd, close_on_exec);
    }
    spin_unlock(&table->lock, irq);
    return fd < MAX_FILES ? (long)fd : -EMFILE;
}

long file_install_at(
    struct file_table *table, struct file *file, uint64_t fd,
    bool close_on_exec) {
    if (fd >= MAX_FILES) {
        return -EBADF;
    }
    bool irq = spin_lock(&table->lock);
    struct file *before = table->files[fd];
    table->files[fd] = file;
    close_on_exec_set(table, fd, close_on_exec);
    spin_unlock(&table->lock, irq);
    if (before != NULL) {
        file_put(before);
    }
    return (long)fd;
}

long file_close(struct file_table *table, uint64_t fd) {
    if (fd >= MAX_FILES) {
        return -EBADF;
    }
    bool irq = spin_lock(&table->lock);
    struct file *file = table->files[fd];
    table->files[fd] = NULL;
    close_on_exec_set(table, fd, false);
    spin_unlock(&table->lock, irq);
    if (file == NULL) {
        return -EBADF;
    }
    file_put(file);
    return 0;
}

bool file_get_close_on_exec(struct file_table *table, uint64_t fd) {
    bool irq = spin_lock(&table->lock);
    bool on = (table->close_on_exec >> fd & 1) != 0;
    spin_unlock(&table->lock, irq);
    return on;
}

void file_set_close_on_exec(struct file_table *table, uint64_t fd, bool on) {
    bool irq = spin_lock(&table->lock);
    close_on_exec_set(table, fd, on);
    spin_unlock(&table->lock, irq);
}
