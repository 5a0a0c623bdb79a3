// SPDX-License-Identifier: MIT
// See console.h.
#include "boot/console.h"

#include "callouts/hardware.h"
#include "kernel/base/format.h"
#include "kernel/base/x86.h"

#define LINE_SIZE 256
#define UART_DIVISOR_LATCH 0x80 // in the line control register
#define UART_8N1 0x03
#define UART_DIVISOR_115200 1
#define UART_FIFO_ENABLE_CLEAR 0x07
#define UART_DTR_RTS 0x03

static const uint16_t uart_ports[] = {UART_COM1, UART_COM2, UART_COM3};
static bool uart_found[ARRAY_SIZE(uart_ports)];
static bool debugcon_found;

static uint16_t uart_register(uint16_t port, unsigned reg) {
    return (uint16_t)(port + reg);
}

// A UART keeps what is written to its scratch register; an empty bus does not.
static bool uart_answers(uint16_t port) {
    static const uint8_t patterns[] = {0xa5, 0x5a};
    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        outb(uart_register(port, UART_SCRATCH), patterns[i]);
        if (inb(uart_register(port, UART_SCRATCH)) != patterns[i]) {
            return false;
        }
    }
    return true;
}

static void uart_init(uint16_t port) {
    outb(uart_register(port, UART_INTERRUPT_ENABLE), 0);
    outb(uart_register(port, UART_LINE_CONTROL), UART_DIVISOR_LATCH);
    outb(uart_register(port, UART_DATA), UART_DIVISOR_115200);
    outb(uart_register(port, UART_INTERRUPT_ENABLE), 0);
    outb(uart_register(port, UART_LINE_CONTROL), UART_8N1);
    outb(uart_register(port, UART_FIFO_CONTROL), UART_FIFO_ENABLE_CLEAR);
    outb(uart_register(port, UART_MODEM_CONTROL), UART_DTR_RTS);
}

void console_init(void) {
    for (size_t i = 0; i < ARRAY_SIZE(uart_ports); i++) {
        uart_found[i] = uart_answers(uart_ports[i]);
        if (uart_found[i]) {
            uart_init(uart_ports[i]);
        }
    }
    debugcon_found = inb(DEBUGCON_PORT) == DEBUGCON_PORT;
}

bool console_has_uart(uint16_t port) {
    for (size_t i = 0; i < ARRAY_SIZE(uart_ports); i++) {
        if (uart_ports[i] == port) {
            return uart_found[i];
        }
    }
    return false;
}

bool console_has_debugcon(void) {
    return debugcon_found;
}

static void uart_write(uint16_t port, char c) {
    for (unsigned i = 0; i < UART_TRIES; i++) {
        if (inb(uart_register(port, UART_LINE_STATUS)) & UART_STATUS_EMPTY) {
            outb(uart_register(port, UART_DATA), (uint8_t)c);
            return;
        }
    }
}

static void console_write(const char *text) {
    for (; *text != '\0'; text++) {
        if (debugcon_found) {
            outb(DEBUGCON_PORT, (uint8_t)*text);
        }
        if (uart_found[0]) {
            uart_write(uart_ports[0], *text);
        }
    }
}

static void PRINTF_LIKE(1, 0) console_print(const char *format, va_list args) {
    char line[LINE_SIZE];
    format_text(line, sizeof(line), format, args);
    console_write("tollgate: startup: ");
    console_write(line);
    console_write("\n");
}

void startup_print(const char *format, ...) {
    va_list args;
    va_start(args, format);
    console_print(format, args);
    va_end(args);
}

// The ports that end an emulator; on other machines they do nothing.
static void power_off(void) {
    outw(POWER_QEMU_PORT, POWER_QEMU_VALUE);
    outw(POWER_QEMU_OLD_PORT, POWER_QEMU_VALUE);
    for (const char *c = "Shutdown"; *c != '\0'; c++) {
        outb(POWER_BOCHS_PORT, (uint8_t)*c);
    }
}

void startup_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    console_print(format, args);
    va_end(args);
    power_off();
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
