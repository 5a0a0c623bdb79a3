// SPDX-License-Identifier: MIT
// See shot.h.
#include "kernel/shot.h"

#include "kernel/base/x86.h"
#include "kernel/blame.h"
#include "kernel/clock.h"
#include "kernel/receipt.h"
#include "kernel/scheduler.h"
#include "kernel/thread.h"
#include "kernel/traps.h"
#include "smp/irqs_off.h"
#include "smp/percpu.h"

// From the end of a section to the handler of an interrupt that had to wait.
#define AT_ONCE_NS 2000

// An interrupt: when its handler began and ended, and where it struck.
struct strike {
    struct blame_section handler;
    uintptr_t rip;
    uintptr_t rsp;
    bool from_user;
    uint32_t vector;
};

// [c] its CPU only
struct strikes {
    struct strike now;
    struct strike last;
};

static struct strikes strikes[MAX_CPUS];

void shot_handler_begins(const struct regs *regs) {
    uint64_t began = rdtsc();
    strikes[this_cpu()->cpu_id].now = (struct strike){
        .handler = {began, began},
        .rip = regs->rip,
        .rsp = regs->rsp,
        .from_user = regs_from_user(regs),
    };
}

void shot_handler_ends(uint32_t vector) {
    struct strikes *cpu = &strikes[this_cpu()->cpu_id];
    cpu->now.vector = vector;
    cpu->now.handler.ended = rdtsc();
    cpu->last = cpu->now;
}

// The custom call that kept the interrupt from striking earlier, or NULL.
static const struct receipt *call_find(
    const struct percpu *cpu, const struct strike *strike) {
    if (cpu->receipt == cpu->receipts_base) {
        return NULL;
    }
    const struct receipt *last =
        (const struct receipt *)(cpu->receipt - RECEIPT_SIZE);
    bool returns_there = strike->from_user && last->rip == strike->rip;
    bool is_to_be_folded = !strike->from_user && cpu->receipts_folded == 0 &&
                           cpu->receipt > cpu->receipts_fold;
    return returns_there || is_to_be_folded ? last : NULL;
}

// The kernel's section that kept it, if they are measured (TOLL_FULL).
static void kernel_find(
    struct blame_evidence *evidence, struct toll_shot *shot) {
    const struct toll_section *last = irqs_off_last();
    if (last != NULL &&
        evidence->taken - last->ended < clock_cycles(AT_ONCE_NS)) {
        evidence->kernel = (struct blame_section){last->began, last->ended};
        shot->from = last->from;
        shot->to = last->to;
    }
}

void shot_take(struct toll_shot *shot) {
    const struct percpu *cpu = this_cpu();
    const struct strikes *struck = &strikes[cpu->cpu_id];
    const struct strike *now = &struck->now;
    const struct strike *last = &struck->last;
    // It may have begun just before, on another account.
    uint64_t began = now->handler.began;
    struct blame_evidence evidence = {
        .due = shot->due,
        .taken = began > shot->due ? began : shot->due,
        .call = call_find(cpu, now),
    };
    if (last->rip == now->rip && last->rsp == now->rsp) {
        evidence.handler = last->handler;
    }
    kernel_find(&evidence, shot);
    blame_split(&evidence, shot);
    shot->taken = evidence.taken;
    shot->cpu = cpu->cpu_id;
    shot->vector = last->vector;
    if (evidence.call != NULL) {
        shot->slot = evidence.call->slot;
        shot->type_id = evidence.call->type_id;
    }
}

bool shot_sleep(struct toll_shot *shot) {
    struct thread *thread = thread_current();
    if (shot->due <= rdtsc()) {
        return !thread_is_killed(thread);
    }
    thread->shot = shot;
    // In whole nanoseconds, one more, so that the counter has come so far.
    bool alive = scheduler_sleep_until(clock_ns_at(shot->due) + 1);
    thread->shot = NULL;
    return alive;
}
