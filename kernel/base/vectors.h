// SPDX-License-Identifier: MIT
// Interrupt vectors of the IDT. Startup's interrupt groups use them as their
// cpu_intr_base; the kernel uses them to know its own.
#pragma once

#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_GENERAL_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define VECTOR_MACHINE_CHECK 18
#define NUM_EXCEPTIONS 32

#define VECTOR_PIC 0x20    // 16 vectors, all masked
#define VECTOR_IOAPIC 0x30 // one vector for each input, 24 on PC machines
#define VECTOR_LAPIC 0xe0  // the group below
#define LAPIC_TIMER 0      // vectors of the local APIC's group, from 0
#define LAPIC_IPI 1
#define LAPIC_ERROR 2
#define NUM_LAPIC_VECTORS 3
#define VECTOR_MSI 0xe8 // one vector for each message
#define NUM_MSI_VECTORS 8
#define VECTOR_TEST 0xf0 // seven for the groups that selftest adds
#define VECTOR_SPURIOUS 0xff
#define NUM_VECTORS 256
