// SPDX-License-Identifier: MIT
// Between process.c and first_program.c.
#pragma once

#include "kernel/process.h"

// The process of the first program and its thread, not yet ready to run. NULL
// without memory.
MUST_CHECK struct thread *process_create_first(
    const struct exec_image *image, const char *path, uint32_t type_id);

// The registers that a program starts with.
void process_start_regs(struct regs *regs, const struct exec_image *image);
