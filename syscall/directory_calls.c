// SPDX-License-Identifier: MIT
// Kernel calls about directories and names: getdents(2), chdir(2), access(2).
#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/heap.h"
#include "kernel/path.h"
#include "kernel/process.h"
#include "kernel/scheduler.h"
#include "kernel/tar.h"
#include "syscall/calls.h"
#include "syscall/user_memory.h"
#include "syscall/user_path.h"

#define DT_DIRECTORY 4
#define DT_FILE 8
#define DT_LINK 10

#define ACCESS_EXECUTE 1
#define ACCESS_WRITE 2
#define ACCESS_READ 4
#define MODE_EXECUTE 0111

// --- getdents ---------------------------------------------------------------

// struct linux_dirent64, up to the name. linux_dirent has the type as the last
// byte of an entry, behind the name.
struct entry_head {
    uint64_t inode;
    int64_t offset; // of the entry behind it
    uint16_t size;
    uint8_t type;
} __attribute__((packed));

static uint8_t type_of(const struct tar_entry *entry) {
    return entry->type == TAR_DIRECTORY ? DT_DIRECTORY
           : entry->type == TAR_SYMLINK ? DT_LINK
                                        : DT_FILE;
}

// What is being listed, and how.
struct listing {
    struct file *file;
    struct tar_entry *entry;
    bool type_last; // linux_dirent
};

// Write one entry. Returns its size, -EINVAL if there is no room, -EFAULT.
static long entry_put(
    const struct listing *list, uint64_t place, uint64_t to, size_t room) {
    const char *name = list->entry->name;
    size_t head_size = list->type_last ? offsetof(struct entry_head, type)
                                       : sizeof(struct entry_head);
    size_t used = head_size + strlen(name) + 1;
    struct entry_head head = {
        .inode = place,
        .offset = (int64_t)place,
        .size = (uint16_t)ALIGN_UP(used + list->type_last, sizeof(uint64_t)),
        .type = type_of(list->entry),
    };
    if (head.size > room) {
        return -EINVAL;
    }
    uint8_t rest[sizeof(uint64_t)] = {0};
    if (list->type_last) {
        rest[head.size - used - 1] = head.type;
    }
    bool put = copy_to_user(to, &head, head_size) &&
               copy_to_user(to + head_size, name, used - head_size) &&
               copy_to_user(to + used, rest, head.size - used);
    return put ? head.size : -EFAULT;
}

// As many as fit; an error only if not even one does.
static long entries_put(const struct listing *list, uint64_t to, size_t room) {
    size_t done = 0;
    do {
        uint64_t place;
        long result = file_list(list->file, list->entry, &place);
        if (result == 1) {
            result = entry_put(list, place, to + done, room - done);
        }
        if (result <= 0) {
            return done > 0 ? (long)done : result;
        }
        file_list_to(list->file, place);
        done += (size_t)result;
    } while (scheduler_may_go_on());
    return (long)done;
}

static long directory_list(
    uint64_t fd, uint64_t to, size_t room, bool type_last) {
    struct listing list = {
        .file = file_get(&process_current()->files, fd),
        .type_last = type_last};
    if (list.file == NULL) {
        return -EBADF;
    }
    list.entry = kalloc(sizeof(*list.entry));
    long result = list.entry != NULL ? entries_put(&list, to, room) : -ENOMEM;
    kfree(list.entry);
    file_put(list.file);
    return result;
}

long call_getdents(uint64_t fd, uint64_t to, uint64_t room) {
    return directory_list(fd, to, (uint32_t)room, true);
}

long call_getdents64(uint64_t fd, uint64_t to, uint64_t room) {
    return directory_list(fd, to, (uint32_t)room, false);
}

// --- the current directory --------------------------------------------------

long call_getcwd(uint64_t to, uint64_t size) {
    char directory[TAR_NAME_SIZE];
    process_get_directory(directory);
    size_t length = strlen(directory) + 1;
    if (size < length) {
        return -ERANGE;
    }
    return copy_to_user(to, directory, length) ? (long)length : -EFAULT;
}

static long directory_enter(const char *path) {
    struct file *file;
    long result = file_open(path, OPEN_READ_ONLY | OPEN_DIRECTORY, &file);
    if (result != 0) {
        return result;
    }
    char name[TAR_NAME_SIZE]; // where a link has led
    result = file->directory == NULL ? -ENOTDIR
             : path_absolute(name, sizeof(name), "/", file->directory)
                 ? 0
                 : -ENAMETOOLONG;
    file_put(file);
    if (result == 0) {
        process_set_directory(name);
    }
    return result;
}

long call_chdir(uint64_t from) {
    char *path;
    long result = path_from_user(AT_FDCWD, from, &path);
    if (result == 0) {
        result = directory_enter(path);
    }
    kfree(path);
    return result;
}

// --- names ------------------------------------------------------------------

static long access_check(const struct file *file, uint64_t mode) {
    uint32_t type = file->mode & FILE_TYPE_MASK;
    bool is_data = type == FILE_TYPE_REGULAR || type == FILE_TYPE_DIRECTORY;
    if ((mode & ACCESS_WRITE) != 0 && is_data) {
        return -EROFS;
    }
    if ((mode & ACCESS_EXECUTE) != 0 && (file->mode & MODE_EXECUTE) == 0) {
        return -EACCES;
    }
    return 0;
}

long call_access(uint64_t path, uint64_t mode) {
    return call_faccessat(AT_FDCWD, path, mode);
}

long call_faccessat(uint64_t directory, uint64_t from, uint64_t mode) {
    if (mode > (ACCESS_READ | ACCESS_WRITE | ACCESS_EXECUTE)) {
        return -EINVAL;
    }
    char *path;
    struct file *file;
    long result = path_from_user(directory, from, &path);
    if (result == 0) {
        result = file_open(path, OPEN_READ_ONLY, &file);
    }
    kfree(path);
    if (result == 0) {
        result = access_check(file, mode);
        file_put(file);
    }
    return result;
}

// Nothing is created, so nothing is masked.
long call_umask(uint64_t mask) {
    (void)mask;
    return 0;
}
