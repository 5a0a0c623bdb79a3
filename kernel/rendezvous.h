// SPDX-License-Identifier: MIT
// Have every CPU do something, and know when all have. A CPU that answers is
// never inside a custom callout: those run with interrupts off.
#pragma once

#include "kernel/base/types.h"

// Call fn(argument) on every CPU that is up, this one included, with
// interrupts off, and wait until all have returned. The wait has a limit; past
// it, a panic names a CPU that did not answer. fn takes no kernel lock that is
// held with interrupts off elsewhere while waiting for a rendezvous.
//
// Context:  thread context, interrupts on, no lock held.
// Ordering: what the caller wrote before is seen by fn; what fn wrote is seen
//           by the caller after.
void rendezvous(void (*fn)(void *argument), void *argument);

// Do this CPU's part. Called for IPI_RENDEZVOUS, interrupts off.
void rendezvous_answer(void);
