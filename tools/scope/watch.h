// SPDX-License-Identifier: MIT
// Which instructions of the kernel the sections hear of (section.h).
//
// Only the kernel's half is watched: elsewhere interrupts are on, since
// programs can't turn them off (IOPL is 0). How interrupts came to be off is
// told by addresses, those of the gate's and the exceptions' entries in the
// image and those of the woven interrupt entries in the system page. What IRET
// and POPF make of them is read in the guest's memory.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/scope/qemu_plugin.h"
#include "tools/scope/report.h"

// Once, after image_read(). `log` gets a line for each custom call, or is NULL.
// Complains on standard error.
bool watch_init(uint32_t num_cpus, FILE *log);

// Have an instruction at an address of the kernel watched, as it is translated.
void watch(struct qemu_plugin_insn *insn, uint64_t address);

// Write what was found, when no CPU runs any more.
void watch_report(FILE *to, void (*print)(FILE *to, const struct report *));
