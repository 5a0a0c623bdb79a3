// SPDX-License-Identifier: MIT
// See user_memory.h.
#include "syscall/user_memory.h"

#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/errno.h"

// In user_copy.asm. Returns how many bytes were left when it met a bad page.
size_t user_copy(void *to, const void *from, size_t size);

static bool range_is_user(uintptr_t address, size_t size) {
    return address <= USER_END && size <= USER_END - address;
}

bool copy_from_user(void *to, uintptr_t from, size_t size) {
    return range_is_user(from, size) &&
           user_copy(to, (const void *)from, size) == 0;
}

bool copy_to_user(uintptr_t to, const void *from, size_t size) {
    return range_is_user(to, size) && user_copy((void *)to, from, size) == 0;
}

// Page by page: the string may end before the page that follows it begins.
long string_from_user(char *to, uintptr_t from, size_t size) {
    size_t length = 0;
    while (length < size) {
        size_t part = PAGE_SIZE - (from + length) % PAGE_SIZE;
        part = part < size - length ? part : size - length;
        if (!copy_from_user(to + length, from + length, part)) {
            return -EFAULT;
        }
        size_t found = strnlen(to + length, part);
        length += found;
        if (found < part) {
            return (long)length;
        }
    }
    return -ENAMETOOLONG;
}
