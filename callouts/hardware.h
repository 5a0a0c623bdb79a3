// SPDX-License-Identifier: MIT
// PC hardware by its names in the data sheets: what both startup's C and the
// callouts need. Assembly gets the numbers through tools/offsets.c; what only
// one callout needs stands there. A leaf header.
#pragma once

// 16550 UART: registers from the base port, and their bits.
#define UART_COM1 0x3f8
#define UART_COM2 0x2f8
#define UART_COM3 0x3e8
#define UART_PORTS 8
#define UART_DATA 0
#define UART_INTERRUPT_ENABLE 1
#define UART_FIFO_CONTROL 2
#define UART_LINE_CONTROL 3
#define UART_MODEM_CONTROL 4
#define UART_LOOP 0x10 // of modem control
#define UART_LINE_STATUS 5
#define UART_SCRATCH 7
#define UART_STATUS_DATA 0x01
#define UART_STATUS_BREAK 0x10
#define UART_STATUS_EMPTY 0x20
#define UART_TRIES 100000 // polls of the status before a character is lost

// QEMU's and Bochs's debug port: reads as its own number.
#define DEBUGCON_PORT 0xe9

// VGA in text mode, as its graphics controller says.
#define VGA_SCREEN 0xb8000ul
#define VGA_COLUMNS 80
#define VGA_ROWS 25
#define VGA_BLANK 0x0720 // light gray on black
#define VGA_GRAPHICS_INDEX 0x3ce
#define VGA_GRAPHICS_DATA 0x3cf
#define VGA_MISCELLANEOUS 0x06
#define VGA_MEMORY_MASK 0x0d // graphics mode, memory map
#define VGA_MEMORY_TEXT 0x0c // text, at VGA_SCREEN

// Local APIC (Intel SDM volume 3, "Local APIC Register Address Map").
#define LAPIC_ID 0x20
#define LAPIC_TPR 0x80
#define LAPIC_EOI 0xb0
#define LAPIC_SVR 0xf0
#define LAPIC_ESR 0x280
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LAPIC_SVR_ENABLE 0x100
#define LAPIC_LVT_MASKED 0x10000
#define LAPIC_LVT_PERIODIC 0x20000
#define LAPIC_LVT_TSC_DEADLINE 0x40000
#define LAPIC_LVT_NMI 0x400
#define LAPIC_LVT_EXTINT 0x700 // the 8259s say which vector
#define LAPIC_DIVIDE_BY_16 0x3
#define LAPIC_ID_SHIFT 24
// A message to a local APIC (Intel SDM volume 3, "Message Signalled
// Interrupts"): its address; the data are the vector.
#define MSI_ADDRESS 0xfee00000u
#define MSI_DESTINATION_SHIFT 12
#define ICR_PENDING 0x1000 // not in x2APIC mode
#define ICR_ASSERT 0x4000
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define XAPIC_BROADCAST 0xff        // no processor has this APIC ID
#define APIC_BASE_ENABLE (1u << 11) // MSR_APIC_BASE
#define APIC_BASE_X2APIC (1u << 10)

// The local APIC's registers in x2APIC mode: one MSR for each 16 bytes, and the
// interrupt command register in one.
#define X2APIC_MSR(reg) (0x800 + ((reg) >> 4))

// I/O APIC (Intel 82093AA data sheet).
#define IOAPIC_SELECT 0x00
#define IOAPIC_WINDOW 0x10
#define IOAPIC_VERSION 0x01
#define IOAPIC_REDIRECTION 0x10 // two registers for each input
#define IOAPIC_MASKED 0x10000
#define IOAPIC_LEVEL 0x8000
#define IOAPIC_ACTIVE_LOW 0x2000

// 8254 timer.
#define PIT_HZ 1193182
#define PIT_CHANNEL0 0x40
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_PORTS 4
#define PIT_GATE_PORT 0x61 // channel 2: gate, speaker, output

// HPET (IA-PC HPET specification): registers and their bits. The period of a
// count, in femtoseconds, is the upper half of the capabilities.
#define HPET_CAPABILITIES 0x00
#define HPET_PERIOD 0x04
#define HPET_CONFIG 0x10
#define HPET_COUNTER 0xf0
#define HPET_TIMER0_CONFIG 0x100
#define HPET_TIMER0_COMPARATOR 0x108
#define HPET_TIMER0_ROUTE 0x110 // FSB: the message, then where it goes
#define HPET_TIMER_BYTES 0x20   // from one comparator to the next
#define HPET_SIZE 0x400
#define HPET_HAS_LEGACY (1u << 15)
#define HPET_PERIOD_MAX 100000000
#define HPET_ENABLE 0x1
#define HPET_LEGACY 0x2
#define HPET_TIMER_ENABLE 0x4
#define HPET_TIMER_PERIODIC 0x8
#define HPET_TIMER_HAS_PERIODIC 0x10
#define HPET_TIMER_SET 0x40
#define HPET_TIMER_32 0x100
#define HPET_TIMER_FSB 0x4000
#define HPET_TIMER_HAS_FSB 0x8000

// 8259 pair.
#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0
#define PIC_INPUTS 16
#define PIC_CHIP_INPUTS 8
#define PIC_CASCADE_INPUT 2 // of the master: the slave
#define PIC_MASKS 1         // register
#define PIC_PORTS 2
#define PIC_ALL_MASKED 0xff

// 8042 keyboard controller.
#define KEYBOARD_STATUS 0x64 // reads
#define KEYBOARD_COMMAND 0x64

// CMOS clock.
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_REGISTERS 128

// PCI configuration, mechanism 1.
#define PCI_ADDRESS 0xcf8
#define PCI_DATA 0xcfc
#define PCI_LAST 0xcff // port: both are 4 bytes wide
#define PCI_ENABLE 0x80000000

// Reset control of PC chipsets since the PIIX.
#define RESET_CONTROL_PORT 0xcf9

// PM1 control (ACPI specification, "PM1 Control Registers").
#define PM1_SCI_EN 0x1 // ACPI mode is on
#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_TYP (7 << PM1_SLP_TYP_SHIFT)
#define PM1_SLP_EN (1 << 13)

// Ports that switch a virtual machine off: QEMU's q35 and pc without a reading
// of ACPI, QEMU before 2012, and Bochs, which wants a word spelled.
#define POWER_QEMU_PORT 0x604
#define POWER_QEMU_OLD_PORT 0xb004
#define POWER_QEMU_VALUE 0x2000
#define POWER_BOCHS_PORT 0x8900
