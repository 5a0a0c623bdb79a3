// SPDX-License-Identifier: MIT
// Which debug devices serve which channel: the console is COM1 or, without it,
// the debug port, or the screen; what programs write goes to COM2, reports to
// COM3, where there are such. A channel without a device falls to the console
// (kernel/console.c).
#include "boot/versions_priv.h"

#include "boot/console.h"
#include "boot/library.h"
#include "callouts/hardware.h"
#include "kernel/base/x86.h"

extern const struct callout_rtn display_char_16550, poll_key_16550,
    break_detect_16550, display_char_debugcon, display_char_vga;

static bool init_16550(unsigned channel, uint64_t port, void **data) {
    static struct debug_data channels[NUM_DEBUG];
    channels[channel].port = callout_io_map(UART_PORTS, (uint32_t)port);
    *data = &channels[channel];
    return console_has_uart((uint16_t)port);
}

static bool init_debugcon(unsigned channel, uint64_t port, void **data) {
    (void)channel;
    (void)port;
    (void)data;
    return console_has_debugcon();
}

static bool init_vga(unsigned channel, uint64_t screen, void **data) {
    static struct vga_data vga;
    (void)channel;
    for (unsigned i = 0; i < VGA_COLUMNS * VGA_ROWS; i++) {
        ((volatile uint16_t *)screen)[i] = VGA_BLANK;
    }
    vga.vaddr = callout_memory_map(
        VGA_COLUMNS * VGA_ROWS * sizeof(uint16_t), screen, DEVICE_ATTR);
    *data = &vga;
    return true;
}

#define UART_CALLOUTS                                                          \
    { &display_char_16550, &poll_key_16550, &break_detect_16550 }

// What serves the other channels, whatever the console is.
#define OTHER_CHANNELS                                                         \
    { "16550", {0, UART_COM2, UART_COM3}, init_16550, UART_CALLOUTS }

bool fits_16550(const struct machine *machine) {
    (void)machine;
    return console_has_uart(UART_COM1);
}

void add_debug_16550(const struct machine *machine) {
    static const struct debug_device devices[] = {
        {"16550", {UART_COM1, UART_COM2, UART_COM3}, init_16550, UART_CALLOUTS},
    };
    (void)machine;
    select_debug(devices, sizeof(devices));
}

bool fits_debugcon(const struct machine *machine) {
    (void)machine;
    return console_has_debugcon();
}

void add_debug_debugcon(const struct machine *machine) {
    static const struct debug_device devices[] = {
        {"debugcon", {DEBUGCON_PORT}, init_debugcon, {&display_char_debugcon}},
        OTHER_CHANNELS,
    };
    (void)machine;
    select_debug(devices, sizeof(devices));
}

// The screen keeps what is written to it, and is in text mode.
bool fits_vga(const struct machine *machine) {
    volatile uint16_t *cell = (volatile uint16_t *)VGA_SCREEN;
    outb(VGA_GRAPHICS_INDEX, VGA_MISCELLANEOUS);
    uint8_t mode = inb(VGA_GRAPHICS_DATA) & VGA_MEMORY_MASK;
    if (machine->info.efi || mode != VGA_MEMORY_TEXT) {
        return false;
    }
    *cell = VGA_BLANK;
    bool kept = *cell == VGA_BLANK;
    *cell = (uint16_t)~VGA_BLANK;
    return kept && *cell == (uint16_t)~VGA_BLANK;
}

void add_debug_vga(const struct machine *machine) {
    static const struct debug_device devices[] = {
        {"vga", {VGA_SCREEN}, init_vga, {&display_char_vga}},
        OTHER_CHANNELS,
    };
    (void)machine;
    select_debug(devices, sizeof(devices));
}
