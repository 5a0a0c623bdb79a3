// SPDX-License-Identifier: MIT
// Interrupt controllers that are made of memory alone, for the tests of the
// interrupt entry code: bound under the option `selftest`, raised by INT. They
// share one area of callout storage, a struct intr_test_area; it is that of the
// callouts of version INTR_TEST_VERSION. A leaf header.
#pragma once

#include <stdint.h>

#define INTR_TEST_VERSION "test"
#define INTR_TEST_VECTOR_BASE 0x400 // system numbers: 16 for each group

// The groups, by index. Each has INTR_TEST_VECTORS vectors.
#define INTR_TEST_LOOP 0       // ID_LOOP and all registers
#define INTR_TEST_SINGLE 1     // an IDT entry for each vector, by LEVEL
#define INTR_TEST_NOGLITCH 2   // NOGLITCH, and masks on every CPU
#define INTR_TEST_CHILD 3      // below LOOP
#define INTR_TEST_IMPLICIT 4   // below LOOP, CASCADE_IMPLICIT_EOI
#define INTR_TEST_GRANDCHILD 5 // below CHILD, with an IDT entry
#define INTR_TESTS 6
#define INTR_TEST_VECTORS 4
#define INTR_TEST_STRIDE 16 // of vector bases
#define INTR_TEST_CHILD_AT 2
#define INTR_TEST_IMPLICIT_AT 3
#define INTR_TEST_GRANDCHILD_AT 1
#define INTR_TEST_REFUSED 3 // vector that config doesn't allow

// What the controllers did, in order.
#define INTR_TEST_ID 1
#define INTR_TEST_EOI 2
#define INTR_TEST_DISPATCH 3 // written by the kernel's handler
struct intr_test_event {
    uint32_t what;
    uint32_t group;
    uint64_t rax, rbx, rcx, rdx, rsi; // as the stub found them
};
#define INTR_TEST_EVENTS 64

// A controller: which vectors ask for service, as a mask. The lowest comes
// first, and reading it clears it.
struct intr_test_controller {
    uint32_t pending;
    uint32_t forever; // not 0: reading does not clear
    uint32_t masks;   // [a] calls of mask and unmask on all CPUs
    uint32_t unmasks;
};

struct intr_test_area {
    uint32_t num_events; // also those that found no room
    uint32_t reserved;
    struct intr_test_controller controllers[INTR_TESTS];
    struct intr_test_event events[INTR_TEST_EVENTS];
};

// What the patchers expect.
struct intr_test_data {
    uint32_t group;
};
