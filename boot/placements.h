// SPDX-License-Identifier: MIT
// What the two passes of boot/syspage.c need of the callouts that were added.
#pragma once

#include "kernel/base/types.h"

// Put all callouts, then the interrupt entry code, from `offset` on; say where
// they end. Without a page nothing is written: pass one.
uint32_t code_place(uint8_t *page, uint32_t offset);

// Give each storage area its place from `offset` on; say where they end.
uint32_t storage_layout(uint32_t offset);

// Where the callout section has the pointer at this offset of it.
uint64_t *callout_pointer(uint32_t offset);

// The index in callout_info of the callout that is placed next.
uint32_t next_info_index(void);

#define INT3 0xcc // between callouts
