// SPDX-License-Identifier: MIT
// The system page of the machine that runs (callouts/syspage.h), read in the
// emulator's own memory, where the guest's lies: which code startup and the
// kernel made at run time, and what it is called.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/scope/image.h"

// An instruction of the system page's code is about to be translated: its
// virtual address, and where it lies in this process. The first such address
// leads to the page, once.
void machine_seen(uint64_t address, const void *host);

// The interrupt vector whose entry begins at an address, or -1.
int machine_vector_of(uint64_t address);

// Read 8 bytes of the guest's memory by their offset in its RAM. False as long
// as the system page was not seen.
bool machine_read(uint64_t ram_offset, uint64_t *value);

// What is called so: a slot's callout, "" if none is bound; a vector's group.
void machine_slot_name(uint32_t slot, char name[NAME_SIZE]);
void machine_vector_name(uint32_t vector, char name[NAME_SIZE]);

// Write the name of a code address: of the image, a callout, a thunk.
void machine_name(uint64_t address, char name[NAME_SIZE]);

// Which callout of the system page a code address is in: the address's offset
// in it, and in *bytes, for the caller to free, its code of *size bytes as it
// was before it was patched. *bytes is NULL where there is none.
uint64_t machine_callout(uint64_t address, uint8_t **bytes, size_t *size);
