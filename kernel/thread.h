// SPDX-License-Identifier: MIT
// Threads: a kernel stack, the user registers at its very top, and what must
// follow the thread from CPU to CPU.
//
//   stack_top                  end of the stack, a page boundary
//   stack_top - sizeof(regs)   the user's registers, of every entry
//   below                      the kernel's own frames
//   stack_top - THREAD_STACK_SIZE   the guard page ends here
#pragma once

#include "kernel/base/regs.h"
#include "kernel/base/types.h"
#include "kernel/schedule.h"
#include "kernel/signal.h"
#include "smp/percpu.h"

#define THREAD_STACK_SIZE 0x4000ul
#define THREAD_STACK_STRIDE 0x8000ul // the unmapped half is the guard
#define MAX_THREADS 4096
#define MEMORY_PER_STACKS 4 // all of them may have one part in so many
#define FX_SIZE 512         // FXSAVE's area
#define NO_RESTART UINT64_MAX

// What a thread must see to before it is next in ring 3.
#define THREAD_KILLED 0x1   // exit
#define THREAD_SIGNALED 0x2 // look for signals
#define THREAD_ANY (THREAD_KILLED | THREAD_SIGNALED)

struct attempt;
struct process;
struct space;
struct toll_shot;

enum thread_state {
    THREAD_RUNNING, // on the CPU `cpu`
    THREAD_READY,   // in the run queue
    THREAD_BLOCKED, // until thread_wake()
    THREAD_DEAD,    // freed by the next thread on its CPU
};

// CPUs that a thread may run on.
struct cpu_mask {
    uint64_t bits[MAX_CPUS / 64];
};

static inline bool cpu_mask_has(const struct cpu_mask *mask, cpu_id_t cpu) {
    return (mask->bits[cpu / 64] >> cpu % 64 & 1) != 0;
}

// [s] scheduler's lock  [p] process_lock  [t] the thread itself only
// [i] set when it is made  [a] atomic
struct thread {
    uint8_t fx[FX_SIZE] ALIGNED(16); // [t] SSE and x87 registers, while it
                                     //     does not run
    uint64_t rsp;              // [t] of the kernel stack, while it doesn't run
    uintptr_t stack_top;       // [i]
    uint64_t fs_base;          // [t]
    struct space *space;       // [t] loaded while it runs; NULL: the kernel's
    struct process *process;   // [p] NULL: idle, or past its exit
    struct thread *sibling;    // [p] next thread of the process
    uint32_t tid;              // [i]
    uint8_t attention;         // [a] THREAD_*: before it returns to ring 3
    bool out_of_memory;        // [t] its last fault found no page
    struct attempt *attempt;   // [t] call that may fault, or NULL
    uint64_t signal_mask;      // [p] signals that wait
    uint64_t pending;          // [p] signals sent to this thread
    uint64_t suspended_mask;   // [t] what a handler returns to, if `suspends`
    bool suspends;             // [t] in sigsuspend(2)
    uint64_t restart;          // [t] call that a signal interrupted, or
                               //     NO_RESTART
    struct fault fault;        // [t] that a handler is to get
    uintptr_t clear_child_tid; // [t] word to clear and wake at exit, or 0
    enum thread_state state;   // [s]
    uint8_t wakes_by;          // [s] THREAD_* that end the wait
    cpu_id_t cpu;              // [s] where it runs, or ran last
    struct cpu_mask affinity;  // [s]
    struct schedule schedule;  // [s]
    uint32_t slice;            // [s] and its CPU: ticks that are left; 0: over
    cpu_id_t claimed;          // [s] CPU that was kicked for it, or CPU_NONE
    struct thread *next_ready; // [s] run queue
    uint64_t deadline;         // [s] of its wait, WAIT_FOREVER without
    struct toll_shot *shot;    // [t] while it runs, else [s]; NULL: none
    cpu_id_t timer;            // [s] that ends it then
    struct thread *next_sleeper; // [s] of that timer, ascending by deadline
};

static inline struct thread *thread_current(void) {
    return this_cpu()->current;
}

// The user registers of a thread, at the top of its stack.
static inline struct regs *thread_regs(const struct thread *thread) {
    return (struct regs *)(thread->stack_top - sizeof(struct regs));
}

bool thread_is_killed(const struct thread *thread);

// Whether it must go back to ring 3, or end, before it waits any longer.
bool thread_is_interrupted(const struct thread *thread);

// How many threads there can be, and how many processes, zombies included:
// MAX_THREADS, or as many as have room for their stacks in a quarter of the
// memory, since stacks are never given back.
uint32_t thread_limit(void);

// A thread that will start in ring 3 with these registers, not yet ready to
// run; without a process yet. NULL beyond thread_limit(), or without memory.
MUST_CHECK struct thread *thread_create(const struct regs *regs);

// A thread structure for the idle thread of a CPU, which has its stack.
MUST_CHECK struct thread *thread_create_idle(cpu_id_t cpu);

// Free a dead thread, or one that never became ready. Nobody is on its stack.
void thread_free(struct thread *thread);

// End the calling thread.
//
// Context: thread context, no lock held; interrupts are turned on.
_Noreturn void thread_exit(void);

// Have a thread see to THREAD_* bits before it is next in ring 3; waits that
// they end, end. thread_kill() is the same with THREAD_KILLED.
void thread_attend(struct thread *thread, uint8_t bits);
void thread_kill(struct thread *thread);

// The user state that is not in struct regs: SSE, x87, fs base. save and load
// concern the CPU's own registers, and kernel threads have none.
void thread_user_save(struct thread *thread);
void thread_user_load(const struct thread *thread);
void thread_user_reset(struct thread *thread);

// The calling thread's SSE and x87 registers: into its fx, or from `fx`, which
// is made fit to be loaded (kernel/signal_frame.h).
void thread_fx_keep(void);
void thread_fx_set(uint8_t fx[FX_SIZE]);

// Change the calling thread's address space; NULL is the kernel's own. The
// caller keeps the reference counts.
void thread_set_space(struct space *space);

// Set the calling thread's fs base.
void thread_set_fs_base(uint64_t base);

// Switch stacks. The scheduler's lock is held. Returns, on the new stack, the
// thread that ran on this CPU before. In switch.asm.
struct thread *thread_switch(struct thread *from, struct thread *to);

// Where a new thread's first switch returns to. In switch.asm.
void thread_start(void);
_Noreturn void thread_begin(struct thread *previous, struct regs *regs);
