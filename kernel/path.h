// SPDX-License-Identifier: MIT
// Paths, as text: pure C, tests/host/path_test.c.
#pragma once

#include "kernel/base/types.h"

// Write to `out`, of `size` bytes, the absolute path that `path` means where
// `directory`, itself absolute, is the current one: without "." and "..", empty
// parts or a final slash. ".." goes back by text, over a link's name too.
// Returns false if it does not fit.
MUST_CHECK bool path_absolute(
    char *out, size_t size, const char *directory, const char *path);
