// SPDX-License-Identifier: MIT
// Kernel objects of up to a few pages. Any context in which a kernel lock may
// be taken.
#pragma once

#include "kernel/base/types.h"

// Zeroed memory, 16-byte aligned, or NULL.
MUST_CHECK void *kalloc(size_t size);

// Give kalloc()'s memory back; NULL is allowed.
void kfree(void *object);
