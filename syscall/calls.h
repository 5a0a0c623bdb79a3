// SPDX-License-Identifier: MIT
// The functions behind the table of kernel calls, declared from it. They run on
// the calling thread's kernel stack, interrupts on, in its address space, and
// return 0 or more, or a negated errno. Arguments are raw: addresses are the
// program's and go through syscall/user_memory.h.
#pragma once

#include "kernel/base/types.h"

#define CALL_ARGS_0 void
#define CALL_ARGS_1 uint64_t
#define CALL_ARGS_2 CALL_ARGS_1, uint64_t
#define CALL_ARGS_3 CALL_ARGS_2, uint64_t
#define CALL_ARGS_4 CALL_ARGS_3, uint64_t
#define CALL_ARGS_5 CALL_ARGS_4, uint64_t
#define CALL_ARGS_6 CALL_ARGS_5, uint64_t

#define CALL(number, name, argc) long call_##name(CALL_ARGS_##argc);
#include "syscall/calls.def"
#undef CALL

// Their numbers: CALL_NUMBER_read and so on.
enum call_number {
#define CALL(number, name, argc) CALL_NUMBER_##name = number,
#include "syscall/calls.def"
#undef CALL
};
