// SPDX-License-Identifier: MIT
// Paths from programs.
#pragma once

#include "kernel/base/types.h"

#define AT_FDCWD ((uint64_t)-100)

// Copy a path and make it absolute: a relative one starts at the directory that
// a descriptor has open, AT_FDCWD being the process's current one. The caller
// frees *out, which is NULL with an error.
//
// Returns: 0, -EFAULT, -ENAMETOOLONG, -ENOENT for "", -EBADF, -ENOTDIR,
// -ENOMEM.
MUST_CHECK long path_from_user(uint64_t directory, uint64_t path, char **out);
