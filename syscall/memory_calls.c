// SPDX-License-Identifier: MIT
// Kernel calls about memory: mmap(2), munmap(2), mprotect(2), madvise(2),
// brk(2).
#include "kernel/base/layout.h"
#include "kernel/errno.h"
#include "kernel/paging.h"
#include "kernel/process.h"
#include "kernel/space.h"
#include "syscall/calls.h"

#define PROT_READ 0x1ul
#define PROT_WRITE 0x2ul
#define PROT_EXEC 0x4ul
#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

#define MAP_SHARED 0x1
#define MAP_PRIVATE 0x2
#define MAP_TYPE 0xf
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_FIXED_NOREPLACE 0x100000

#define MADV_DONTNEED 4

// Any right implies reading, as it does on this processor.
static uint32_t area_flags(uint64_t prot) {
    return ((prot & PROT_ALL) ? AREA_READ : 0) |
           ((prot & PROT_WRITE) ? PAGE_WRITE : 0) |
           ((prot & PROT_EXEC) ? PAGE_EXEC : 0);
}

static enum space_place place_of(uint64_t flags) {
    if (flags & MAP_FIXED_NOREPLACE) {
        return PLACE_EXACT_FREE;
    }
    return (flags & MAP_FIXED) ? PLACE_EXACT : PLACE_ANYWHERE;
}

// Anonymous memory only. Shared is private too: no other process could have it.
long call_mmap(
    uint64_t address, uint64_t size, uint64_t prot, uint64_t flags, uint64_t fd,
    uint64_t offset) {
    (void)fd;
    (void)offset;
    uint64_t type = flags & MAP_TYPE;
    if ((flags & MAP_ANONYMOUS) == 0) {
        return -ENODEV;
    }
    if ((type != MAP_SHARED && type != MAP_PRIVATE) || (prot & ~PROT_ALL)) {
        return -EINVAL;
    }
    return space_map(
        process_current()->space, address, size, area_flags(prot),
        place_of(flags));
}

long call_munmap(uint64_t address, uint64_t size) {
    return space_unmap(process_current()->space, address, size);
}

long call_mprotect(uint64_t address, uint64_t size, uint64_t prot) {
    if (prot & ~PROT_ALL) {
        return -EINVAL;
    }
    return space_protect(
        process_current()->space, address, size, area_flags(prot));
}

// The other kinds of advice may be ignored.
long call_madvise(uint64_t address, uint64_t size, uint64_t advice) {
    if (advice != MADV_DONTNEED) {
        return 0;
    }
    return space_discard(process_current()->space, address, size);
}

long call_brk(uint64_t address) {
    return (long)space_set_brk(process_current()->space, address);
}
