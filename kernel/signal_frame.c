// SPDX-License-Identifier: MIT
// See signal_frame.h.
#include "kernel/signal_frame.h"

#include "kernel/base/layout.h"
#include "kernel/base/string.h"

#define RED_ZONE 128
#define STACK_ALIGNMENT 16ul
#define FX_ALIGNMENT 64ul
#define FX_MXCSR 24
#define FX_MXCSR_MASK 28
#define MXCSR_MASK_OF_OLD 0xffbf // where it says 0 (SDM volume 1, "MXCSR")

#define RFLAGS_PF 0x4
#define RFLAGS_AF 0x10
#define RFLAGS_ZF 0x40
#define RFLAGS_SF 0x80
#define RFLAGS_OF 0x800

// What a program may set by itself.
#define RFLAGS_FREE                                                            \
    (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_TF |   \
     RFLAGS_DF | RFLAGS_OF | RFLAGS_AC)

_Static_assert(sizeof(struct signal_context) == 304, "struct ucontext");
_Static_assert(sizeof(struct signal_info) == 128, "struct siginfo");
_Static_assert(sizeof(struct signal_frame) == 440, "struct rt_sigframe");

static bool is_user_address(uint64_t address) {
    return address < USER_END;
}

// The general registers, in a frame's order; the same list both ways.
// clang-format off
#define GENERAL_REGISTERS(X)                                                   \
    X(r8) X(r9) X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) X(rdi) X(rsi)        \
    X(rbp) X(rbx) X(rdx) X(rax) X(rcx) X(rsp) X(rip)
// clang-format on

static uintptr_t frame_place(uintptr_t rsp) {
    const uintptr_t most =
        RED_ZONE + SIGNAL_FX_SIZE + FX_ALIGNMENT +
        ALIGN_UP(sizeof(struct signal_frame), STACK_ALIGNMENT) +
        2 * STACK_ALIGNMENT;
    if (!is_user_address(rsp) || rsp < most) {
        return 0;
    }
    uintptr_t fx = ALIGN_DOWN(rsp - RED_ZONE - SIGNAL_FX_SIZE, FX_ALIGNMENT);
    uintptr_t at =
        ALIGN_DOWN(fx - sizeof(struct signal_frame), STACK_ALIGNMENT);
    return at - sizeof(uint64_t);
}

uintptr_t signal_frame_build(
    struct signal_frame *frame, const struct regs *regs, unsigned signal,
    const struct signal_action *action, const struct signal_state *state) {
    uintptr_t at = frame_place(regs->rsp);
    if (at == 0 || (action->flags & SA_RESTORER) == 0 ||
        !is_user_address(action->handler) ||
        !is_user_address(action->restorer)) {
        return 0;
    }
    *frame = (struct signal_frame){.restorer = action->restorer};
    struct signal_context *context = &frame->context;
#define PUT(name) context->name = regs->name;
    GENERAL_REGISTERS(PUT)
#undef PUT
    context->rflags = regs->rflags;
    context->cs = (uint16_t)regs->cs;
    context->ss = (uint16_t)regs->ss;
    context->cr2 = state->fault.address;
    context->fx = SIGNAL_FRAME_FX(at);
    context->mask = state->mask;
    frame->info.signal = (int32_t)signal;
    frame->info.code = state->fault.signal != 0 ? state->fault.code : SI_USER;
    frame->info.address = state->fault.address;
    return at;
}

void signal_frame_enter(
    struct regs *regs, uintptr_t at, unsigned signal,
    const struct signal_action *action) {
    regs->rip = action->handler;
    regs->rsp = at;
    regs->rdi = signal;
    regs->rsi = at + offsetof(struct signal_frame, info);
    regs->rdx = at + offsetof(struct signal_frame, context);
    regs->rax = 0;
    regs->cs = USER_CS;
    regs->ss = USER_SS;
    regs->rflags = RFLAGS_FIXED | RFLAGS_IF;
}

bool signal_frame_restore(
    struct regs *regs, const struct signal_context *context) {
    if (!is_user_address(context->rip) || !is_user_address(context->rsp)) {
        return false;
    }
#define TAKE(name) regs->name = context->name;
    GENERAL_REGISTERS(TAKE)
#undef TAKE
    regs->rflags = (context->rflags & RFLAGS_FREE) | RFLAGS_FIXED | RFLAGS_IF;
    regs->cs = USER_CS;
    regs->ss = USER_SS;
    return true;
}

void signal_frame_clean_fx(
    uint8_t fx[SIGNAL_FX_SIZE], const uint8_t own[SIGNAL_FX_SIZE]) {
    uint32_t mxcsr, mask;
    memcpy(&mxcsr, fx + FX_MXCSR, sizeof(mxcsr));
    memcpy(&mask, own + FX_MXCSR_MASK, sizeof(mask));
    mxcsr &= mask != 0 ? mask : MXCSR_MASK_OF_OLD;
    memcpy(fx + FX_MXCSR, &mxcsr, sizeof(mxcsr));
}
