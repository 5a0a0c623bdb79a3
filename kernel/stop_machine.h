// SPDX-License-Identifier: MIT
// Change what every CPU executes: all of them stand still meanwhile.
#pragma once

// Have all other CPUs wait with interrupts off, outside of every callout, then
// call fn(argument) on this one, interrupts off, then let them go on.
//
// Context: thread context, interrupts on, no lock held.
void stop_machine(void (*fn)(void *argument), void *argument);

// The same, and every CPU, this one included, calls each(argument) with
// interrupts off before it goes on.
//
// Context: as above.
void stop_machine_then(
    void (*fn)(void *argument), void (*each)(void *argument), void *argument);
