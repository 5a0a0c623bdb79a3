// SPDX-License-Identifier: MIT
// See exec.h. The stack that a program starts with (System V psABI, "Initial
// Stack and Register State"):
//
//   USER_STACK_TOP
//     16 random bytes
//     path, argument and environment strings
//     auxiliary vector, 0
//     environment pointers, 0
//     argument pointers, 0
//     argc                       <- rsp, 16-byte aligned
#include "kernel/exec.h"

#include "callouts/syspage.h"
#include "kernel/base/format.h"
#include "kernel/base/string.h"
#include "kernel/errno.h"
#include "kernel/heap.h"
#include "kernel/initrd.h"
#include "kernel/paging.h"
#include "kernel/random.h"
#include "kernel/space.h"
#include "syscall/abi.h"
#include "syscall/toll_area.h"

#define MODE_EXECUTE 0111
#define STACK_ALIGN 16ul
#define RANDOM_SIZE 16
#define CLOCK_TICKS 100 // that user space is told; POSIX's "clock ticks"

// The auxiliary vector's types (System V psABI, and Linux's own from 11 on).
enum auxv_type {
    AT_NULL = 0,
    AT_PHDR = 3,
    AT_PHENT = 4,
    AT_PHNUM = 5,
    AT_PAGESZ = 6,
    AT_ENTRY = 9,
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_CLKTCK = 17,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_EXECFN = 31,
    AT_SYSINFO_EHDR = 33,
};
#define MAX_AUXV 17

// --- segments ---------------------------------------------------------------

static uint32_t area_flags(uint32_t elf_flags) {
    return AREA_READ | ((elf_flags & ELF_WRITE) ? PAGE_WRITE : 0) |
           ((elf_flags & ELF_EXEC) ? PAGE_EXEC : 0);
}

static bool segment_load(
    struct space *space, const struct elf_segment *segment, const char *file) {
    uintptr_t start = ALIGN_DOWN(segment->vaddr, PAGE_SIZE);
    size_t size = segment->vaddr + segment->memsz - start;
    return space_map(
               space, start, size, area_flags(segment->flags),
               PLACE_EXACT_FREE) >= 0 &&
           space_load(
               space, segment->vaddr, file + segment->offset, segment->filesz);
}

static bool segments_load(
    struct space *space, const struct elf_image *elf, const char *file) {
    for (unsigned i = 0; i < elf->count; i++) {
        if (!segment_load(space, &elf->segments[i], file)) {
            return false;
        }
    }
    space->brk_start = elf->end;
    space->brk = elf->end;
    return true;
}

// --- the vDSO ---------------------------------------------------------------

extern const char vdso_image[], vdso_image_end[]; // vdso.asm

// Returns its address, or 0.
static uintptr_t vdso_load(struct space *space) {
    size_t size = (size_t)(vdso_image_end - vdso_image);
    long at = space_map(space, 0, size, AREA_READ | PAGE_EXEC, PLACE_ANYWHERE);
    return at >= 0 && space_load(space, (uintptr_t)at, vdso_image, size)
               ? (uintptr_t)at
               : 0;
}

// --- the stack --------------------------------------------------------------

// Addresses that the auxiliary vector refers to.
struct stack_strings {
    uintptr_t vdso;
    uintptr_t random;
    uintptr_t path;
    uintptr_t args;
};

static uintptr_t push(
    struct space *space, uintptr_t top, const void *data, size_t size) {
    return top != 0 && space_load(space, top - size, data, size) ? top - size
                                                                 : 0;
}

static bool strings_push(
    struct space *space, const struct exec_args *args,
    struct stack_strings *out) {
    char random[RANDOM_SIZE];
    random_bytes(random, sizeof(random));
    out->vdso = vdso_load(space);
    out->random = push(space, USER_STACK_TOP, random, sizeof(random));
    out->path = push(space, out->random, args->path, strlen(args->path) + 1);
    out->args = push(space, out->path, args->strings, args->size);
    return out->vdso != 0 && out->args != 0;
}

// Pointers to `count` strings that begin at *string, and 0.
static uint64_t *pointers_put(
    uint64_t *word, const struct exec_args *args, unsigned count,
    size_t *offset, uintptr_t user) {
    for (unsigned i = 0; i < count; i++) {
        *word++ = user + *offset;
        *offset += strlen(args->strings + *offset) + 1;
    }
    *word++ = 0;
    return word;
}

static uint64_t *auxv_put(
    uint64_t *word, const struct elf_image *elf,
    const struct stack_strings *strings) {
    const uint64_t auxv[][2] = {
        {AT_PHDR, elf->phdr},
        {AT_PHENT, elf->phentsize},
        {AT_PHNUM, elf->phnum},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_ENTRY, elf->entry},
        {AT_UID, 0},
        {AT_EUID, 0},
        {AT_GID, 0},
        {AT_EGID, 0},
        {AT_CLKTCK, CLOCK_TICKS},
        {AT_SECURE, 0},
        {AT_RANDOM, strings->random},
        {AT_EXECFN, strings->path},
        {AT_SYSINFO_EHDR, strings->vdso},
        {AT_TOLLGATE_SYSPAGE, SYSPAGE_USER_VADDR},
        {AT_TOLLGATE_TOLLS, TOLL_AREA_VADDR},
        {AT_NULL, 0},
    };
    _Static_assert(ARRAY_SIZE(auxv) <= MAX_AUXV, "room on the stack");
    memcpy(word, auxv, sizeof(auxv));
    return word + sizeof(auxv) / sizeof(*word);
}

// Fill `words` and push them so that rsp is aligned. Returns rsp, or 0.
static uintptr_t words_push(
    struct space *space, const struct exec_args *args,
    const struct elf_image *elf, const struct stack_strings *strings,
    uint64_t *words) {
    uint64_t *word = words;
    size_t offset = 0;
    *word++ = args->argc;
    word = pointers_put(word, args, args->argc, &offset, strings->args);
    word = pointers_put(word, args, args->envc, &offset, strings->args);
    word = auxv_put(word, elf, strings);
    size_t size = (size_t)(word - words) * sizeof(*word);
    uintptr_t rsp = ALIGN_DOWN(strings->args - size, STACK_ALIGN);
    return space_load(space, rsp, words, size) ? rsp : 0;
}

static uintptr_t stack_build(
    struct space *space, const struct exec_args *args,
    const struct elf_image *elf) {
    struct stack_strings strings;
    if (space_map(
            space, USER_STACK_TOP - USER_STACK_SIZE, USER_STACK_SIZE,
            AREA_READ | PAGE_WRITE, PLACE_EXACT_FREE) < 0 ||
        !strings_push(space, args, &strings)) {
        return 0;
    }
    size_t count = 1 + args->argc + 1 + args->envc + 1 + 2 * MAX_AUXV;
    uint64_t *words = kalloc(count * sizeof(*words));
    if (words == NULL) {
        return 0;
    }
    uintptr_t rsp = words_push(space, args, elf, &strings, words);
    kfree(words);
    return rsp;
}

// --- all of it --------------------------------------------------------------

static long refuse(struct exec_image *out, long error, const char *reason) {
    format(out->reason, sizeof(out->reason), "%s", reason);
    return error;
}

static long space_build(
    const struct exec_args *args, const struct elf_image *elf, const char *file,
    struct exec_image *out) {
    out->space = space_create();
    if (out->space == NULL) {
        return refuse(out, -ENOMEM, "out of memory");
    }
    out->entry = elf->entry;
    if (segments_load(out->space, elf, file)) {
        out->stack = stack_build(out->space, args, elf);
    }
    if (out->stack == 0) {
        space_put(out->space);
        out->space = NULL;
        return refuse(out, -ENOMEM, "out of memory");
    }
    return 0;
}

static long file_check(
    long found, const struct tar_entry *entry, struct exec_image *out) {
    if (found != 0) {
        return refuse(out, found, "not found");
    }
    if (entry->type != TAR_FILE) {
        return refuse(out, -EACCES, "not a file");
    }
    if ((entry->mode & MODE_EXECUTE) == 0) {
        return refuse(out, -EACCES, "not executable");
    }
    return 0;
}

// What is too large for the kernel's stack.
struct exec_work {
    struct tar_entry entry;
    struct elf_image elf;
};

static long load_with(
    struct exec_work *work, const struct exec_args *args,
    struct exec_image *out) {
    long result =
        file_check(initrd_find(args->path, &work->entry), &work->entry, out);
    if (result != 0) {
        return result;
    }
    const char *reason =
        elf_parse(work->entry.data, work->entry.size, &work->elf);
    if (reason != NULL) {
        return refuse(out, -ENOEXEC, reason);
    }
    return space_build(args, &work->elf, work->entry.data, out);
}

long exec_load(const struct exec_args *args, struct exec_image *out) {
    memset(out, 0, sizeof(*out));
    struct exec_work *work = kalloc(sizeof(*work));
    if (work == NULL) {
        return refuse(out, -ENOMEM, "out of memory");
    }
    long result = load_with(work, args, out);
    kfree(work);
    return result;
}
