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
    PLACE_GUARD = 0x5a4b7000,    // address of the thunk with the lock
    PLACE_KEPT = 0x5a4b8000,     // gate_guard_kept, relative
    PLACE_ALONE = 0x5a4b9000,    // slot, and no resource in the upper half
    PLACE_END = 0x5a4ba000,
};
#define PLACE_MASK 0xffffff00u

// What a callout that guards itself can do wrong.
enum guard_misuse { GUARD_TWICE, GUARD_NOT_HELD, GUARD_KEPT };
