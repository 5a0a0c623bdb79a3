// SPDX-License-Identifier: MIT
// See gate.h, and entry.asm for the path itself.
#include "syscall/gate.h"

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/regs.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"
#include "kernel/base/x86.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/stop_machine.h"
#include "kernel/tolls.h"
#include "smp/ipi.h"
#include "smp/percpu.h"
#include "smp/resource_lock.h"
#include "syscall/abi.h"
#include "syscall/bind.h"
#include "syscall/modules.h"
#include "syscall/thunks.h"

// RFLAGS that SYSCALL clears: interrupts off, no trap, strings upward, no
// access to user pages, and nothing that the exit would refuse.
#define SYSCALL_FLAGS_OFF                                                      \
    (RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_AC | RFLAGS_NT | RFLAGS_IOPL | \
     RFLAGS_RF)
#define ADDRESS_BIT (1ul << 31)

void gate_entry(void);
void gate_entry_measured(void);
void gate_compat(void);
void gate_guard_take(void);
void gate_guard_release(void);

// Called by entry.asm, in thread context with interrupts on.
void gate_refuse(struct regs *regs, uint64_t left);
void gate_fold(struct regs *regs);

// Called by entry.asm with interrupts off.
_Noreturn void gate_misuse(struct regs *regs, enum guard_misuse how);

static struct syspage_entry *gate_syspage;
static int toll; // [stopped] changed while the machine is stopped

// --- what a callout left behind ---------------------------------------------

static const char *slot_name(uint64_t slot) {
    const struct custom_entry *custom = SYSPAGE_ENTRY(gate_syspage, custom);
    return slot < CALLOUT_SLOTS ? custom->slots[slot].name : "?";
}

static const char *frame_fault(const struct regs *regs) {
    if (regs->cs != USER_CS || regs->ss != USER_SS) {
        return "selectors";
    }
    if (regs->rip >= 1ul << 47) {
        return "rip";
    }
    if (regs->rsp >= 1ul << 47) {
        return "rsp";
    }
    return "rflags";
}

// A callout left something that is not fit for ring 3. If it turned interrupts
// on or lost the stack, that is a fault of its own. If the frame is bad, the
// caller pays, who may have brought that along: NT set, rsp in the kernel.
void gate_refuse(struct regs *regs, uint64_t left) {
    tolls_fold(); // the measured entry has not looked whether it must be done
    uint64_t slot = regs->rax >> 32;
    const char *name = slot_name(slot);
    if (left & ADDRESS_BIT) {
        panic_with_regs(
            regs, "slot %lu %s: the callout lost the stack, called from %lx",
            slot, name, regs->rip);
    }
    if (left & RFLAGS_IF) {
        panic_with_regs(
            regs, "slot %lu %s: the callout turned interrupts on", slot, name);
    }
    kprintf(
        "tollgate: slot %lu %s: the frame is unfit for ring 3: bad %s\n", slot,
        name, frame_fault(regs));
    regs->cs = USER_CS;
    regs->ss = USER_SS;
    regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
    process_fault(regs, VECTOR_GENERAL_PROTECTION, 0, 0);
}

// A callout that guards itself did not do so as it must. Who else waits for the
// lock can not be helped.
_Noreturn void gate_misuse(struct regs *regs, enum guard_misuse how) {
    static const char *const texts[] = {
        [GUARD_TWICE] = "took the lock of its resource twice",
        [GUARD_NOT_HELD] = "released a lock that it did not hold",
        [GUARD_KEPT] = "returned without releasing the lock of its resource",
    };
    uint64_t slot = regs->rax >> 32;
    panic_with_regs(
        regs, "slot %lu %s: the callout %s", slot, slot_name(slot), texts[how]);
}

void gate_fold(struct regs *regs) {
    (void)regs;
    tolls_fold();
}

// --- choices ----------------------------------------------------------------

void gate_init_cpu(void) {
    this_cpu()->lock_take = (uintptr_t)gate_guard_take;
    this_cpu()->lock_release = (uintptr_t)gate_guard_release;
    wrmsr(
        MSR_STAR, (uint64_t)STAR_SYSRET_BASE << 48 | (uint64_t)KERNEL_CS << 32);
    wrmsr(MSR_CSTAR, (uintptr_t)gate_compat);
    wrmsr(MSR_SFMASK, SYSCALL_FLAGS_OFF);
    wrmsr(
        MSR_LSTAR, toll == TOLL_OFF ? (uintptr_t)gate_entry
                                    : (uintptr_t)gate_entry_measured);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE);
}

// A free lock of the kind that the system page says. No CPU is inside the gate.
static void lock_init(const struct custom_resource *resource) {
    resource_lock_init(
        (struct resource_lock *)((char *)gate_syspage + resource->lock),
        resource->lock_kind, gate_syspage->num_cpu);
}

static void locks_init(void) {
    const struct custom_entry *custom = SYSPAGE_ENTRY(gate_syspage, custom);
    for (uint32_t i = 0; i < custom->num_resources; i++) {
        lock_init(&custom->resources[i]);
    }
}

void gate_init(struct syspage_entry *syspage) {
    gate_syspage = syspage;
    locks_init();
    bind_init(syspage);
    modules_init(syspage);
    toll = (int)SYSPAGE_ENTRY(syspage, system_private)->toll;
}

struct toll_choice {
    int choice;
    int before;
};

// The bare path does not count: the numbers of arrivals, entries and places in
// a queue begin anew, all of them together, and no call that is measured meets
// one that is not.
static void toll_apply(void *argument) {
    struct toll_choice *wanted = argument;
    wanted->before = toll;
    toll = wanted->choice;
    SYSPAGE_ENTRY(gate_syspage, system_private)->toll = (uint32_t)toll;
    locks_init();
}

static void entry_apply(void *argument) {
    (void)argument;
    gate_init_cpu();
}

int gate_set_toll(int choice) {
    struct toll_choice wanted = {choice, choice};
    stop_machine_then(toll_apply, entry_apply, &wanted);
    return wanted.before;
}

struct lock_choice {
    uint32_t resource;
    uint32_t kind;
};

static void lock_apply(void *argument) {
    const struct lock_choice *choice = argument;
    struct custom_entry *custom = SYSPAGE_ENTRY(gate_syspage, custom);
    struct custom_resource *resource = &custom->resources[choice->resource];
    resource->lock_kind = choice->kind;
    lock_init(resource);
    for (cpu_id_t cpu = 0; cpu < MAX_CPUS; cpu++) {
        if (cpu_set_has(&cpus_up, cpu)) {
            tolls_forget_resource(percpu_of(cpu), choice->resource);
        }
    }
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        if (custom->slots[slot].code != 0 &&
            custom->slots[slot].resource == choice->resource) {
            bind_slot(slot);
        }
    }
}

bool gate_set_lock(uint32_t resource, uint32_t kind) {
    if (resource >= SYSPAGE_ENTRY(gate_syspage, custom)->num_resources ||
        kind >= NUM_LOCK_KINDS) {
        return false;
    }
    struct lock_choice choice = {resource, kind};
    stop_machine(lock_apply, &choice);
    return true;
}

struct fence_choice {
    uint32_t slot;
    bool fenced;
    int before;
};

// The machine is stopped: the slot may have been unbound until now.
static void fence_apply(void *argument) {
    struct fence_choice *choice = argument;
    struct custom_slot *slot =
        &SYSPAGE_ENTRY(gate_syspage, custom)->slots[choice->slot];
    if (slot->code == 0) {
        choice->before = -EINVAL;
        return;
    }
    choice->before = slot->fenced != 0;
    slot->fenced = choice->fenced;
    bind_slot(choice->slot);
}

int gate_set_fence(uint32_t slot, bool fenced) {
    if (slot >= CALLOUT_SLOTS) {
        return -EINVAL;
    }
    struct fence_choice choice = {slot, fenced, 0};
    stop_machine(fence_apply, &choice);
    return choice.before;
}
