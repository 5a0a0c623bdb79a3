// SPDX-License-Identifier: MIT
// Locks to be compared on the host: ours, by the kernel's own headers, and
// those of Debian's libck-dev (Concurrency Kit), each by the same few verbs: as
// functions in a table for who validates, as macros for who counts cycles.
#pragma once

#include <ck_spinlock.h>

#include "smp/resource_lock.h"

#define CONTENDER_CPUS 8 // threads that a lock has room for

// Room for any of them.
struct contender_lock {
    ALIGNED(LOCK_LINE) union {
        struct resource_lock ours;
        ck_spinlock_fas_t ck_fas;
        ck_spinlock_cas_t ck_cas;
        ck_spinlock_ticket_t ck_ticket;
        ck_spinlock_mcs_t ck_mcs;
        ck_spinlock_clh_t *ck_clh;
        ck_spinlock_anderson_t ck_anderson;
    };
    // What libck has its callers keep for each thread, a line for each.
    struct {
        ALIGNED(LOCK_LINE) union {
            ck_spinlock_mcs_context_t mcs;
            struct {
                ck_spinlock_clh_t *mine;
                ALIGNED(LOCK_LINE) ck_spinlock_clh_t node;
            } clh;
            ck_spinlock_anderson_thread_t *slot;
        };
    } threads[CONTENDER_CPUS];
    ALIGNED(LOCK_LINE) ck_spinlock_clh_t ck_clh_first;
    ck_spinlock_anderson_thread_t ck_slots[CONTENDER_CPUS];
};

struct contender {
    const char *name;
    bool is_ours;
    bool is_fair;
    void (*init)(struct contender_lock *lock);
    void (*lock)(struct contender_lock *lock, cpu_id_t cpu);
    bool (*trylock)(struct contender_lock *lock, cpu_id_t cpu); // NULL: none
    void (*unlock)(struct contender_lock *lock, cpu_id_t cpu);
    bool (*locked)(struct contender_lock *lock);
    // Of a fair lock: changes with each that asks.
    uint64_t (*last)(struct contender_lock *lock);
    // Of a lock for so many CPUs, with a line for each word that is to have
    // one.
    size_t (*bytes)(uint32_t cpus);
};

extern const struct contender contenders[];
extern const size_t num_contenders;

// Every contender's verbs, in terms of x, the struct contender_lock, and c, the
// CPU, which need not be used:
//     CONTENDER(name, ours, fair, tries, init, lock, trylock, unlock, locked,
//         last, bytes)
// `tries` is 0 where there is no trylock, as in libck's clh and anderson.
// clang-format off
#define OUR_CONTENDERS(CONTENDER)                                              \
    CONTENDER(ticket, 1, 1, 1,                                                 \
        ticket_init(&x->ours.ticket), ticket_lock(&x->ours.ticket),            \
        ticket_trylock(&x->ours.ticket), ticket_unlock(&x->ours.ticket),       \
        ticket_locked(&x->ours.ticket), CONTENDER_LOAD(x->ours.ticket.next),   \
        sizeof(struct ticket))                                                 \
    CONTENDER(ticket_pb, 1, 1, 1,                                              \
        ticket_pb_init(&x->ours.ticket_pb),                                    \
        ticket_pb_lock(&x->ours.ticket_pb),                                    \
        ticket_pb_trylock(&x->ours.ticket_pb),                                 \
        ticket_pb_unlock(&x->ours.ticket_pb),                                  \
        ticket_pb_locked(&x->ours.ticket_pb),                                  \
        CONTENDER_LOAD(x->ours.ticket_pb.ticket.next), sizeof(struct ticket_pb))\
    CONTENDER(mcs, 1, 1, 1,                                                    \
        mcs_init(&x->ours.mcs, CONTENDER_CPUS), mcs_lock(&x->ours.mcs, c),     \
        mcs_trylock(&x->ours.mcs, c), mcs_unlock(&x->ours.mcs, c),             \
        mcs_locked(&x->ours.mcs), CONTENDER_LOAD(x->ours.mcs.tail),            \
        offsetof(struct mcs, nodes) + cpus * LOCK_LINE)                        \
    CONTENDER(clh, 1, 1, 1,                                                    \
        clh_init(&x->ours.clh, CONTENDER_CPUS), clh_lock(&x->ours.clh, c),     \
        clh_trylock(&x->ours.clh, c), clh_unlock(&x->ours.clh, c),             \
        clh_locked(&x->ours.clh), CONTENDER_LOAD(x->ours.clh.tail),            \
        offsetof(struct clh, nodes) + (1 + cpus) * LOCK_LINE)                  \
    CONTENDER(anderson, 1, 1, 1,                                               \
        anderson_init(&x->ours.anderson, CONTENDER_CPUS),                      \
        anderson_lock(&x->ours.anderson, c),                                   \
        anderson_trylock(&x->ours.anderson, c),                                \
        anderson_unlock(&x->ours.anderson, c),                                 \
        anderson_locked(&x->ours.anderson), CONTENDER_LOAD(x->ours.anderson.next),\
        offsetof(struct anderson, nodes) + anderson_lines(cpus) * LOCK_LINE)   \
    CONTENDER(tas, 1, 0, 1,                                                    \
        tas_init(&x->ours.tas), tas_lock(&x->ours.tas),                        \
        tas_trylock(&x->ours.tas), tas_unlock(&x->ours.tas),                   \
        tas_locked(&x->ours.tas), 0, sizeof(struct tas))                       \
    CONTENDER(ttas, 1, 0, 1,                                                   \
        ttas_init(&x->ours.ttas), ttas_lock(&x->ours.ttas),                    \
        ttas_trylock(&x->ours.ttas), ttas_unlock(&x->ours.ttas),               \
        ttas_locked(&x->ours.ttas), 0, sizeof(struct ttas))

#define CK_CONTENDERS(CONTENDER)                                               \
    CONTENDER(ck_ticket, 0, 1, 1,                                              \
        ck_spinlock_ticket_init(&x->ck_ticket),                                \
        ck_spinlock_ticket_lock(&x->ck_ticket),                                \
        ck_spinlock_ticket_trylock(&x->ck_ticket),                             \
        ck_spinlock_ticket_unlock(&x->ck_ticket),                              \
        ck_spinlock_ticket_locked(&x->ck_ticket),                              \
        ck_pr_load_32(&x->ck_ticket.value) >> 16, sizeof(ck_spinlock_ticket_t))\
    CONTENDER(ck_ticket_pb, 0, 1, 1,                                           \
        ck_spinlock_ticket_init(&x->ck_ticket),                                \
        ck_spinlock_ticket_lock_pb(&x->ck_ticket, 5),                          \
        ck_spinlock_ticket_trylock(&x->ck_ticket),                             \
        ck_spinlock_ticket_unlock(&x->ck_ticket),                              \
        ck_spinlock_ticket_locked(&x->ck_ticket),                              \
        ck_pr_load_32(&x->ck_ticket.value) >> 16, sizeof(ck_spinlock_ticket_t))\
    CONTENDER(ck_mcs, 0, 1, 1,                                                 \
        ck_spinlock_mcs_init(&x->ck_mcs),                                      \
        ck_spinlock_mcs_lock(&x->ck_mcs, &x->threads[c].mcs),                  \
        ck_spinlock_mcs_trylock(&x->ck_mcs, &x->threads[c].mcs),               \
        ck_spinlock_mcs_unlock(&x->ck_mcs, &x->threads[c].mcs),                \
        ck_spinlock_mcs_locked(&x->ck_mcs),                                    \
        (uint64_t)ck_pr_load_ptr(&x->ck_mcs),                                  \
        LOCK_LINE + cpus * LOCK_LINE)                                          \
    CONTENDER(ck_clh, 0, 1, 0,                                                 \
        ck_clh_prepare(x),                                                     \
        ck_spinlock_clh_lock(&x->ck_clh, x->threads[c].clh.mine),              \
        false,                                                                 \
        ck_spinlock_clh_unlock(&x->threads[c].clh.mine),                       \
        ck_spinlock_clh_locked(&x->ck_clh),                                    \
        (uint64_t)ck_pr_load_ptr(&x->ck_clh),                                  \
        LOCK_LINE + (1 + cpus) * LOCK_LINE)                                    \
    CONTENDER(ck_anderson, 0, 1, 0,                                            \
        ck_spinlock_anderson_init(                                             \
            &x->ck_anderson, x->ck_slots, CONTENDER_CPUS),                     \
        ck_spinlock_anderson_lock(&x->ck_anderson, &x->threads[c].slot),       \
        false,                                                                 \
        ck_spinlock_anderson_unlock(&x->ck_anderson, x->threads[c].slot),      \
        ck_spinlock_anderson_locked(&x->ck_anderson),                          \
        ck_pr_load_uint(&x->ck_anderson.next),                                 \
        sizeof(ck_spinlock_anderson_t) +                                       \
            cpus * sizeof(ck_spinlock_anderson_thread_t))                      \
    CONTENDER(ck_fas, 0, 0, 1,                                                 \
        ck_spinlock_fas_init(&x->ck_fas), ck_spinlock_fas_lock(&x->ck_fas),    \
        ck_spinlock_fas_trylock(&x->ck_fas),                                   \
        ck_spinlock_fas_unlock(&x->ck_fas),                                    \
        ck_spinlock_fas_locked(&x->ck_fas), 0, sizeof(ck_spinlock_fas_t))      \
    CONTENDER(ck_cas, 0, 0, 1,                                                 \
        ck_spinlock_cas_init(&x->ck_cas), ck_spinlock_cas_lock(&x->ck_cas),    \
        ck_spinlock_cas_trylock(&x->ck_cas),                                   \
        ck_spinlock_cas_unlock(&x->ck_cas),                                    \
        ck_spinlock_cas_locked(&x->ck_cas), 0, sizeof(ck_spinlock_cas_t))
// clang-format on

#define CONTENDERS(CONTENDER) OUR_CONTENDERS(CONTENDER) CK_CONTENDERS(CONTENDER)

#define CONTENDER_LOAD(word) atomic_load_explicit(&(word), memory_order_relaxed)

// Each thread has a line to begin with, and the lock another one.
static inline void ck_clh_prepare(struct contender_lock *x) {
    ck_spinlock_clh_init(&x->ck_clh, &x->ck_clh_first);
    for (cpu_id_t c = 0; c < CONTENDER_CPUS; c++) {
        x->threads[c].clh.mine = &x->threads[c].clh.node;
    }
}
