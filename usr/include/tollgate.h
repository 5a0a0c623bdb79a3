// SPDX-License-Identifier: MIT
// libtollgate: what a program needs to pass through the gate. Link with
// -ltollgate, statically; `pkg-config --cflags --libs tollgate` says how.
//
// Two kinds of calls:
//   custom calls      SysCustom(), SysCustom6(), tollgate_custom() and what
//                     TOLLGATE_STUB() makes: they run a custom callout and
//                     return what it returned, untouched. There is no errno,
//                     since only the callout's author knows what its result
//                     means; tollgate_is_error() tells the gate's own refusals.
//   Tollgate's calls  all the others: -1 and errno on failure, as in libc.
//
// All times are cycles of the time-stamp counter, tollgate_hz() of them in a
// second.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "callouts/syspage.h"
#include "syscall/abi.h"
#include "syscall/toll_area.h"
#include "syscall/toll_shot.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- custom calls -----------------------------------------------------------

// The kernel call 106 of slot 0, as QNX's documentation writes its stub: up to
// three arguments are where the call expects them, so callers may declare it
// with the signature that their callout has. As shipped, slot 0 returns a + b
// to processes of type 47 and (unsigned long)-1 to all others.
extern unsigned long SysCustom(unsigned long a, unsigned long b);

// The same for callouts with four to six arguments.
extern unsigned long SysCustom6(
    unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4,
    unsigned long a5, unsigned long a6);

// Call the callout in any slot. Arguments that it does not take may be 0.
//
// Returns: the callout's result, or a negative errno from the gate:
//   -ENOSYS           the slot is empty, or above 63
//   -EPERM            this process's type is not in the slot's list
//   -ENOTRECOVERABLE  the slot is fenced off
extern long tollgate_custom(
    uint32_t slot, unsigned long a1, unsigned long a2, unsigned long a3,
    unsigned long a4, unsigned long a5, unsigned long a6);

// The largest errno, as in Linux: results from -4095 to -1 are errors.
#define TOLLGATE_MAX_ERRNO 4095ul

// Whether a raw result can be a negative errno. A callout may mean such a value
// otherwise: then only its author can tell.
static inline bool tollgate_is_error(unsigned long result) {
    return result >= 0ul - TOLLGATE_MAX_ERRNO;
}

#define TOLLGATE_TEXT_(x) #x
#define TOLLGATE_TEXT(x) TOLLGATE_TEXT_(x)

// At file scope: define the function `name`, a stub of three instructions that
// calls `slot` (a number, 0..63) with up to three arguments. Declare it with
// the signature that the callout has. TOLLGATE_STUB6 takes up to six.
//
//     extern unsigned long shared_add(unsigned long amount);
//     TOLLGATE_STUB(shared_add, 3)
#define TOLLGATE_STUB(name, slot) TOLLGATE_STUB_(name, slot, "")
#define TOLLGATE_STUB6(name, slot)                                             \
    TOLLGATE_STUB_(name, slot, "movq %rcx, %r10\n\t")
// clang-format off
#define TOLLGATE_STUB_(name, slot, fourth_argument)                            \
    __asm__(".pushsection .text\n\t"                                           \
            ".p2align 4\n\t"                                                   \
            ".globl " #name "\n\t"                                             \
            ".type " #name ", @function\n"                                     \
            #name ":\n\t"                                                      \
            fourth_argument                                                    \
            "movabsq $(" #slot " << 32 | "                                     \
                     TOLLGATE_TEXT(SYS_CUSTOM) "), %rax\n\t"                   \
            "syscall\n\t"                                                      \
            "ret\n\t"                                                          \
            ".size " #name ", . - " #name "\n\t"                               \
            ".popsection");
// clang-format on

// --- any kernel call --------------------------------------------------------

// Execute SYSCALL with number `nr`. Returns the raw result.
static inline long tollgate_syscall6(
    long nr, long a1, long a2, long a3, long a4, long a5, long a6) {
    register long r10 __asm__("r10") = a4;
    register long r8 __asm__("r8") = a5;
    register long r9 __asm__("r9") = a6;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(nr), "D"(a1), "S"(a2), "d"(a3), "r"(r10), "r"(r8),
                       "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

// What a C library does with a raw result: -1 and errno, or the result.
static inline long tollgate_result(long result) {
    if (tollgate_is_error((unsigned long)result)) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

// The classic macros: define a function that makes the kernel call __NR_name,
// and sets errno. Give the return type, the name, then type and name of each
// parameter. Numbers of Linux's calls are in <sys/syscall.h>; a call of your
// own needs one more line:
//
//     #define __NR_foo 1100
//     static _syscall0(long, foo)
//     static _syscall3(long, write, int, fd, const void *, p, size_t, n)
#define TOLLGATE_CALL_(type, nr, a1, a2, a3, a4, a5, a6)                       \
    return (type)tollgate_result(tollgate_syscall6(                            \
        nr, (long)(a1), (long)(a2), (long)(a3), (long)(a4), (long)(a5),        \
        (long)(a6)))
#define _syscall0(type, name)                                                  \
    type name(void) {                                                          \
        TOLLGATE_CALL_(type, __NR_##name, 0, 0, 0, 0, 0, 0);                   \
    }
#define _syscall1(type, name, t1, a1)                                          \
    type name(t1 a1) {                                                         \
        TOLLGATE_CALL_(type, __NR_##name, a1, 0, 0, 0, 0, 0);                  \
    }
#define _syscall2(type, name, t1, a1, t2, a2)                                  \
    type name(t1 a1, t2 a2) {                                                  \
        TOLLGATE_CALL_(type, __NR_##name, a1, a2, 0, 0, 0, 0);                 \
    }
#define _syscall3(type, name, t1, a1, t2, a2, t3, a3)                          \
    type name(t1 a1, t2 a2, t3 a3) {                                           \
        TOLLGATE_CALL_(type, __NR_##name, a1, a2, a3, 0, 0, 0);                \
    }
#define _syscall4(type, name, t1, a1, t2, a2, t3, a3, t4, a4)                  \
    type name(t1 a1, t2 a2, t3 a3, t4 a4) {                                    \
        TOLLGATE_CALL_(type, __NR_##name, a1, a2, a3, a4, 0, 0);               \
    }
#define _syscall5(type, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)          \
    type name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5) {                             \
        TOLLGATE_CALL_(type, __NR_##name, a1, a2, a3, a4, a5, 0);              \
    }
#define _syscall6(type, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)  \
    type name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6) {                      \
        TOLLGATE_CALL_(type, __NR_##name, a1, a2, a3, a4, a5, a6);             \
    }

// --- the process's type -----------------------------------------------------

// Give this process a type ID; programs that it executes and children that it
// starts inherit it. Errors: EPERM unless the type is still 0.
extern int tollgate_set_type(uint32_t type);

// Returns: this process's type ID, 0 unless given.
extern long tollgate_get_type(void);

// Print each kernel call of this process and what it returned to the kernel's
// console, or stop that. Programs that it executes stay traced.
extern int tollgate_trace(bool on);

// --- the machine ------------------------------------------------------------

// The system page, read-only, or NULL when this is not Tollgate. Its layout and
// the SYSPAGE_* macros that find a section are in callouts/syspage.h.
extern const struct syspage_entry *tollgate_syspage(void);

// Cycles of the time-stamp counter in a second, or 0 when this is not Tollgate.
extern uint64_t tollgate_hz(void);

// The time-stamp counter of the CPU that the caller is on.
static inline uint64_t tollgate_cycles(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

// CPUs that TOLLGATE_CPUS can tell of, and the words that their mask takes.
#define TOLLGATE_MAX_CPUS 256
#define TOLLGATE_MASK_WORDS (TOLLGATE_MAX_CPUS / 64)

// Which CPUs are up, one bit each. Returns: how many. Errors: EFAULT.
extern int tollgate_cpus(uint64_t mask[TOLLGATE_MASK_WORDS]);

// What the slot at `index` was declared as, or NULL when it is empty or there
// is no such slot.
extern const struct custom_slot *tollgate_slot(uint32_t index);

// A resource as it was declared, or NULL; and its lock's name: "ticket", ...
extern const struct custom_resource *tollgate_resource(uint32_t index);
extern const char *tollgate_lock_name(uint32_t kind);

// Whether a kind of lock serves in the order of arrival.
extern bool tollgate_lock_is_fair(uint32_t kind);

// A string of the system page by its offset in the strings section.
extern const char *tollgate_string(uint32_t string);

// --- binding ----------------------------------------------------------------

// Bind a callout module, the bytes of a file that tools/mkcallout made, in the
// slot that it names, in place of what is bound there. Calls under way end as
// they began; the next ones reach the new callout. `reason`, of reason_size
// bytes, gets one line, with a final 0 and no newline, "" on success; NULL and
// 0: it is not wanted. TOLLGATE_REASON_SIZE bytes are always enough.
// Errors: EPERM unless the process's type is 0; EINVAL no module, or its
// patcher breaks its word; ENOSPC no room for its resource or its per-CPU
// storage; ENOMEM; EFAULT.
extern int tollgate_bind(
    const void *module, size_t size, char *reason, size_t reason_size);

// Empty a slot: its calls return -ENOSYS. Errors: EPERM unless the process's
// type is 0, EINVAL no such slot, ENOENT it is empty.
extern int tollgate_unbind(uint32_t slot);

// --- measuring --------------------------------------------------------------

// Choose a resource's lock. Errors: EPERM unless the process's type is 0,
// EINVAL no such resource or kind.
extern int tollgate_set_lock(uint32_t resource, enum lock_kind kind);

// Fence a slot off (1), so that its calls are refused with ENOTRECOVERABLE, or
// let it be called again (0). Returns: the state before. Errors: EPERM unless
// the process's type is 0, EINVAL no such slot or an empty one.
extern int tollgate_set_fence(uint32_t slot, int on);

// Turn measurement of custom calls to TOLL_OFF, TOLL_ON or TOLL_FULL, on all
// CPUs. Returns: the mode before. Errors: EPERM unless type 0, EINVAL.
extern int tollgate_set_toll(int mode);

// A distribution in cycles of the time-stamp counter. Quantiles come from the
// histogram, whose buckets are 1/32 of their value wide
// (histogram_bucket_last() tells what each counts); the value given is the
// upper end of its bucket. min and max are exact.
struct toll_distribution {
    uint64_t count;
    uint64_t sum;
    uint64_t min;
    uint64_t median;
    uint64_t p99;
    uint64_t p999; // 99.9 % of the calls are not above
    uint64_t max;
    struct histogram histogram;
};

// The record of one call, in cycles.
struct toll_receipt {
    uint64_t arrived;  // time-stamp counter on entry,
    uint64_t queued;   // when the lock was asked for,
    uint64_t granted;  // when it was held; without a lock, before the callout,
    uint64_t released; // before the release; without a lock, after the callout,
    uint64_t left;     // before the exit
    uint64_t wait;     // from queued to granted
    uint64_t hold;     // from granted to released
    uint64_t off;      // from arrived to left: interrupts off
    uint64_t result;
    uint64_t rip;    // where the program called
    uint64_t ticket; // order of arrival at the resource, from 0
    uint64_t entry;  // order of entry into the resource, from 0
    uint32_t cpu;
    uint32_t slot;
    uint32_t resource; // or NO_RESOURCE
    uint32_t type_id;
    uint32_t queue;     // calls ahead of it on arrival, the holder's included
    uint32_t overtakes; // later arrivals that were served before this one
};

// The tolls of one slot on one CPU, or on all of them together.
struct toll {
    uint64_t calls;     // measured ones
    uint64_t refusals;  // -EPERM by the slot's list of types; always counted
    uint64_t overruns;  // calls that held longer than the slot's budget
    uint64_t overtaken; // calls that at least one later arrival overtook
    uint64_t overtakes; // sum over all calls
    uint64_t max_overtakes; // largest of one call
    struct toll_distribution wait;
    struct toll_distribution hold;
    struct toll_distribution off;
    uint32_t num_worst;
    uint32_t num_types;
    struct toll_receipt worst[TOLL_WORST]; // the longest off, longest first
    struct toll_type types[TOLL_TYPES];
    struct toll_type other_types; // calls of types that found no room there
    uint64_t lost; // measured calls, of any slot, whose receipts could not be
                   // kept: they are in no figure above
};

// The calls that found a queue of one length when they arrived.
struct toll_queue_length {
    uint64_t calls;
    uint64_t wait_sum;
    uint64_t wait_max;
    uint64_t bound;
};

// A resource: what its bound is made of, in cycles. With N CPUs up, a call
// waits at most (N-1) * max_hold + N * max_handover; one that finds k others
// ahead at most k * max_hold + (k+1) * max_handover (docs/formats.md).
struct toll_resource {
    uint64_t grants;
    uint64_t max_hold;
    uint64_t max_handover; // to a grant, from when the lock was released and
                           // the call had arrived
    uint64_t max_wait;
    uint64_t bound;
    uint64_t broken;      // calls that waited longer than either bound: 0 if
                          // none, else at least so many
    uint64_t longest_run; // grants to one CPU in a row while another waited
    uint32_t cpus;        // N
    uint32_t lock_kind;   // enum lock_kind
    struct toll_distribution wait;
    struct toll_queue_length queue[TOLL_CPUS]; // by length
};

#define TOLL_ALL_CPUS 0xffffffffu

// The area of tolls, read-only, or NULL when this is not Tollgate, or one whose
// area has another version. The functions below read it.
extern const struct toll_area *tollgate_tolls(void);

// Have every CPU account for its calls up to now. The next two do so first.
extern int tollgate_toll_fold(void);

// Read what calls of a slot cost on one CPU, or on all with TOLL_ALL_CPUS.
// Takes 32 KiB of stack, as the next function does, and so does a struct toll.
// Errors: EINVAL no such slot or CPU, ENOSYS no area of tolls, EAGAIN an
// account was being changed each time that it was looked at.
extern int tollgate_toll_read(uint32_t slot, uint32_t cpu, struct toll *toll);

// Forget all that was measured. Errors: EPERM unless the process's type is 0.
extern int tollgate_toll_reset(void);

// Read a resource's longest hold, hand-over and wait, the bound that follows,
// and how many calls broke it. The check is exact at any time, since the waits
// are read before all that can have caused them (docs/formats.md). Errors:
// EINVAL no such resource, ENOSYS, EAGAIN as above.
extern int tollgate_resource_read(
    uint32_t resource, struct toll_resource *figures);

// The receipt of the last measured call on a CPU that got as far as its
// callout, from the area alone: no kernel call, no folding. Pinned to that CPU,
// a caller finds its own call, unless another program has called there since.
// Errors: EINVAL no such CPU, ENOSYS no area, ENOENT there is none, or none but
// calls that were refused since the last folding.
extern int tollgate_last_receipt(uint32_t cpu, struct toll_receipt *receipt);

// The last receipts of a CPU, as many of the last RECEIPTS_MAX calls as were
// not being overwritten, by arrival. Returns: how many. Errors: EINVAL, ENOSYS.
extern int tollgate_last_receipts(
    uint32_t cpu, struct toll_receipt receipts[RECEIPTS_MAX]);

// Sleep until the time-stamp counter is `due` and learn how late its timer's
// interrupt was taken, and because of whom: slot, type ID and phase, if the
// tolls are on. shot->taken is 0 if that time was over already. For threads
// that stay on one CPU. Errors: EPERM unless the process's type is 0, ENODEV
// this CPU has no timer of its own, EFAULT.
extern int tollgate_shot(uint64_t due, struct toll_shot *shot);

// A section of the kernel's own in which interrupts were off.
struct kernel_section {
    uint64_t cycles;
    uint64_t began;  // time-stamp counter
    uint64_t from;   // where they went off and on: addresses in the kernel,
    uint64_t to;     // for tollgate_symbol()
    uint32_t kind;   // enum toll_section_kind
    uint32_t number; // of the interrupt or the exception
    uint32_t cpu;
};

// All of them on one CPU, or on all together. Custom calls are none.
struct kernel_sections {
    struct toll_distribution cycles;
    uint64_t missed; // ends that the kernel has not seen: should be 0
    uint32_t num_worst;
    // The longest, longest first, and of those with the same ends only one.
    struct kernel_section worst[TOLL_WORST_SECTIONS];
};

// Read the kernel's own sections, measured while the mode is TOLL_FULL, up to
// now or to the end of that. Errors: EINVAL no such CPU, ENOSYS, EAGAIN as
// above.
extern int tollgate_kernel_sections(
    uint32_t cpu, struct kernel_sections *sections);

// Name a kind of section: "lock". NULL: there is no such kind.
extern const char *tollgate_section_kind(uint32_t kind);

// Name an address of the kernel's or of a callout's code, as "symbol+0x12"; "?"
// is nothing. `size` is not 0. Returns: the name's length, of which as much as
// there is room for is written, with a final 0. Errors: EFAULT.
extern int tollgate_symbol(uint64_t address, char *name, size_t size);

// The noise of the machine below: watch the time-stamp counter for `us`
// microseconds with interrupts off on the CPU that the caller is on.
// Returns: the largest gap in cycles. Errors: EINVAL above 100000 us.
extern long tollgate_noise_floor(uint32_t us);

#ifdef __cplusplus
}
#endif
