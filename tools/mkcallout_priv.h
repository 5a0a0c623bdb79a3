// SPDX-License-Identifier: MIT
// The parts of mkcallout: the object that comes in, the admission of its code,
// and how both refuse. Host code.
#pragma once

#include "callouts/module.h"

// The rules of admission: name, what it says. docs/modules.md explains them.
#define RULES(RULE)                                                            \
    RULE(OBJECT, "object", "not an x86-64 relocatable object")                 \
    RULE(RECORD, "record", "the callout's record is not as CALLOUT_START's")   \
    RULE(WRITABLE, "writable", "static data: use storage")                     \
    RULE(SECTION, "section", "no place for it in a module")                    \
    RULE(RELOCATION, "relocation", "refers to something outside")              \
    RULE(ABSOLUTE, "absolute", "holds an absolute address")                    \
    RULE(SIZE, "size", "too large")                                            \
    RULE(PATCH, "patch", "more sites to patch than a module may have")         \
    RULE(PERCPU, "percpu", "storage on each CPU needs --percpu BYTES")         \
    RULE(GUARD, "guard", "taking the lock needs --guards-itself")              \
    RULE(UNDECODABLE, "undecodable", "no instruction")                         \
    RULE(UNDEFINED, "undefined", "faults on purpose")                          \
    RULE(OVERLAP, "overlap", "jump into the middle of an instruction")         \
    RULE(JUMP_OUT, "jump-out", "leaves the callout")                           \
    RULE(END, "end", "falls through the end")                                  \
    RULE(INDIRECT, "indirect", "target is not in the instruction")             \
    RULE(PREFIX, "prefix", "CPUs disagree on the length of such a branch")     \
    RULE(RECURSION, "recursion", "calls itself: no bound on the stack")        \
    RULE(STACK, "stack", "stack pointer or return address is not safe")        \
    RULE(INTERRUPT_FLAG, "interrupt-flag", "interrupts stay off")              \
    RULE(SYSTEM_CALL, "system-call", "enters or leaves the kernel")            \
    RULE(INTERRUPT_RETURN, "interrupt-return", "enters or leaves the kernel")  \
    RULE(HALT, "halt", "stops the CPU")                                        \
    RULE(FAR, "far", "changes the code segment")                               \
    RULE(SEGMENT, "segment", "segment registers and bases are the kernel's")   \
    RULE(MSR, "msr", "only RDMSR and WRMSR of a declared MSR are allowed")     \
    RULE(CONTROL, "control", "control and debug registers are the kernel's")   \
    RULE(PRIVILEGED, "privileged", "the kernel's own instruction")             \
    RULE(PORT, "port", "only IN and OUT of a declared port are allowed")       \
    RULE(VECTOR, "vector", "MMX, SSE and AVX state is the programs'")          \
    RULE(X87, "x87", "x87 state is the programs'")                             \
    RULE(REP, "rep", "repeats without a bound")                                \
    RULE(LOOP, "loop", "a patcher must end, and nothing shows a bound")        \
    RULE(NOT_ALLOWED, "not-allowed", "not on the list of instructions")

enum rule {
#define RULE_ENUM(id, name, text) RULE_##id,
    RULES(RULE_ENUM)
#undef RULE_ENUM
};

#define OBJECT_MAX_RELOCATIONS 64
#define REASON_SIZE 128

// A relocation that linking could not resolve.
struct relocation {
    size_t offset; // in its routine
    bool absolute;
    char text[REASON_SIZE]; // kind and symbol
};

// Code with one entry, at its first byte.
struct routine {
    const char *what; // how refusals call it
    uint8_t *code;
    size_t size; // of a patcher: to the end of its section, until admitted
    size_t num_relocations;
    struct relocation relocations[OBJECT_MAX_RELOCATIONS];
};

struct object {
    char name[MODULE_TEXT_SIZE]; // of the record
    struct routine callout;
    struct routine patcher; // code NULL: none
    uint32_t storage_size;
};

// What the command line declares of ports, or of MSRs.
struct declared {
    uint16_t count;
    bool patched; // also those that the patcher fills in
    struct slot_range ranges[SLOT_MAX_RANGES];
};

// What the command line says of the module, and how many refusals there were.
struct request {
    const char *input;
    const char *callout;  // which record, NULL: the only one
    const char *replaces; // the kernel callout, NULL: it is for a slot
    bool guards_itself;   // it may call what takes its resource's lock
    uint32_t percpu_size;
    struct declared ports;
    struct declared msrs;
    unsigned refusals;
};

// What admission finds out.
struct admitted {
    size_t size; // of what is reached
    uint32_t num_patches;
    struct module_patch patches[CALLOUT_PATCH_MAX];
    unsigned loops;
};

// Print a refusal in one line: where and what, the rule and its text.
PRINTF_LIKE(3, 4)
void refuse(struct request *request, enum rule rule, const char *what, ...);

// The same with a text of the case instead of the rule's; without a colon.
PRINTF_LIKE(4, 5)
void refuse_because(
    struct request *request, enum rule rule, const char *text, const char *what,
    ...);

// Read request->input, find the record and link it. Refuses what it finds
// wrong; returns false if that leaves nothing to admit.
bool object_read(struct request *request, struct object *out) MUST_CHECK;

// Walk through a routine from its entry and refuse what breaks a rule. A
// patcher may use neither ports nor the per-CPU block.
void admit(
    struct request *request, const struct routine *routine, bool is_patcher,
    bool is_patched, struct admitted *out);
