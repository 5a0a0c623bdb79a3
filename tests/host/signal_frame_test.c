// SOURCES: kernel/signal_frame.c
// SPDX-License-Identifier: MIT
// Signal frames: Linux's layout, as the host's C library describes it, and that
// nothing comes back from one that ring 3 could not do by itself.
#include "kernel/signal_frame.h"

#include <string.h>
#include <sys/ucontext.h>

#include "kernel/base/layout.h"
#include "tests/host/suite.h"

#define STACK 0x7fff00001234ul
#define HANDLER 0x401000ul
#define RESTORER 0x402000ul
#define SIGNAL 10
#define MASK 0x123ul
#define MXCSR 24
#define MXCSR_MASK 28

static struct regs regs;
static struct signal_action action;
static struct signal_frame frame;
static const struct signal_state state = {.mask = MASK};

static void begin(void) {
    uint64_t *words = (uint64_t *)&regs;
    for (size_t i = 0; i < sizeof(regs) / sizeof(*words); i++) {
        words[i] = 1000 + i;
    }
    regs.rsp = STACK;
    regs.rip = 0x400000;
    regs.cs = USER_CS;
    regs.ss = USER_SS;
    regs.rflags = RFLAGS_FIXED | RFLAGS_IF | RFLAGS_CF | RFLAGS_DF;
    action = (struct signal_action){
        .handler = HANDLER, .restorer = RESTORER, .flags = SA_RESTORER};
}

static uintptr_t build(void) {
    return signal_frame_build(&frame, &regs, SIGNAL, &action, &state);
}

static bool restores(void) {
    return signal_frame_restore(&regs, &frame.context);
}

START_TEST(layout_is_that_of_linux) {
    typedef ucontext_t ucontext;
#define SAME(ours, theirs)                                                     \
    ck_assert_uint_eq(                                                         \
        offsetof(struct signal_context, ours), offsetof(ucontext, theirs))
    SAME(flags, uc_flags);
    SAME(link, uc_link);
    SAME(stack, uc_stack);
    SAME(r8, uc_mcontext.gregs[0]);
    SAME(rdi, uc_mcontext.gregs[8]);
    SAME(rbx, uc_mcontext.gregs[11]);
    SAME(rcx, uc_mcontext.gregs[14]);
    SAME(rsp, uc_mcontext.gregs[15]);
    SAME(rip, uc_mcontext.gregs[16]);
    SAME(rflags, uc_mcontext.gregs[17]);
    SAME(cs, uc_mcontext.gregs[18]);
    SAME(cr2, uc_mcontext.gregs[22]);
    SAME(fx, uc_mcontext.fpregs);
    SAME(mask, uc_sigmask);
#undef SAME
}
END_TEST

START_TEST(frame_lies_below_the_red_zone) {
    begin();
    for (uintptr_t rsp = STACK; rsp < STACK + 64; rsp++) {
        regs.rsp = rsp;
        uintptr_t at = build();
        ck_assert_uint_eq(at % 16, 8);
        ck_assert_uint_eq(SIGNAL_FRAME_FX(at) % 64, 0);
        ck_assert_uint_ge(SIGNAL_FRAME_FX(at), at + sizeof(frame));
        ck_assert_uint_le(SIGNAL_FRAME_FX(at) + SIGNAL_FX_SIZE, rsp - 128);
        ck_assert_uint_eq(frame.context.fx, SIGNAL_FRAME_FX(at));
        ck_assert_uint_eq(frame.context.rsp, rsp);
    }
}
END_TEST

START_TEST(handler_gets_its_arguments) {
    begin();
    uintptr_t at = build();
    signal_frame_enter(&regs, at, SIGNAL, &action);
    ck_assert_uint_eq(regs.rip, HANDLER);
    ck_assert_uint_eq(regs.rsp, at);
    ck_assert_uint_eq(regs.rdi, SIGNAL);
    ck_assert_uint_eq(regs.rsi, at + 8 + 304);
    ck_assert_uint_eq(regs.rdx, at + 8);
    ck_assert_uint_eq(regs.rflags, RFLAGS_FIXED | RFLAGS_IF);
    ck_assert_uint_eq(frame.restorer, RESTORER);
    ck_assert_int_eq(frame.info.signal, SIGNAL);
    ck_assert_uint_eq(frame.context.mask, MASK);
}
END_TEST

START_TEST(registers_come_back) {
    begin();
    const struct regs before = regs;
    uintptr_t at = build();
    signal_frame_enter(&regs, at, SIGNAL, &action);
    memset(&regs, 0xff, sizeof(regs));
    ck_assert(restores());
    ck_assert_mem_eq(&regs, &before, sizeof(regs));
}
END_TEST

START_TEST(what_can_not_be_is_not_built) {
    static const uint64_t bad[] = {
        USER_END, 0x800000000000ul, 0xffff800000000000ul, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        begin();
        regs.rsp = bad[i];
        ck_assert_uint_eq(build(), 0);
        begin();
        action.handler = bad[i];
        ck_assert_uint_eq(build(), 0);
        begin();
        action.restorer = bad[i];
        ck_assert_uint_eq(build(), 0);
    }
    begin();
    action.flags = 0;
    ck_assert_uint_eq(build(), 0);
    for (uintptr_t rsp = 0; rsp < 1000; rsp++) {
        begin();
        regs.rsp = rsp;
        ck_assert_uint_eq(build(), 0);
    }
}
END_TEST

START_TEST(privilege_does_not_come_back) {
    begin();
    ck_assert(build() != 0);
    frame.context.cs = KERNEL_CS;
    frame.context.ss = KERNEL_SS;
    frame.context.rflags = UINT64_MAX;
    ck_assert(restores());
    ck_assert_uint_eq(regs.cs, USER_CS);
    ck_assert_uint_eq(regs.ss, USER_SS);
    ck_assert_uint_eq(
        regs.rflags & (RFLAGS_IOPL | RFLAGS_NT | RFLAGS_VM | RFLAGS_RF), 0);
    ck_assert_uint_eq(regs.rflags >> 19, 0); // VIF, VIP, ID and above
    frame.context.rflags = 0;
    ck_assert(restores());
    ck_assert_uint_eq(regs.rflags, RFLAGS_FIXED | RFLAGS_IF);
}
END_TEST

START_TEST(kernel_addresses_do_not_come_back) {
    static const uint64_t bad[] = {
        USER_END, 0x800000000000ul, 0x8000000000000000ul, 0xffffffff80000000ul,
        UINT64_MAX};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        begin();
        const struct regs before = regs;
        ck_assert(build() != 0);
        frame.context.rip = bad[i];
        ck_assert(!restores());
        ck_assert(build() != 0);
        frame.context.rsp = bad[i];
        ck_assert(!restores());
        ck_assert_mem_eq(&regs, &before, sizeof(regs));
    }
}
END_TEST

START_TEST(mxcsr_has_no_other_bits) {
    uint8_t fx[SIGNAL_FX_SIZE];
    uint8_t own[SIGNAL_FX_SIZE] = {0};
    uint32_t mxcsr;
    uint32_t mask = 0x2ffff;
    memcpy(own + MXCSR_MASK, &mask, sizeof(mask));
    memset(fx, 0xff, sizeof(fx));
    signal_frame_clean_fx(fx, own);
    memcpy(&mxcsr, fx + MXCSR, sizeof(mxcsr));
    ck_assert_uint_eq(mxcsr, mask);
    memset(own, 0, sizeof(own)); // a CPU that does not say
    signal_frame_clean_fx(fx, own);
    memcpy(&mxcsr, fx + MXCSR, sizeof(mxcsr));
    ck_assert_uint_eq(mxcsr, 0xffbf);
}
END_TEST

int main(void) {
    const TTest *tests[] = {
        layout_is_that_of_linux,           frame_lies_below_the_red_zone,
        handler_gets_its_arguments,        registers_come_back,
        what_can_not_be_is_not_built,      privilege_does_not_come_back,
        kernel_addresses_do_not_come_back, mxcsr_has_no_other_bits,
    };
    return SUITE_RUN("signal_frame", tests);
}
