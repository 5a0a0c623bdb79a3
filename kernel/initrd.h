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

// Find a file or directory, links followed. Returns 0, or -ENOENT, -ELOOP.
MUST_CHECK long initrd_find(const char *path, struct tar_entry *out);
