// SPDX-License-Identifier: MIT
// The custom call: arguments, results, registers, storage, refusals.
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/guest/gate_frame.h"
#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"
#include "usr/include/tollgate.h"

#define SLOT_SUM 0
#define SLOT_ARGS 1
#define SLOT_OWN 2
#define SLOT_SHARED 3
#define SLOT_HOLD 4
#define SLOT_CMOS 5
#define SLOT_PCI 6
#define TYPE_ALLOWED 47
#define CMOS_STATUS_D 0x0d
#define CMOS_VALID 0x80
#define PCI_HOST_BRIDGE 0x80000000u // bus 0, device 0, function 0, vendor
#define PCI_VENDOR_MASK 0xffffu
#define PCI_NOBODY 0xffffu

#define RFLAGS_STATUS 0x8d5 // OF SF ZF AF PF CF
#define RFLAGS_ALWAYS_ON 0x202
#define RFLAGS_DF 0x400

static long call1(uint32_t slot, uint64_t a1) {
    return tollgate_custom(slot, a1, 0, 0, 0, 0, 0);
}

bool empty_slots_are_enosys(void) {
    static const uint32_t beyond[] = {
        CALLOUT_SLOTS, CALLOUT_SLOTS + 1, 255,        256,
        0x7fffffff,    0x80000000,        0x80000003, UINT32_MAX};
    uint32_t empty = 0;
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        if (!tollgate_slot(slot)) {
            CHECK_EQUAL(call1(slot, 1), -ENOSYS);
            empty++;
        }
    }
    CHECK(empty > 0);
    for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        CHECK_EQUAL(call1(beyond[i], 1), -ENOSYS);
    }
    return true;
}

struct addition {
    unsigned long a, b, result;
};

static int add(void *argument) {
    struct addition *addition = argument;
    addition->result = SysCustom(addition->a, addition->b);
    return 0;
}

static unsigned long add_as(uint32_t type, unsigned long a, unsigned long b) {
    struct addition addition = {.a = a, .b = b, .result = 0x1234};
    child_run(type, add, &addition);
    return addition.result;
}

bool sum_serves_type_47_only(void) {
    CHECK_EQUAL(add_as(TYPE_ALLOWED, 3, 4), 7);
    CHECK_EQUAL(add_as(TYPE_ALLOWED, UINT64_MAX, 2), 1);
    CHECK_EQUAL(add_as(TYPE_ALLOWED, INT64_MAX, 1), INT64_MIN);
    CHECK_EQUAL(add_as(0, 3, 4), -1);
    CHECK_EQUAL(add_as(TYPE_ALLOWED - 1, 3, 4), -1);
    CHECK_EQUAL(add_as(TYPE_ALLOWED + 1, 3, 4), -1);
    CHECK_EQUAL(add_as(UINT32_MAX, 3, 4), -1);
    CHECK_EQUAL(add_as(TYPE_ALLOWED | 1u << 31, 3, 4), -1);
    return true;
}

extern long args_by_stub(long a1, long a2, long a3, long a4, long a5, long a6);
TOLLGATE_STUB6(args_by_stub, 1)

bool arguments_arrive_in_order(void) {
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 1, 0, 0, 0, 0, 0), 1);
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 0, 1, 0, 0, 0, 0), 2);
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 0, 0, 1, 0, 0, 0), 3);
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 0, 0, 0, 1, 0, 0), 4);
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 0, 0, 0, 0, 1, 0), 5);
    CHECK_EQUAL(tollgate_custom(SLOT_ARGS, 0, 0, 0, 0, 0, 1), 6);
    CHECK_EQUAL(
        tollgate_custom(SLOT_ARGS, 0, 0, 0, 0, 0, 1ul << 60), 6ul << 60);
    CHECK_EQUAL(
        args_by_stub(1, 10, 100, 1000, 10000, 100000),
        1 + 20 + 300 + 4000 + 50000 + 600000);
    return true;
}

// Whether a call of `slot` keeps all but rcx, r11 and rax.
static bool keeps_registers(uint32_t slot, uint64_t flags) {
    const struct gate_frame in = {
        .rax = (uint64_t)slot << 32 | SYS_CUSTOM,
        .rdi = 0x1, // an amount or a number of turns, not too large
        .rsi = 0x2020202020202020,
        .rdx = 0x3030303030303030,
        .r10 = 0x4040404040404040,
        .r8 = 0x5050505050505050,
        .r9 = 0x6060606060606060,
        .rbx = 0x7070707070707070,
        .rbp = 0x8080808080808080,
        .r12 = 0x9090909090909090,
        .r13 = 0xa0a0a0a0a0a0a0a0,
        .r14 = 0xb0b0b0b0b0b0b0b0,
        .r15 = 0xc0c0c0c0c0c0c0c0,
        .rflags = flags | RFLAGS_ALWAYS_ON};
    struct gate_frame out;
    gate_frame_call(&in, &out);
    CHECK_EQUAL(out.rdi, in.rdi);
    CHECK_EQUAL(out.rsi, in.rsi);
    CHECK_EQUAL(out.rdx, in.rdx);
    CHECK_EQUAL(out.r10, in.r10);
    CHECK_EQUAL(out.r8, in.r8);
    CHECK_EQUAL(out.r9, in.r9);
    CHECK_EQUAL(out.rbx, in.rbx);
    CHECK_EQUAL(out.rbp, in.rbp);
    CHECK_EQUAL(out.r12, in.r12);
    CHECK_EQUAL(out.r13, in.r13);
    CHECK_EQUAL(out.r14, in.r14);
    CHECK_EQUAL(out.r15, in.r15);
    CHECK_EQUAL(out.rflags, in.rflags);
    CHECK_EQUAL(out.rcx, out.rip); // nothing of the kernel's leaks out
    CHECK_EQUAL(out.r11, in.rflags);
    return true;
}

bool custom_calls_keep_registers(void) {
    static const uint32_t slots[] = {SLOT_SUM,    SLOT_ARGS, SLOT_OWN,
                                     SLOT_SHARED, SLOT_HOLD, CALLOUT_SLOTS};
    for (int toll = TOLL_OFF; toll <= TOLL_ON; toll++) {
        CHECK(tollgate_set_toll(toll) >= 0);
        for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
            CHECK(keeps_registers(slots[i], 0));
            CHECK(keeps_registers(slots[i], RFLAGS_STATUS));
            CHECK(keeps_registers(slots[i], RFLAGS_DF));
        }
    }
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    return true;
}

bool custom_calls_keep_sse(void) {
    uint64_t before = 0x123456789abcdef0;
    uint64_t after = 0;
    long result = (long)SLOT_OWN << 32 | SYS_CUSTOM;
    __asm__ volatile("movq %[before], %%xmm7\n\t"
                     "syscall\n\t"
                     "movq %%xmm7, %[after]"
                     : [after] "=&r"(after), "+a"(result)
                     : [before] "r"(before), "D"(0L)
                     : "rcx", "r11", "xmm7", "memory");
    CHECK_EQUAL(after, before);
    return true;
}

bool per_cpu_storage_is_separate(void) {
    struct cpu_list cpus;
    long values[CPU_LIST_MAX];
    CHECK(cpus_online(&cpus));
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        values[i] = call1(SLOT_OWN, 0);
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK_EQUAL(call1(SLOT_OWN, i + 1), values[i] + i + 1);
    }
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        CHECK_EQUAL(call1(SLOT_OWN, 0), values[i] + i + 1);
    }
    return cpus_allow(&cpus);
}

bool shared_storage_is_shared(void) {
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    long value = call1(SLOT_SHARED, 0);
    for (uint32_t i = 0; i < cpus.count; i++) {
        CHECK(cpus_pin(cpus.cpus[i]));
        value += i;
        CHECK_EQUAL(call1(SLOT_SHARED, i), value);
    }
    return cpus_allow(&cpus);
}

bool shared_hold_counts_calls(void) {
    long before = call1(SLOT_HOLD, 0);
    CHECK_EQUAL(call1(SLOT_HOLD, 1000), before + 1);
    CHECK_EQUAL(call1(SLOT_HOLD, 0), before + 2);
    return true;
}

bool cmos_answers(void) {
    CHECK_EQUAL(call1(SLOT_CMOS, CMOS_STATUS_D) & CMOS_VALID, CMOS_VALID);
    return true;
}

bool pci_answers(void) {
    long vendor = call1(SLOT_PCI, PCI_HOST_BRIDGE) & PCI_VENDOR_MASK;
    CHECK(vendor != 0 && vendor != PCI_NOBODY);
    return true;
}

static int call_listed(void *argument) {
    long *slot_and_result = argument;
    slot_and_result[1] = call1((uint32_t)slot_and_result[0], 0);
    return 0;
}

// A type that is not in the slot's list.
static uint32_t unlisted_type(const struct custom_slot *slot) {
    uint32_t type = 1;
    for (uint32_t i = 0; i < slot->num_types; i++) {
        if (slot->types[i] == type) {
            type++;
            i = UINT32_MAX; // from the first again
        }
    }
    return type;
}

// The first slot that lists its types, or CALLOUT_SLOTS.
static uint32_t listing_slot(void) {
    uint32_t index = 0;
    for (; index < CALLOUT_SLOTS; index++) {
        const struct custom_slot *slot = tollgate_slot(index);
        if (slot && slot->num_types) {
            break;
        }
    }
    return index;
}

// Call as a process of `type`, and look how many refusals that adds.
static bool check_type(
    uint32_t index, uint32_t type, long *result, uint64_t *refusals) {
    struct toll before;
    struct toll after;
    long slot_and_result[] = {index, 0};
    CHECK(tollgate_toll_read(index, TOLL_ALL_CPUS, &before) == 0);
    CHECK_EQUAL(child_run(type, call_listed, slot_and_result), 0);
    CHECK(tollgate_toll_read(index, TOLL_ALL_CPUS, &after) == 0);
    *result = slot_and_result[1];
    *refusals = after.refusals - before.refusals;
    return true;
}

// Whether a slot's tolls tell of one refusal of a type, if they were on.
static bool type_was_refused(uint32_t index, uint32_t type_id, bool measured) {
    struct toll toll;
    uint64_t refusals = 0;
    CHECK_EQUAL(tollgate_toll_read(index, TOLL_ALL_CPUS, &toll), 0);
    for (uint32_t i = 0; i < toll.num_types; i++) {
        if (toll.types[i].type_id == type_id) {
            CHECK_EQUAL(toll.types[i].calls, 0);
            refusals += toll.types[i].refusals;
        }
    }
    CHECK_EQUAL(refusals, measured);
    return true;
}

bool unlisted_types_are_refused(void) {
    uint32_t index = listing_slot();
    if (index == CALLOUT_SLOTS) {
        return ktap_skip("no slot lists its types");
    }
    const struct custom_slot *slot = tollgate_slot(index);
    uint64_t refusals;
    long result;
    CHECK_EQUAL(tollgate_toll_reset(), 0);
    for (int toll = TOLL_OFF; toll <= TOLL_ON; toll++) {
        CHECK(tollgate_set_toll(toll) >= 0);
        CHECK(check_type(index, unlisted_type(slot), &result, &refusals));
        CHECK_EQUAL(result, -EPERM);
        CHECK_EQUAL(refusals, 1);
        CHECK(type_was_refused(index, unlisted_type(slot), toll != TOLL_OFF));
        for (uint32_t i = 0; i < slot->num_types; i++) {
            CHECK(check_type(index, slot->types[i], &result, &refusals));
            CHECK(result != -EPERM);
            CHECK_EQUAL(refusals, 0);
        }
    }
    CHECK_EQUAL(tollgate_set_toll(TOLL_OFF), TOLL_ON);
    return true;
}
