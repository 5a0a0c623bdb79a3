// SPDX-License-Identifier: MIT
// What a program must not be able to do: reach the kernel, upset it with odd
// registers or pointers, execute what is privileged. What kills a process is
// tried in a child.
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/guest/gate_frame.h"
#include "tests/guest/gate_tests.h"
#include "usr/program/child.h"
#include "usr/include/tollgate.h"

#define PAGE 4096ul
#define USER_TOP 0x7ffffffff000ul // the last page below the hole is nobody's
#define HOLE_START 0x800000000000ul
#define NONCANONICAL 0x8000000000000000ul
#define DIRECT_MAP 0xffff800000000000ul
#define KERNEL_IMAGE 0xffffffff80000000ul
#define PERCPU_BLOCKS 0xffffffffc0000000ul
#define LAST_BYTES (UINT64_MAX - 7)
#define SLOT_ARGS 1
#define CALL_ARGS ((long)((uint64_t)SLOT_ARGS << 32 | SYS_CUSTOM))
#define USER_DATA_SELECTOR 0x23
#define RFLAGS_STATUS 0x8d5
#define RFLAGS_DF 0x400
#define RFLAGS_ALWAYS_ON 0x202
#define OPCODE_RET 0xc3

static long call3(long nr, uint64_t a1, uint64_t a2, uint64_t a3) {
    return tollgate_syscall6(nr, (long)a1, (long)a2, (long)a3, 0, 0, 0);
}

// --- memory -----------------------------------------------------------------

int write_byte(void *address) {
    *(volatile char *)address = 1;
    return 0;
}

int read_byte(void *address) {
    return *(volatile char *)address;
}

int jump(void *address) {
    ((void (*)(void))(uintptr_t)address)();
    return 0;
}

bool syspage_is_read_only(void) {
    const struct syspage_entry *page = tollgate_syspage();
    CHECK_EQUAL((uintptr_t)page, SYSPAGE_USER_VADDR);
    CHECK_EQUAL(page->type, SYSPAGE_TYPE);
    char *first = (char *)SYSPAGE_USER_VADDR;
    CHECK(is_killed(write_byte, first));
    CHECK(is_killed(write_byte, first + page->size - 1));
    CHECK(is_killed(jump, first));
    CHECK_EQUAL(page->type, SYSPAGE_TYPE);
    // Storage and code, which follow, are the kernel's.
    CHECK(is_killed(read_byte, first + page->size));
    CHECK(is_killed(read_byte, first + page->code.offset));
    CHECK(mprotect(first, PAGE, PROT_READ | PROT_WRITE) < 0);
    return true;
}

bool kernel_is_out_of_reach(void) {
    static const uint64_t addresses[] = {
        0,          SYSPAGE_VADDR, DIRECT_MAP, KERNEL_IMAGE, PERCPU_BLOCKS,
        LAST_BYTES, USER_TOP,      HOLE_START};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        CHECK(is_killed(read_byte, (void *)addresses[i]));
        CHECK(is_killed(write_byte, (void *)addresses[i]));
        CHECK(is_killed(jump, (void *)addresses[i]));
    }
    return true;
}

bool data_is_not_executable(void) {
    static unsigned char data[] = {OPCODE_RET};
    unsigned char stack[] = {OPCODE_RET};
    CHECK(is_killed(jump, data));
    CHECK(is_killed(jump, stack));
    CHECK(is_killed(write_byte, (void *)(uintptr_t)&data_is_not_executable));
    return true;
}

bool kernel_addresses_can_not_be_mapped(void) {
    static const uint64_t addresses[] = {
        0,          USER_TOP,     HOLE_START,    NONCANONICAL,
        DIRECT_MAP, KERNEL_IMAGE, SYSPAGE_VADDR, UINT64_MAX - PAGE + 1};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        void *at = mmap(
            (void *)addresses[i], PAGE, PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        CHECK(at == MAP_FAILED);
    }
    CHECK(munmap((void *)KERNEL_IMAGE, PAGE) < 0);
    CHECK(mprotect((void *)KERNEL_IMAGE, PAGE, PROT_READ) < 0);
    CHECK(munmap((void *)(USER_TOP - PAGE), LAST_BYTES & ~(PAGE - 1)) < 0);
    return true;
}

// --- kernel calls -----------------------------------------------------------

bool unknown_calls_are_enosys(void) {
    static const uint64_t numbers[] = {
        999,        1023,         2000,      4095,      0x7fffffff,
        UINT32_MAX, 0xffffffff00, INT64_MAX, 1ul << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK_EQUAL(call3((long)numbers[i], 0, 0, 0), -ENOSYS);
    }
    return true;
}

static bool is_refused(uint64_t address) {
    CHECK_EQUAL(call3(SYS_write, STDOUT_FILENO, address, 8), -EFAULT);
    CHECK_EQUAL(call3(TOLLGATE_CPUS, address, 0, 0), -EFAULT);
    CHECK_EQUAL(call3(SYS_clock_gettime, CLOCK_MONOTONIC, address, 0), -EFAULT);
    CHECK_EQUAL(call3(SYS_nanosleep, address, 0, 0), -EFAULT);
    return true;
}

bool bad_pointers_are_efault(void) {
    static const uint64_t addresses[] = {
        8,          USER_TOP,     HOLE_START - 4, HOLE_START,    NONCANONICAL,
        DIRECT_MAP, KERNEL_IMAGE, SYSPAGE_VADDR,  PERCPU_BLOCKS, LAST_BYTES};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (!is_refused(addresses[i])) {
            ktap_note("with the address 0x%lx", (long)addresses[i]);
            return false;
        }
    }
    // What is mapped for reading only can not be written by the kernel either.
    CHECK_EQUAL(call3(TOLLGATE_CPUS, SYSPAGE_USER_VADDR, 0, 0), -EFAULT);
    CHECK_EQUAL(
        call3(TOLLGATE_CPUS, (uintptr_t)&bad_pointers_are_efault, 0, 0),
        -EFAULT);
    return true;
}

static bool keeps(long nr, uint64_t flags) {
    const struct gate_frame in = {
        .rax = (uint64_t)nr,
        .rdi = 0x1010101010101010,
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
    out.rax = in.rax;
    out.rcx = out.r11 = out.rip = 0;
    CHECK(memcmp(&in, &out, sizeof(in)) == 0);
    return true;
}

bool calls_keep_registers(void) {
    static const long numbers[] = {TOLLGATE_GET_TYPE, SYS_getpid, 2000};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        CHECK(keeps(numbers[i], 0));
        CHECK(keeps(numbers[i], RFLAGS_STATUS));
        CHECK(keeps(numbers[i], RFLAGS_DF));
    }
    return true;
}

// Runs in a child: either the call returns, or the child is killed; the kernel
// never touches what a program's stack pointer points to.
static int call_on_stack(void *rsp) {
    gate_call_on_stack(CALL_ARGS, (uint64_t)rsp);
    return 0;
}

bool any_stack_pointer_will_do(void) {
    static const uint64_t pointers[] = {
        0,
        1,
        USER_TOP,
        HOLE_START,
        NONCANONICAL,
        DIRECT_MAP,
        KERNEL_IMAGE,
        PERCPU_BLOCKS,
        UINT64_MAX};
    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        CHECK_EQUAL(gate_call_on_stack(TOLLGATE_GET_TYPE, pointers[i]), 0);
        CHECK(child_run(0, call_on_stack, (void *)pointers[i]) >= 0);
    }
    return true;
}

bool any_segment_will_do(void) {
    static const uint16_t selectors[] = {0, USER_DATA_SELECTOR};
    for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        CHECK_EQUAL(
            gate_call_with_segments(TOLLGATE_GET_TYPE, selectors[i]), 0);
        CHECK(gate_call_with_segments(CALL_ARGS, selectors[i]) != -ENOSYS);
    }
    return true;
}

static int single_step(void *nr) {
    gate_call_single_step((long)nr);
    return 0;
}

bool single_step_through_the_gate(void) {
    CHECK(is_killed(single_step, (void *)CALL_ARGS));
    CHECK(is_killed(single_step, (void *)TOLLGATE_GET_TYPE));
    return true;
}

// --- instructions -----------------------------------------------------------

static int execute(void *function) {
    ((void (*)(void))(uintptr_t)function)();
    return 0;
}

bool forbidden_instructions_kill(void) {
    static const struct {
        const char *name;
        void (*function)(void);
    } forbidden[] = {
        {"hlt", gate_hlt},
        {"cli", gate_cli},
        {"in", gate_in},
        {"rdmsr", gate_rdmsr},
        {"mov cr3", gate_mov_cr3},
        {"swapgs", gate_swapgs},
        {"ud2", gate_ud2},
        {"div", gate_divide},
        {"int3", gate_int3},
        {"int 0x80", gate_int_80},
        {"noncanonical load", gate_noncanonical_load},
        {"noncanonical jump", gate_noncanonical_jump},
    };
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (!is_killed(execute, (void *)(uintptr_t)forbidden[i].function)) {
            ktap_note("by %s", forbidden[i].name);
            return false;
        }
    }
    return true;
}
