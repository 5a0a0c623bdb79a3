// SPDX-License-Identifier: MIT
// See call.h. The table of calls, by number, and the trace of them.
#include "syscall/call.h"

#include "kernel/base/format.h"
#include "kernel/base/types.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/process.h"
#include "syscall/calls.h"

#define TRACE_ARGS_SIZE 128

// A function by how many arguments it takes.
union call_function {
    long (*f0)(CALL_ARGS_0);
    long (*f1)(CALL_ARGS_1);
    long (*f2)(CALL_ARGS_2);
    long (*f3)(CALL_ARGS_3);
    long (*f4)(CALL_ARGS_4);
    long (*f5)(CALL_ARGS_5);
    long (*f6)(CALL_ARGS_6);
};

struct call {
    const char *name; // NULL: there is no such call
    unsigned argc;
    union call_function function;
};

static const struct call calls[] = {
#define CALL(number, name, argc)                                               \
    [number] = {#name, argc, {.f##argc = call_##name}},
#include "syscall/calls.def"
#undef CALL
};

static const struct call *call_find(uint64_t number) {
    bool known = number < ARRAY_SIZE(calls) && calls[number].name != NULL;
    return known ? &calls[number] : NULL;
}

static long call_run(const struct call *call, const struct regs *r) {
    union call_function f = call->function;
    switch (call->argc) {
    case 0:
        return f.f0();
    case 1:
        return f.f1(r->rdi);
    case 2:
        return f.f2(r->rdi, r->rsi);
    case 3:
        return f.f3(r->rdi, r->rsi, r->rdx);
    case 4:
        return f.f4(r->rdi, r->rsi, r->rdx, r->r10);
    case 5:
        return f.f5(r->rdi, r->rsi, r->rdx, r->r10, r->r8);
    default:
        return f.f6(r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9);
    }
}

// --- trace ------------------------------------------------------------------

// One call, as one line; kept from before the call, since it may change regs.
struct trace {
    const char *name;
    uint64_t number;
    char args[TRACE_ARGS_SIZE];
};

static void trace_begin(
    struct trace *trace, const struct call *call, const struct regs *r) {
    const uint64_t args[] = {r->rdi, r->rsi, r->rdx, r->r10, r->r8, r->r9};
    unsigned argc = call != NULL ? call->argc : 0;
    size_t length = 0;
    trace->name = call != NULL ? call->name : "unknown";
    trace->number = r->rax;
    trace->args[0] = '\0';
    for (unsigned i = 0; i < argc && length < sizeof(trace->args); i++) {
        length += format(
            trace->args + length, sizeof(trace->args) - length,
            i == 0 ? "0x%lx" : ", 0x%lx", args[i]);
    }
}

static void trace_print(const struct trace *trace, const char *result) {
    const struct thread *thread = thread_current();
    kprintf(
        "trace: %s[%u]: %s#%lu(%s) = %s\n", thread->process->name, thread->tid,
        trace->name, trace->number, trace->args, result);
}

static void trace_end(const struct trace *trace, long result) {
    char text[24];
    format(text, sizeof(text), "%ld", result);
    trace_print(trace, text);
}

static bool never_returns(uint64_t number) {
    return number == CALL_NUMBER_exit || number == CALL_NUMBER_exit_group;
}

// Kept out of line: a thread that isn't traced needs no room for the text.
static __attribute__((noinline)) long call_traced(
    const struct call *call, const struct regs *regs) {
    struct trace trace;
    trace_begin(&trace, call, regs);
    if (never_returns(regs->rax)) {
        trace_print(&trace, "?");
    }
    long result = call != NULL ? call_run(call, regs) : -ENOSYS;
    trace_end(&trace, result);
    return result;
}

// --- the dispatcher ---------------------------------------------------------

void call_dispatch(struct regs *regs) {
    const struct call *call = call_find(regs->rax);
    long result = -ENOSYS;
    if (process_current()->trace) {
        result = call_traced(call, regs);
    } else if (call != NULL) {
        result = call_run(call, regs);
    }
    regs->rax = (uint64_t)result;
}
