// SPDX-License-Identifier: MIT
// The places in a thunk's template (thunks.asm) that bind.c fills in: 32-bit
// words whose upper bits tell what belongs there; the lower eight are added.
#pragma once

enum place {
    PLACE_LOCK = 0x5a4b1000,     // address of the resource's lock
    PLACE_CALLOUT = 0x5a4b2000,  // callout, relative to the next byte
    PLACE_TYPE = 0x5a4b3000,     // a type ID
    PLACE_NEXT = 0x5a4b4000,     // the piece behind the refusal, relative
    PLACE_REFUSALS = 0x5a4b5000, // offset of the slot's count of refusals
    PLACE_WHERE = 0x5a4b6000,    // slot, and resource in the upper half
};
#define PLACE_MASK 0xffffff00u
