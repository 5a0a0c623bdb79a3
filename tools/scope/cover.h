// SPDX-License-Identifier: MIT
// Coverage: how often each instruction of the image was executed. Code that
// runs as a copy counts for the original: callouts in the system page, the
// gate's thunks, the trampoline. Not followed are the pieces of woven interrupt
// entries, callouts that modules bring, and what a patcher made of more than
// CALLOUT_MAX_PATCHES places.
//
// Where CPUs run at once some executions are missed, never an instruction.
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/scope/qemu_plugin.h"

// Once, after image_read(). Complains on standard error.
bool cover_init(void);

// Count an instruction, as it is translated, if it is one of the image's.
void cover(struct qemu_plugin_insn *insn);

// One line for each instruction that was executed: its address in the image,
// hexadecimal, and how often.
void cover_write(FILE *to);
