// SPDX-License-Identifier: MIT
// One CPU's interrupts-off sections, from what the CPU executes.
//
// An instruction counts if a maskable interrupt that is pending just before it
// would not be delivered there. So:
//
//   begins behind  CLI, which itself is not counted; or with the first
//                  instruction of an entry (SYSCALL, interrupt, exception)
//   ends with      SYSRET, IRET or POPF that turns interrupts on, counted; or
//                  with the instruction after STI, counted as well, since STI
//                  holds interrupts off for one more. A CLI there turns them
//                  off before they were ever on: the section goes on.
//
// A REP instruction counts once for each turn, as under --icount. An exception
// or NMI inside a section is part of it.
//
// Nothing is known of a CPU until section_boot(). What it executes from there
// to the first time that its interrupts are on is its boot section.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What a section is, by how it began.
enum {
    SECTION_BOOT,   // the kernel's first instruction on this CPU
    SECTION_CALL,   // SYSCALL, an ordinary kernel call
    SECTION_KERNEL, // CLI
    SECTION_CUSTOM, // SYSCALL, the custom call of slot 0; and so on by slot
    SECTION_VECTOR = SECTION_CUSTOM + 64, // vector 0; and so on
    SECTION_KINDS = SECTION_VECTOR + 256,
};

// Where a section began and ended. A function that only turns interrupts off or
// on, such as a lock, says little: hence its caller.
struct section_ends {
    uint64_t from;      // the CLI, or an entry's first instruction
    uint64_t to;        // the STI, SYSRET, IRET or POPF
    uint64_t from_call; // the last call before the CLI, 0 none
    uint64_t to_call;   // the last call before the STI, 0 none
};

struct section {
    uint32_t kind;
    struct section_ends ends;
    uint64_t count;
};

// A CPU. Zero at first, but for its listener.
struct section_cpu {
    uint64_t executed; // instructions of the kernel
    uint64_t begun;    // `executed` where the section began
    uint64_t call;     // the last call that was executed
    struct section section;
    enum {
        SECTION_CPU_UNKNOWN, // before the kernel
        SECTION_CPU_ON,
        SECTION_CPU_OFF,
        SECTION_CPU_SHADOW, // STI was executed, its shadow not yet
    } state;
    void (*listener)(void *data, struct section *section);
    void *data; // for the listener
};

// Each call is for one instruction that is about to be executed, at `address`.
void section_other(struct section_cpu *cpu);
void section_call(struct section_cpu *cpu, uint64_t address);
void section_boot(struct section_cpu *cpu, uint64_t address);
void section_entry(struct section_cpu *cpu, uint32_t kind, uint64_t address);
void section_cli(struct section_cpu *cpu, uint64_t address);
void section_sti(struct section_cpu *cpu, uint64_t address);
void section_sysret(struct section_cpu *cpu, uint64_t address);

// An IRET or POPF that was announced by section_other() has loaded RFLAGS.
void section_flags(struct section_cpu *cpu, bool on, uint64_t address);

// What began as SYSCALL is something else.
void section_reclass(struct section_cpu *cpu, uint32_t kind);
