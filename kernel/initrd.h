// SPDX-License-Identifier: MIT
// The root of the guest: the tar archives among the modules that GRUB loaded.
// Where two archives have the same path, the later module's counts.
#pragma once

#include "kernel/base/types.h"
#include "kernel/tar.h"

struct syspage_entry;

#define INITRD_MAX_LINKS 8 // that a path may lead over

void initrd_init(const struct syspage_entry *syspage);

// How many archives there are.
unsigned initrd_count(void);

// The entries of a directory, "" being the root, in an order that stays: fill
// in the first one whose place is at least *place, and set *place behind it.
// Links are not followed. Returns false after the last one.
MUST_CHECK bool initrd_list(
    const char *directory, uint64_t *place, struct tar_entry *out);

// Find a file or directory, links followed. Returns 0, or -ENOENT, -ELOOP.
MUST_CHECK long initrd_find(const char *path, struct tar_entry *out);
