// SPDX-License-Identifier: MIT
// Tests of the woven interrupt entry code, for kernel/selftest.c, with the
// controllers of kernel/base/intr_test.h. Each says NULL, or what is wrong.
#pragma once

struct syspage_entry;

void interrupt_test_init(struct syspage_entry *syspage);

const char *interrupt_test_level(void);
const char *interrupt_test_spurious(void);
const char *interrupt_test_noglitch(void);
const char *interrupt_test_loop(void);
const char *interrupt_test_loop_is_bounded(void);
const char *interrupt_test_registers(void);
const char *interrupt_test_intrmask(void);
const char *interrupt_test_cascade(void);
const char *interrupt_test_implicit_eoi(void);
const char *interrupt_test_deep_cascade(void);
const char *interrupt_test_broadcast(void);
const char *interrupt_test_config(void);

// Of whichever controller has the timer.
const char *interrupt_test_timer_masked(void);

// The 8259 pair, where there is one: its slave is driven by the CMOS clock.
const char *interrupt_test_8259(void);
const char *interrupt_test_8259_spurious(void);
