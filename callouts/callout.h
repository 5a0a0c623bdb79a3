// SPDX-License-Identifier: MIT
// The record of a callout, as CALLOUT_START and CALLOUT_END of callout.inc and
// callout.ah emit it, and CALLOUT_C for callouts in C: startup copies the code
// into the system page and has it patched there.
#pragma once

#include "kernel/base/types.h"

struct callout_rtn;

// Adapt the copy of a callout to this machine. Called right after the copy.
//
// paddr, vaddr   the system page
// rtn_offset     where in it the copy lies
// rw_offset      where in it the callout's storage lies, zeroed; 0 if none
// data           what callout_register_data() said, or the group's patch data
// src            the original
typedef void callout_patcher(
    paddr_t paddr, uintptr_t vaddr, unsigned rtn_offset, unsigned rw_offset,
    void *data, const struct callout_rtn *src);

struct callout_rtn {
    const uint32_t *rw_size;  // of its storage; one label, one area. NULL: none
    callout_patcher *patcher; // or NULL
    uint32_t rtn_size;        // bytes of code
    uint32_t reserved;
    uint8_t rtn_code[];
};

_Static_assert(
    offsetof(struct callout_rtn, rtn_code) == 24,
    "what the macros for assembly and for C emit");

// What the patchers of this folder expect as data.
struct debug_data {
    uint32_t port;
};
struct apic_data {
    uint64_t vaddr;      // where the kernel maps its registers
    uint32_t num_inputs; // I/O APIC
    uint32_t lint0;      // the boot CPU's LINT0
};
struct pic_data {
    uint32_t port;
    uint32_t cascade; // input that another 8259 is on
};
struct reset_data {
    uint64_t vaddr; // of the register, 0: it is a port
    uint32_t port;
    uint32_t value;
};
struct vga_data {
    uint64_t vaddr; // where the kernel maps the screen
};
struct hpet_data {
    uint64_t vaddr;      // where the kernel maps its registers
    uint32_t comparator; // offset of its registers from comparator 0's
    uint32_t num_comparators;
};
struct cache_data {
    uint64_t flush_size; // bytes that CLFLUSH takes
};
struct power_data {
    uint32_t pm1a_port;
    uint32_t pm1b_port; // 0: none
    uint32_t smi_port;  // 0: ACPI mode is always on
    // A byte each, from the lowest: SLP_TYP for PM1a, for PM1b, ACPI_ENABLE.
    uint32_t values;
};
// That of custom callouts is their struct custom_slot.

// --- for authors of callouts in C -------------------------------------------
//
// One callout a file, of one function: all that it calls must be inlined. It
// has no static data and nothing but general registers; mkcallout sees to it.
// The flags that make a compiler keep to that are in the Makefile as
// CALLOUT_CFLAGS, and docs/modules.md has them on one line. offsets.h, the last
// to be included, is for CALLOUT_PERCPU. Its label is the file's:
//
//     #include "callouts/callout.h"
//     #include "callouts/syspage.h"
//     #include "kernel/base/regs.h"
//     #include "offsets.h"
//
//     CALLOUT_RW(count_rw, 8)
//
//     static CALLOUT_PATCHER(patch_count) {
//         CALLOUT_PATCH_STORAGE(count);
//     }
//
//     CALLOUT_C(count, count_rw, patch_count)
//     uintptr_t count_code(struct syspage_entry *syspage, uint32_t type_id,
//                          struct regs *regs) {
//         uint64_t *total = CALLOUT_STORAGE(count, syspage);
//         return *total += regs->rdi;
//     }

// What CALLOUT_START of callout.inc emits, for the function `name`_code that
// follows, which no other may use. Arguments are 0 where there is none.
//
// The function lies in the record's section right behind the header; that is
// the compiler's doing, hence the "#", which makes a comment of the flags that
// it would add, and the .skip, which is negative, an error, if something lies
// between. The header is 8 bytes off a multiple of 16, as is the code's place.
// The end is in a subsection of its own: behind all that the compiler puts
// there.
// clang-format off
#define CALLOUT_C(name, rw_size_label, patcher)                                \
    __asm__(".section .rodata.callouts, \"a\", @progbits\n\t"                  \
            ".balign 16, 0\n\t"                                                \
            ".skip 8, 0\n\t"                                                   \
            ".globl " #name "\n\t"                                             \
            ".type " #name ", @object\n"                                       \
            #name ":\n\t"                                                      \
            ".quad " #rw_size_label ", " #patcher "\n\t"                       \
            ".long .Lend_" #name " - " #name "_code, 0\n\t"                    \
            ".subsection 1\n\t"                                                \
            ".skip 24 - (" #name "_code - " #name ")\n"                        \
            ".Lend_" #name ":\n\t"                                             \
            ".size " #name ", . - " #name "\n\t"                               \
            ".text");                                                          \
    __attribute__((used, section(".rodata.callouts,\"a\",@progbits #"))) static
// clang-format on

// The size of storage, for the second argument of CALLOUT_C.
#define CALLOUT_RW(label, bytes)                                               \
    __attribute__((used)) static const uint32_t label = (bytes);

// A number that the patcher fills in. Each site has a name of its own, and may
// stand once in the code.
#define CALLOUT_PATCHED(callout, site)                                         \
    ({                                                                         \
        uint32_t value_;                                                       \
        __asm__("movl $0x5a5a5a5a, %0\n\t"                                     \
                ".equiv .Lsite_" #callout "_" #site ", . - 4"                  \
                : "=r"(value_));                                               \
        value_;                                                                \
    })

// The storage that goes with CALLOUT_C's second argument, at its kernel
// address, and the callout's part of this CPU's slice; each once in the code.
#define CALLOUT_STORAGE(callout, syspage)                                      \
    ((void *)((uintptr_t)(syspage) + CALLOUT_PATCHED(callout, storage)))
#define CALLOUT_PERCPU(callout)                                                \
    ((void *)(callout_slice(PERCPU_STORAGE) + CALLOUT_PATCHED(callout, percpu)))

// This CPU's slice; `pointer` is where its per-CPU block has the address.
#define callout_slice(pointer)                                                 \
    ({                                                                         \
        uintptr_t slice_;                                                      \
        __asm__("movq %%gs:%c1, %0" : "=r"(slice_) : "i"(pointer));            \
        slice_;                                                                \
    })

// Guard part of the work by the resource's lock, of whatever kind, in a callout
// that is made with --guards-itself. Once in a call, and not past its end:
// anything else is a panic. What lies between counts as the hold, and the
// compiler moves no access to memory out of it.
#define RESOURCE_LOCK() callout_guard(PERCPU_LOCK_TAKE)
#define RESOURCE_UNLOCK() callout_guard(PERCPU_LOCK_RELEASE)

#define callout_guard(pointer)                                                 \
    __asm__ volatile("call *%%gs:%c0"                                          \
                     :                                                         \
                     : "i"(pointer)                                            \
                     : "rax", "rcx", "r8", "r9", "r10", "r11", "cc", "memory")

// The head of a patcher.
#define CALLOUT_PATCHER(name)                                                  \
    __attribute__((used)) void name(                                           \
        paddr_t paddr, __attribute__((unused)) uintptr_t vaddr,                \
        unsigned rtn_offset, __attribute__((unused)) unsigned rw_offset,       \
        __attribute__((unused)) void *data,                                    \
        __attribute__((unused)) const struct callout_rtn *src)

// In a patcher: fill in a site.
#define CALLOUT_PATCH(callout, site, number)                                   \
    do {                                                                       \
        uint32_t offset_;                                                      \
        __asm__("movl $.Lsite_" #callout "_" #site " - " #callout "_code, %0"  \
                : "=r"(offset_));                                              \
        *(uint32_t *)(paddr + rtn_offset + offset_) = (number);                \
    } while (0)
#define CALLOUT_PATCH_STORAGE(callout)                                         \
    CALLOUT_PATCH(callout, storage, rw_offset)
#define CALLOUT_PATCH_PERCPU(callout)                                          \
    CALLOUT_PATCH(callout, percpu, ((const struct custom_slot *)data)->percpu)
