// SPDX-License-Identifier: MIT
// What a callout may do to its caller's frame, and what it may not. The callout
// is test_poke, which stores argument 2 into word `argument 1` of the frame;
// the kernel binds it under the option `selftest`.
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/guest/gate_frame.h"
#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"
#include "usr/include/tollgate.h"

// Words of the frame.
#define WORD_RAX 6
#define WORD_RBX 7
#define WORD_RBP 8
#define WORD_RCX 9
#define WORD_R11 10
#define WORD_R12 11
#define WORD_R13 12
#define WORD_R14 13
#define WORD_R15 14
#define WORD_RIP 15
#define WORD_CS 16
#define WORD_RFLAGS 17
#define WORD_RSP 18
#define WORD_SS 19

#define RFLAGS_ALWAYS_ON 0x202
#define RFLAGS_CF 0x1
#define RFLAGS_DF 0x400
#define RFLAGS_WITHOUT_IF 0x2
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_VM 0x20000
#define KERNEL_CS 0x08
#define KERNEL_SS 0x10
#define USER_SS 0x23
#define USER_CS 0x2b
#define USER_TOP 0x7ffffffff000ul
#define HOLE_START 0x800000000000ul
#define NONCANONICAL 0x8000000000000000ul
#define KERNEL_IMAGE 0xffffffff80000000ul
#define SOMETHING 0x0123456789abcdef
#define LANDED 33

static const char no_callout[] = "test_poke is bound under `selftest` only";

// The slot of test_poke, or CALLOUT_SLOTS.
static uint32_t poke_slot(void) {
    uint32_t index = 0;
    for (; index < CALLOUT_SLOTS; index++) {
        const struct custom_slot *slot = tollgate_slot(index);
        if (slot && !strcmp(slot->name, "test_poke")) {
            break;
        }
    }
    return index;
}

struct poke {
    uint32_t word;
    uint64_t value;
};

static int poke(void *argument) {
    const struct poke *poke = argument;
    tollgate_custom(poke_slot(), poke->word, poke->value, 0, 0, 0, 0);
    return 0;
}

// --- what arrives -----------------------------------------------------------

// A register of struct gate_frame, and its word in the frame.
static const struct {
    uint32_t word;
    size_t offset;
} registers[] = {
    {0, offsetof(struct gate_frame, rdi)},
    {1, offsetof(struct gate_frame, rsi)},
    {2, offsetof(struct gate_frame, rdx)},
    {3, offsetof(struct gate_frame, r10)},
    {4, offsetof(struct gate_frame, r8)},
    {5, offsetof(struct gate_frame, r9)},
    {WORD_RBX, offsetof(struct gate_frame, rbx)},
    {WORD_RBP, offsetof(struct gate_frame, rbp)},
    {WORD_R12, offsetof(struct gate_frame, r12)},
    {WORD_R13, offsetof(struct gate_frame, r13)},
    {WORD_R14, offsetof(struct gate_frame, r14)},
    {WORD_R15, offsetof(struct gate_frame, r15)},
    {WORD_RFLAGS, offsetof(struct gate_frame, rflags)},
};
#define NUM_REGISTERS (sizeof(registers) / sizeof(registers[0]))

static uint64_t *register_of(struct gate_frame *frame, size_t index) {
    return (uint64_t *)((char *)frame + registers[index].offset);
}

// Poke one word: its register must change, and nothing else.
static bool arrives(uint32_t slot, size_t index) {
    bool flags = registers[index].word == WORD_RFLAGS;
    uint64_t value =
        flags ? RFLAGS_ALWAYS_ON | RFLAGS_CF | RFLAGS_DF : SOMETHING;
    struct gate_frame in = {
        .rax = (uint64_t)slot << 32 | SYS_CUSTOM,
        .rdi = registers[index].word,
        .rsi = value,
        .rflags = RFLAGS_ALWAYS_ON};
    struct gate_frame out;
    gate_frame_call(&in, &out);
    CHECK_EQUAL(out.rax, registers[index].word);
    *register_of(&in, index) = value;
    for (size_t i = 0; i < NUM_REGISTERS; i++) {
        CHECK_EQUAL(*register_of(&out, i), *register_of(&in, i));
    }
    return true;
}

static void land(void) {
    _exit(LANDED);
}

bool callouts_may_change_registers(void) {
    uint32_t slot = poke_slot();
    if (slot == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    for (int toll = TOLL_OFF; toll <= TOLL_ON; toll++) {
        CHECK(tollgate_set_toll(toll) >= 0);
        for (size_t i = 0; i < NUM_REGISTERS; i++) {
            CHECK(arrives(slot, i));
        }
        // What is lost anyway, and the result, which is the callout's own.
        for (uint32_t word = WORD_RCX; word <= WORD_R11; word++) {
            CHECK_EQUAL(tollgate_custom(slot, word, 1, 0, 0, 0, 0), word);
        }
        CHECK_EQUAL(tollgate_custom(slot, WORD_RAX, 1, 0, 0, 0, 0), WORD_RAX);
    }
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    return true;
}

bool callouts_may_move_the_caller(void) {
    if (poke_slot() == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    struct poke elsewhere = {WORD_RIP, (uintptr_t)land};
    int status = child_run(0, poke, &elsewhere);
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), LANDED);
    return true;
}

// --- what is refused --------------------------------------------------------

bool bad_frames_kill_the_caller(void) {
    static const struct poke bad[] = {
        {WORD_RIP, HOLE_START},
        {WORD_RIP, NONCANONICAL},
        {WORD_RIP, KERNEL_IMAGE},
        {WORD_RIP, UINT64_MAX},
        {WORD_RIP, USER_TOP},
        {WORD_RSP, HOLE_START},
        {WORD_RSP, NONCANONICAL},
        {WORD_RSP, KERNEL_IMAGE},
        {WORD_RSP, UINT64_MAX},
        {WORD_CS, KERNEL_CS},
        {WORD_CS, USER_SS},
        {WORD_CS, 0},
        {WORD_SS, KERNEL_SS},
        {WORD_SS, USER_CS},
        {WORD_SS, 0},
        {WORD_RFLAGS, RFLAGS_WITHOUT_IF},
        {WORD_RFLAGS, RFLAGS_ALWAYS_ON | RFLAGS_IOPL},
        {WORD_RFLAGS, RFLAGS_ALWAYS_ON | RFLAGS_NT},
        {WORD_RFLAGS, RFLAGS_ALWAYS_ON | RFLAGS_RF},
        {WORD_RFLAGS, RFLAGS_ALWAYS_ON | RFLAGS_VM},
    };
    if (poke_slot() == CALLOUT_SLOTS) {
        return ktap_skip(no_callout);
    }
    for (int toll = TOLL_OFF; toll <= TOLL_ON; toll++) {
        CHECK(tollgate_set_toll(toll) >= 0);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            struct poke copy = bad[i];
            if (!is_killed(poke, &copy)) {
                ktap_note("by 0x%lx in word %u", copy.value, copy.word);
                return false;
            }
        }
    }
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    return true;
}
