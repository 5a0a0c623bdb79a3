// SPDX-License-Identifier: MIT
// See panic.h. The first CPU to come here speaks; any other one halts.
#include "kernel/panic.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "kernel/base/format.h"
#include "kernel/base/x86.h"
#include "kernel/console.h"
#include "kernel/machine.h"
#include "kernel/symbols.h"
#include "smp/ipi.h"
#include "smp/percpu.h"

#define NOBODY 0xffffffffu

static _Atomic uint32_t panicking = NOBODY;

// Become the CPU that panics. A second panic on it is a panic in the panic:
// nothing more is printed.
static void panic_begin(void) {
    cli();
    uint32_t nobody = NOBODY;
    if (!atomic_compare_exchange_strong_explicit(
            &panicking, &nobody, this_cpu()->cpu_id, memory_order_acq_rel,
            memory_order_relaxed)) {
        if (nobody == this_cpu()->cpu_id) {
            machine_power_off(true);
        }
        machine_halt();
    }
    console_enter_panic();
    ipi_send_others(IPI_STOP);
}

static void PRINTF_LIKE(2, 0)
    panic_say(const char *where, const char *text, va_list args) {
    char message[256];
    (void)format_text(message, sizeof(message), text, args);
    kprintf("panic: CPU %u: %s%s\n", this_cpu()->cpu_id, where, message);
    // Quotes in a message would end the JSON string.
    for (char *c = message; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\' || *c < ' ') {
            *c = '\'';
        }
    }
    report_printf("{\"type\":\"panic\",\"message\":\"%s\"}\n", message);
}

static void print_regs(const struct regs *r) {
    kprintf(
        "  rip %016lx cs %lx rflags %lx rsp %016lx ss %lx\n"
        "  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n"
        "  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n"
        "  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n"
        "  r13 %016lx r14 %016lx r15 %016lx\n",
        r->rip, r->cs, r->rflags, r->rsp, r->ss, r->rax, r->rbx, r->rcx, r->rdx,
        r->rsi, r->rdi, r->rbp, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13,
        r->r14, r->r15);
}

void panic_at(const char *file, int line, const char *text, ...) {
    panic_begin();
    char where[96];
    (void)format(where, sizeof(where), "%s:%d: ", file, line);
    va_list args;
    va_start(args, text);
    panic_say(where, text, args);
    va_end(args);
    backtrace_print(
        (uintptr_t)__builtin_return_address(0),
        *(uintptr_t *)__builtin_frame_address(0));
    machine_power_off(true);
}

void panic_with_regs(const struct regs *regs, const char *text, ...) {
    panic_begin();
    va_list args;
    va_start(args, text);
    panic_say("", text, args);
    va_end(args);
    print_regs(regs);
    backtrace_print(regs->rip, regs->rbp);
    machine_power_off(true);
}
