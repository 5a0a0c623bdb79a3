// SPDX-License-Identifier: MIT
// Threads whose waits have deadlines, by the timer that ends them: that of the
// CPU where the thread fell asleep, or the machine's.
//
// Locks: the scheduler's, for all of it.
#pragma once

#include "kernel/base/types.h"

struct thread;

// On the CPU that the thread leaves.
void sleeper_insert(struct thread *thread);
void sleeper_remove(struct thread *thread);

// The sleeper of this CPU's timer whose deadline is the first, if it has come
// by `now`; or NULL. It stays in.
struct thread *sleeper_due(uint64_t now);
