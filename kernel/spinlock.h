// SPDX-License-Identifier: MIT
// The kernel's own lock: a ticket lock that is held with interrupts off and
// answers TLB shoot-downs while it waits.
#pragma once

#include "smp/irq.h"
#include "smp/ticket.h"

struct spinlock {
    struct ticket ticket;
    const char *name;
    cpu_id_t holder;    // [a] for messages: who has it, or had it last
    uintptr_t taken_at; // [a] and where it was taken
};

#define SPINLOCK_INITIALIZER(lock_name)                                        \
    { .ticket = TICKET_INITIALIZER, .name = lock_name }

// Take the lock.
//
// Context: interrupts off.
void spin_take(struct spinlock *lock);

// Turn interrupts off and take the lock. Returns whether they were on, for
// spin_unlock(). Waiting has a limit; past it, a panic names the lock.
//
// Context:  this CPU does not hold the lock.
// Ordering: acquire; spin_unlock() releases.
MUST_CHECK IRQ_INLINE bool spin_lock(struct spinlock *lock) {
    bool irq = irq_save_as(TOLL_SECTION_LOCK);
    spin_take(lock);
    return irq;
}

IRQ_INLINE void spin_unlock(struct spinlock *lock, bool irq) {
    ticket_unlock(&lock->ticket);
    irq_restore(irq);
}

// The same for who has interrupts off, or wants them off from now on: they stay
// off when the lock is released with spin_unlock(lock, false).
IRQ_INLINE void spin_lock_irq_off(struct spinlock *lock) {
    bool irq = spin_lock(lock);
    (void)irq;
}
