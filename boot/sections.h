// SPDX-License-Identifier: MIT
// Each section of the system page, from what startup knows of the machine. The
// names are those of QNX's startup library. All run before syspage_size().
#pragma once

#include "boot/machine.h"

void init_system_private(const struct machine *machine);
void init_cpuinfo(const struct machine *machine);
void init_cacheattr(const struct machine *machine);
void init_hwinfo(const struct machine *machine);
void init_qtime(const struct machine *machine);
void init_smp(const struct machine *machine);
void init_strings(const struct machine *machine);

// Custom callouts: boot/custom.c.
void init_custom(const struct machine *machine);

// Choose a version of each callout that fits the machine: boot/versions.c.
void init_callouts(const struct machine *machine);
