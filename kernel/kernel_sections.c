// SPDX-License-Identifier: MIT
// See kernel_sections.h. A CPU counts in one of two halves. To hand over, all
// CPUs change halves, which takes each a moment, and then the halves that
// nobody writes any more are added to the accounts with interrupts on.
#include "kernel/kernel_sections.h"

#include "kernel/base/seqlock.h"
#include "kernel/base/string.h"
#include "kernel/heap.h"
#include "kernel/rendezvous.h"
#include "kernel/toll_area.h"
#include "kernel/wait_queue.h"
#include "smp/ipi.h"
#include "smp/irqs_off.h"

// One CPU's.
struct room {
    struct irqs_off_meter meter;
    struct toll_section_account halves[2];
};

static struct mutex sections_mutex;
static struct room *rooms[MAX_CPUS]; // [sections_mutex] made once
static bool measuring;               // [sections_mutex]

static struct toll_section_account *account_of(cpu_id_t cpu) {
    return toll_area_at(toll_area()->sections[cpu]);
}

static bool room_make(cpu_id_t cpu) {
    if (rooms[cpu] != NULL) {
        return true;
    }
    struct room *room = kalloc(sizeof(*room));
    uint64_t offset;
    if (room == NULL ||
        toll_area_alloc(sizeof(struct toll_section_account), &offset) == NULL) {
        kfree(room);
        return false;
    }
    room->meter.counts = &room->halves[0];
    seqlock_set(&toll_area()->sections[cpu], offset);
    rooms[cpu] = room;
    return true;
}

static bool rooms_make(void) {
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu) && !room_make(cpu)) {
            return false;
        }
    }
    return true;
}

// --- on each CPU ------------------------------------------------------------

// The section that this very rendezvous is in becomes the first.
static void start(void *unused) {
    (void)unused;
    struct irqs_off_meter *meter = &rooms[this_cpu()->cpu_id]->meter;
    *meter = (struct irqs_off_meter){.counts = meter->counts};
    this_cpu()->irqs_off = meter;
    irqs_off_begin(TOLL_SECTION_START);
}

static void stop(void *unused) {
    (void)unused;
    this_cpu()->irqs_off = NULL;
}

static void change_halves(void *unused) {
    (void)unused;
    struct room *room = rooms[this_cpu()->cpu_id];
    bool first = room->meter.counts == &room->halves[0];
    room->meter.counts = &room->halves[first ? 1 : 0];
}

// --- handing over -----------------------------------------------------------

static void half_hand_over(
    struct toll_section_account *account, struct toll_section_account *half) {
    irqs_off_merge(account, half);
    memset(half, 0, sizeof(*half));
}

// What a CPU has counted: all of it but the half that it writes to.
static void room_hand_over(
    struct room *room, struct toll_section_account *account) {
    seqlock_begin(&account->sequence);
    for (unsigned i = 0; i < 2; i++) {
        if (!measuring || room->meter.counts != &room->halves[i]) {
            half_hand_over(account, &room->halves[i]);
        }
    }
    seqlock_end(&account->sequence);
}

// The mutex is held.
static void hand_over(void) {
    if (measuring) {
        rendezvous(change_halves, NULL);
    }
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (rooms[cpu] != NULL) {
            room_hand_over(rooms[cpu], account_of(cpu));
        }
    }
}

void kernel_sections_fold(void) {
    mutex_lock(&sections_mutex);
    hand_over();
    mutex_unlock(&sections_mutex);
}

void kernel_sections_reset(void) {
    mutex_lock(&sections_mutex);
    hand_over();
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (rooms[cpu] != NULL) {
            struct toll_section_account *account = account_of(cpu);
            seqlock_begin(&account->sequence);
            seqlock_clear(
                &account->sequence + 1,
                sizeof(*account) - sizeof(account->sequence));
            seqlock_end(&account->sequence);
        }
    }
    mutex_unlock(&sections_mutex);
}

bool kernel_sections_set(bool on) {
    mutex_lock(&sections_mutex);
    bool possible = !on || rooms_make();
    if (possible && on != measuring) {
        rendezvous(on ? start : stop, NULL);
        measuring = on;
        hand_over();
    }
    mutex_unlock(&sections_mutex);
    return possible;
}
