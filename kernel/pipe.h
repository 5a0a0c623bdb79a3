// SPDX-License-Identifier: MIT
// Pipes. Writes up to the buffer's size are not mixed with others. A write
// without a reader is -EPIPE; there is no signal for it.
#pragma once

#include "kernel/base/types.h"

struct file;

// Make a pipe and its two ends, a reference to each. Returns 0 or -ENOMEM.
MUST_CHECK long pipe_create(struct file **read_end, struct file **write_end);
