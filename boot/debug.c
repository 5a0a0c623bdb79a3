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

static struct callout_entry *callout_entry(void) {
    return section_at(&lsp.callout, 0);
}

// QNX's select_debug(), for one channel.
static void select_debug_16550(unsigned channel, uint16_t port) {
    static struct debug_data data[NUM_DEBUG];
    static const char version[] = "16550";
    if (!console_has_uart(port)) {
        return;
    }
    struct debug_callout *debug = &callout_entry()->debug[channel];
    data[channel].port = callout_io_map(UART_PORTS, port);
    add_callout_at(
        &debug->display_char, &display_char_16550, "display_char", version,
        &data[channel]);
    add_callout_at(
        &debug->poll_key, &poll_key_16550, "poll_key", version, &data[channel]);
    add_callout_at(
        &debug->break_detect, &break_detect_16550, "break_detect", version,
        &data[channel]);
}

static void select_debug_others(void) {
    select_debug_16550(DEBUG_PROGRAM, UART_COM2);
    select_debug_16550(DEBUG_REPORT, UART_COM3);
}

bool fits_16550(const struct machine *machine) {
    (void)machine;
    return console_has_uart(UART_COM1);
}

void add_debug_16550(const struct machine *machine) {
    (void)machine;
    select_debug_16550(DEBUG_CONSOLE, UART_COM1);
    select_debug_others();
}

bool fits_debugcon(const struct machine *machine) {
    (void)machine;
    return console_has_debugcon();
}

void add_debug_debugcon(const struct machine *machine) {
    (void)machine;
    add_callout_at(
        &callout_entry()->debug[DEBUG_CONSOLE].display_char,
        &display_char_debugcon, "display_char", "debugcon", NULL);
    select_debug_others();
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
    static struct vga_data data;
    (void)machine;
    for (unsigned i = 0; i < VGA_COLUMNS * VGA_ROWS; i++) {
        ((volatile uint16_t *)VGA_SCREEN)[i] = VGA_BLANK;
    }
    data.vaddr = callout_memory_map(
        VGA_COLUMNS * VGA_ROWS * sizeof(uint16_t), VGA_SCREEN, DEVICE_ATTR);
    add_callout_at(
        &callout_entry()->debug[DEBUG_CONSOLE].display_char, &display_char_vga,
        "display_char", "vga", &data);
    select_debug_others();
}
