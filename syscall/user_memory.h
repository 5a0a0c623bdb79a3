// SPDX-License-Identifier: MIT
// The one door between kernel and user memory. Every address of a program's is
// checked here, and a page that it may not touch is an error, not a fault.
//
// Context of all: thread context, interrupts on, no spinlock held: pages may
// have to be brought in.
#pragma once

#include "kernel/base/types.h"

// False if not all of it is the calling program's to read, or to write. What
// lies before the first such byte may have been copied.
MUST_CHECK bool copy_from_user(void *to, uintptr_t from, size_t size);
MUST_CHECK bool copy_to_user(uintptr_t to, const void *from, size_t size);

// Copy a string and its terminator. Returns its length, -EFAULT, or
// -ENAMETOOLONG if it does not fit into `size` bytes.
MUST_CHECK long string_from_user(char *to, uintptr_t from, size_t size);
