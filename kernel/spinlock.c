// SPDX-License-Identifier: MIT
// See spinlock.h.
#include "kernel/spinlock.h"

#include "kernel/panic.h"
#include "kernel/shootdown.h"
#include "kernel/symbols.h"
#include "kernel/wait.h"
#include "smp/percpu.h"

static void spin_wait(struct spinlock *lock, uint32_t mine) {
    cycles_t start = rdtsc();
    while (!ticket_is_served(&lock->ticket, mine)) {
        pause();
        shootdown_poll();
        if (wait_is_over(start)) {
            char where[96];
            symbol_name(lock->taken_at, where, sizeof(where));
            panic(
                "lock %s: ticket %u waits too long; CPU %u took it at %s",
                lock->name, mine, lock->holder, where);
        }
    }
}

void spin_take(struct spinlock *lock) {
    uint32_t mine = ticket_take(&lock->ticket);
    if (!ticket_is_served(&lock->ticket, mine)) {
        spin_wait(lock, mine);
    }
    lock->holder = this_cpu()->cpu_id;
    lock->taken_at = (uintptr_t)__builtin_return_address(0);
}
