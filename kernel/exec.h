// SPDX-License-Identifier: MIT
// From a program's path and strings to an address space that is ready to run.
#pragma once

#include "kernel/base/types.h"
#include "kernel/elf.h"

#define EXEC_MAX_STRINGS 1024      // arguments and environment together
#define EXEC_STRINGS_SIZE 0x8000ul // bytes of them, terminators included

struct space;

// The strings follow each other: argv, then envp, each with its terminator.
struct exec_args {
    const char *path;
    const char *strings;
    size_t size;
    unsigned argc;
    unsigned envc;
};

struct exec_image {
    struct space *space; // one reference
    uintptr_t entry;
    uintptr_t stack;              // rsp: at argc
    char reason[ELF_REASON_SIZE]; // "", or why the program was refused
};

// Load a program. Returns 0; or a negated errno, with a reason, and no space.
//
// Context: thread context, no lock held.
MUST_CHECK long exec_load(const struct exec_args *args, struct exec_image *out);
