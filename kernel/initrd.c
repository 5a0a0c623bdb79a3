// SPDX-License-Identifier: MIT
// See initrd.h.
#include "kernel/initrd.h"

#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/pages.h"

#define MAX_ARCHIVES 16
#define TAR_MAGIC "ustar"
#define TAR_MAGIC_OFFSET 257
#define TAR_BLOCK 512
#define ROOT_MODE 0555

static struct archive {
    const char *data;
    size_t size;
} archives[MAX_ARCHIVES];
static unsigned count;

static bool is_tar(const char *data, size_t size) {
    return size >= TAR_BLOCK &&
           memcmp(data + TAR_MAGIC_OFFSET, TAR_MAGIC, sizeof(TAR_MAGIC) - 1) ==
               0;
}

// Read an archive once, so that damage is named at boot.
static void archive_check(const struct archive *archive, const char *name) {
    struct tar *tar = kalloc(sizeof(*tar));
    struct tar_entry *entry = kalloc(sizeof(*entry));
    if (tar != NULL && entry != NULL) {
        tar_start(tar, archive->data, archive->size);
        while (tar_next(tar, entry)) {
        }
        if (tar->reason[0] != '\0') {
            kprintf("tollgate: initrd module %s: %s\n", name, tar->reason);
        }
    }
    kfree(entry);
    kfree(tar);
}

static void archive_add(const char *data, size_t size, const char *name) {
    if (count == MAX_ARCHIVES) {
        kprintf("tollgate: initrd module %s: one too many, left out\n", name);
        return;
    }
    archives[count].data = data;
    archives[count].size = size;
    archive_check(&archives[count], name);
    count++;
}

void initrd_init(const struct syspage_entry *syspage) {
    const struct asinfo_entry *as = SYSPAGE_ENTRY(syspage, asinfo);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, asinfo); i++) {
        if (strcmp(SYSPAGE_STRING(syspage, as[i].name), "module") != 0) {
            continue;
        }
        const char *data = direct(as[i].start);
        size_t size = as[i].end - as[i].start + 1;
        const char *name = SYSPAGE_STRING(syspage, as[i].detail);
        if (is_tar(data, size)) {
            archive_add(data, size, name);
        } else {
            kprintf(
                "tollgate: initrd module %s: not a tar archive, left out\n",
                name);
        }
    }
}

unsigned initrd_count(void) {
    return count;
}

// The root is there even if no archive says so.
static bool is_root(const char *path, struct tar_entry *out) {
    while (*path == '/') {
        path++;
    }
    *out = (struct tar_entry){.type = TAR_DIRECTORY, .mode = ROOT_MODE};
    return *path == '\0';
}

static bool find_once(const char *path, struct tar_entry *out) {
    for (unsigned i = count; i-- > 0;) {
        if (tar_find(archives[i].data, archives[i].size, path, out)) {
            return true;
        }
    }
    return is_root(path, out);
}

// Where a symbolic link at `path` leads, written over `path`. A link that does
// not start with a slash starts in its own directory.
static bool link_resolve(char *path, const char *link) {
    size_t base = 0;
    if (link[0] != '/') {
        for (size_t i = 0; path[i] != '\0'; i++) {
            base = path[i] == '/' ? i + 1 : base;
        }
    }
    size_t length = strlen(link);
    if (base + length >= TAR_NAME_SIZE) {
        return false;
    }
    memcpy(path + base, link, length + 1);
    return true;
}

// `path` is a copy that this function may change.
static long find_following(char *path, struct tar_entry *out) {
    for (unsigned i = 0; i < INITRD_MAX_LINKS; i++) {
        if (!find_once(path, out)) {
            return -ENOENT;
        }
        if (out->type == TAR_HARD_LINK) {
            memcpy(path, out->link, TAR_NAME_SIZE);
        } else if (out->type != TAR_SYMLINK) {
            return 0;
        } else if (!link_resolve(path, out->link)) {
            return -ENAMETOOLONG;
        }
    }
    return -ELOOP;
}

long initrd_find(const char *path, struct tar_entry *out) {
    size_t length = strlen(path);
    if (length >= TAR_NAME_SIZE) {
        return -ENAMETOOLONG;
    }
    char *copy = kalloc(TAR_NAME_SIZE);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, path, length + 1);
    long result = find_following(copy, out);
    kfree(copy);
    return result;
}

// --- directories ------------------------------------------------------------

// What an entry is called in a directory, or NULL if it is not in it.
static const char *name_in(const char *directory, const char *name) {
    size_t length = strlen(directory);
    if (length != 0) {
        if (strncmp(name, directory, length) != 0 || name[length] != '/') {
            return NULL;
        }
        name += length + 1;
    }
    return *name != '\0' && strchr(name, '/') == NULL ? name : NULL;
}

// Whether the entry before `next` is the one that its name means: no other
// follows it, in its archive or a later one.
static bool is_last(
    unsigned archive, const struct tar *next, const char *name) {
    struct tar_entry *other = kalloc(sizeof(*other));
    struct tar rest = *next;
    bool found = other == NULL; // rather too few than one twice
    while (!found && tar_next(&rest, other)) {
        found = strcmp(other->name, name) == 0;
    }
    for (unsigned i = archive + 1; i < count && !found; i++) {
        found = tar_find(archives[i].data, archives[i].size, name, other);
    }
    kfree(other);
    return !found;
}

bool initrd_list(
    const char *directory, uint64_t *place, struct tar_entry *out) {
    uint64_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        struct tar tar;
        tar_start(&tar, archives[i].data, archives[i].size);
        while (tar_next(&tar, out)) {
            if (at++ < *place || name_in(directory, out->name) == NULL ||
                !is_last(i, &tar, out->name)) {
                continue;
            }
            *place = at;
            return true;
        }
    }
    return false;
}
