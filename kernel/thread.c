// SPDX-License-Identifier: MIT
// See thread.h. Kernel stacks are mapped once and then recycled, so the tables
// of the kernel's half never shrink and no CPU holds a stale translation.
#include "kernel/thread.h"

#include <stdatomic.h>

#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/futex.h"
#include "kernel/heap.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "kernel/process.h"
#include "kernel/scheduler.h"
#include "kernel/signal_frame.h"
#include "kernel/space.h"
#include "kernel/spinlock.h"
#include "kernel/traps.h"
#include "smp/irq.h"

// Initial x87 and SSE control: all exceptions masked, as the psABI wants.
#define FX_FCW_OFFSET 0
#define FX_FCW_INITIAL 0x37f
#define FX_MXCSR_OFFSET 24
#define FX_MXCSR_INITIAL 0x1f80
#define SAVED_REGISTERS 6 // that thread_switch() pops

_Static_assert(
    THREAD_STACK_SIZE < THREAD_STACK_STRIDE, "a guard below every stack");
_Static_assert(
    sizeof(struct regs) % 16 == 0, "thread_start needs an aligned stack");

// A free stack's link lies at its top.
struct free_stack {
    struct free_stack *next;
};

static struct spinlock stack_lock = SPINLOCK_INITIALIZER("stacks");
static struct free_stack *free_stacks; // [stack_lock]
static uint32_t stacks_made;           // [stack_lock]
static _Atomic uint32_t last_tid;

// --- stacks -----------------------------------------------------------------

static struct free_stack *stack_link(uintptr_t top) {
    return (struct free_stack *)(top - sizeof(struct free_stack));
}

static uintptr_t stack_top_of(const struct free_stack *link) {
    return (uintptr_t)(link + 1);
}

// What is mapped of a half-made stack stays and is used by the next attempt.
static bool stack_map(uintptr_t top) {
    for (uintptr_t at = top - THREAD_STACK_SIZE; at < top; at += PAGE_SIZE) {
        paddr_t page;
        uint32_t flags;
        if (paging_lookup(paging_kernel_root, at, &page, &flags)) {
            continue;
        }
        page = page_alloc();
        if (page == 0) {
            return false;
        }
        if (!paging_map(paging_kernel_root, at, page, PAGE_WRITE)) {
            page_free(page);
            return false;
        }
    }
    return true;
}

uint32_t thread_limit(void) {
    size_t stacks = pages_total_count() / MEMORY_PER_STACKS /
                    (THREAD_STACK_SIZE / PAGE_SIZE);
    return stacks < MAX_THREADS ? (uint32_t)stacks : MAX_THREADS;
}

static uintptr_t stack_alloc(void) {
    bool irq = spin_lock(&stack_lock);
    uintptr_t top = 0;
    if (free_stacks != NULL) {
        top = stack_top_of(free_stacks);
        free_stacks = free_stacks->next;
    } else if (stacks_made < thread_limit()) {
        top = STACKS_VADDR + (stacks_made + 1) * THREAD_STACK_STRIDE;
        if (stack_map(top)) {
            stacks_made++;
        } else {
            top = 0;
        }
    }
    spin_unlock(&stack_lock, irq);
    return top;
}

static void stack_free(uintptr_t top) {
    bool irq = spin_lock(&stack_lock);
    struct free_stack *link = stack_link(top);
    link->next = free_stacks;
    free_stacks = link;
    spin_unlock(&stack_lock, irq);
}

// --- life -------------------------------------------------------------------

static void fx_init(struct thread *thread) {
    uint16_t fcw = FX_FCW_INITIAL;
    uint32_t mxcsr = FX_MXCSR_INITIAL;
    memset(thread->fx, 0, sizeof(thread->fx));
    memcpy(thread->fx + FX_FCW_OFFSET, &fcw, sizeof(fcw));
    memcpy(thread->fx + FX_MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

// The stack as thread_switch() leaves one: the registers that it pops, the
// address that it returns to, and above them the user's registers.
static void stack_init(struct thread *thread, const struct regs *regs) {
    *thread_regs(thread) = *regs;
    uint64_t *stack = (uint64_t *)thread_regs(thread);
    *--stack = (uintptr_t)thread_start;
    for (unsigned i = 0; i < SAVED_REGISTERS; i++) {
        *--stack = 0;
    }
    thread->rsp = (uintptr_t)stack;
}

static struct thread *thread_alloc(void) {
    struct thread *thread = kalloc(sizeof(*thread));
    if (thread != NULL) {
        fx_init(thread);
        memset(&thread->affinity, 0xff, sizeof(thread->affinity));
        thread->claimed = CPU_NONE;
        thread->restart = NO_RESTART;
        thread->slice = 1;
    }
    return thread;
}

struct thread *thread_create_idle(cpu_id_t cpu) {
    struct thread *thread = thread_alloc();
    if (thread != NULL) {
        thread->cpu = cpu;
        thread->state = THREAD_RUNNING;
    }
    return thread;
}

struct thread *thread_create(const struct regs *regs) {
    struct thread *thread = thread_alloc();
    if (thread == NULL) {
        return NULL;
    }
    thread->stack_top = stack_alloc();
    if (thread->stack_top == 0) {
        kfree(thread);
        return NULL;
    }
    stack_init(thread, regs);
    thread->cpu = this_cpu()->cpu_id;
    thread->tid =
        atomic_fetch_add_explicit(&last_tid, 1, memory_order_relaxed) + 1;
    return thread;
}

void thread_free(struct thread *thread) {
    stack_free(thread->stack_top);
    kfree(thread);
}

_Noreturn void thread_begin(struct thread *previous, struct regs *regs) {
    scheduler_finish_switch(previous);
    before_user(regs);
    trap_return(regs);
}

// As Linux does for CLONE_CHILD_CLEARTID: who joins the thread waits for it.
static void child_tid_clear(const struct thread *thread) {
    const uint32_t zero = 0;
    uintptr_t word = thread->clear_child_tid;
    if (word != 0 && space_store(thread->space, word, &zero, sizeof(zero))) {
        (void)futex_wake(thread->space, word, 1, FUTEX_ALL_BITS);
    }
}

_Noreturn void thread_exit(void) {
    irq_on();
    child_tid_clear(thread_current());
    process_thread_exit();
    scheduler_exit();
}

static uint8_t attention(const struct thread *thread) {
    return __atomic_load_n(&thread->attention, __ATOMIC_RELAXED);
}

bool thread_is_killed(const struct thread *thread) {
    return (attention(thread) & THREAD_KILLED) != 0;
}

bool thread_is_interrupted(const struct thread *thread) {
    return attention(thread) != 0;
}

// --- user state -------------------------------------------------------------

void thread_user_save(struct thread *thread) {
    __asm__ volatile("fxsave64 %0" : "=m"(thread->fx));
}

void thread_user_load(const struct thread *thread) {
    __asm__ volatile("fxrstor64 %0" : : "m"(thread->fx));
    wrmsr(MSR_FS_BASE, thread->fs_base);
}

void thread_user_reset(struct thread *thread) {
    bool irq = irq_save();
    fx_init(thread);
    thread->fs_base = 0;
    thread_user_load(thread);
    irq_restore(irq);
}

void thread_fx_keep(void) {
    bool irq = irq_save();
    thread_user_save(thread_current());
    irq_restore(irq);
}

void thread_fx_set(uint8_t fx[FX_SIZE]) {
    bool irq = irq_save();
    thread_user_save(thread_current());
    signal_frame_clean_fx(fx, thread_current()->fx);
    memcpy(thread_current()->fx, fx, FX_SIZE);
    thread_user_load(thread_current());
    irq_restore(irq);
}

void thread_set_fs_base(uint64_t base) {
    bool irq = irq_save();
    thread_current()->fs_base = base;
    wrmsr(MSR_FS_BASE, base);
    irq_restore(irq);
}

void thread_set_space(struct space *space) {
    bool irq = irq_save();
    struct thread *thread = thread_current();
    if (thread->space != space) {
        space_switch(thread->space, space);
        thread->space = space;
    }
    irq_restore(irq);
}
