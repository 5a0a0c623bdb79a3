// FLAGS: -no-pie
// SOURCES: build/startup/callouts/interrupt_lapic.asm.o
// SOURCES: build/startup/callouts/interrupt_ioapic.asm.o
// SOURCES: build/startup/callouts/timer_lapic.asm.o
// SOURCES: build/startup/callouts/timer_hpet.asm.o
// SPDX-License-Identifier: MIT
// Kernel callouts on the host: the objects of `make iso`, copied and patched as
// startup does it, with memory in place of the device.
#include "callouts/callout.h"

#include <sys/mman.h>

#include "callouts/hardware.h"
#include "callouts/syspage.h"
#include "kernel/base/vectors.h"
#include "tests/host/suite.h"

#define PAGES_SIZE 0x10000
#define CODE_OFFSET 0x1000
#define CODE_ALIGN 16
#define NSEC_PER_MSEC 1000000
#define LAPIC_HZ 62500000
#define HPET_HZ 100000000

extern const struct callout_rtn interrupt_mask_lapic, interrupt_unmask_lapic,
    interrupt_config_lapic, interrupt_mask_ioapic, interrupt_unmask_ioapic,
    interrupt_config_ioapic, timer_load_lapic, timer_reload_lapic,
    timer_value_lapic, timer_load_hpet, timer_reload_hpet, timer_value_hpet;

static uint8_t *page; // of callouts, in place of the system page
static unsigned end;  // of the last one

static uint32_t device[0x1000 / sizeof(uint32_t)]; // its registers

static struct apic_data apic = {.num_inputs = 24};
static struct hpet_data hpet;

static uint32_t *reg(unsigned offset) {
    return &device[offset / sizeof(uint32_t)];
}

// A callout's copy, patched: its code.
static void *place(const struct callout_rtn *rtn, void *data) {
    if (page == NULL) {
        page = mmap(
            NULL, PAGES_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(page, MAP_FAILED);
        end = CODE_OFFSET;
        apic.vaddr = (uintptr_t)device;
        hpet.vaddr = (uintptr_t)device;
    }
    unsigned at = end;
    memcpy(page + at, rtn->rtn_code, rtn->rtn_size);
    if (rtn->patcher != NULL) {
        rtn->patcher((uintptr_t)page, (uintptr_t)page, at, 0, data, rtn);
    }
    end = (unsigned)ALIGN_UP(end + rtn->rtn_size, CODE_ALIGN);
    return page + at;
}

typedef int mask_fn(struct syspage_entry *, int);
typedef unsigned config_fn(
    struct syspage_entry *, struct intrinfo_entry *, int);
typedef void load_fn(struct syspage_entry *, struct qtime_entry *);
typedef int reload_fn(struct syspage_entry *, struct qtime_entry *);
typedef unsigned value_fn(struct syspage_entry *, struct qtime_entry *);

START_TEST(lapic_masks_its_vectors) {
    mask_fn *mask = place(&interrupt_mask_lapic, &apic);
    mask_fn *unmask = place(&interrupt_unmask_lapic, &apic);
    *reg(LAPIC_LVT_TIMER) = 0xec;
    *reg(LAPIC_LVT_ERROR) = 0xee;
    ck_assert_int_eq(mask(NULL, LAPIC_TIMER), 0);
    ck_assert_uint_eq(*reg(LAPIC_LVT_TIMER), 0xec | LAPIC_LVT_MASKED);
    ck_assert_uint_eq(*reg(LAPIC_LVT_ERROR), 0xee);
    ck_assert_int_eq(mask(NULL, LAPIC_ERROR), 0);
    ck_assert_uint_eq(*reg(LAPIC_LVT_ERROR), 0xee | LAPIC_LVT_MASKED);
    ck_assert_int_eq(unmask(NULL, LAPIC_TIMER), 0);
    ck_assert_uint_eq(*reg(LAPIC_LVT_TIMER), 0xec);
    ck_assert_int_eq(mask(NULL, LAPIC_IPI), -1); // can't be masked
    ck_assert_int_eq(mask(NULL, NUM_LAPIC_VECTORS), -1);
    ck_assert_int_eq(unmask(NULL, LAPIC_IPI), -1);
}
END_TEST

START_TEST(lapic_configures_its_vectors) {
    config_fn *config = place(&interrupt_config_lapic, NULL);
    ck_assert_uint_eq(
        config(NULL, NULL, LAPIC_TIMER), INTR_CONFIG_FLAG_PREATTACH);
    ck_assert_uint_eq(
        config(NULL, NULL, LAPIC_ERROR), INTR_CONFIG_FLAG_PREATTACH);
    ck_assert_uint_eq(
        config(NULL, NULL, LAPIC_IPI),
        INTR_CONFIG_FLAG_PREATTACH | INTR_CONFIG_FLAG_IPI);
    ck_assert_uint_eq(
        config(NULL, NULL, NUM_LAPIC_VECTORS), INTR_CONFIG_FLAG_DISALLOWED);
}
END_TEST

// The window is one register here: what it is of stands in the select register.
START_TEST(ioapic_masks_its_inputs) {
    mask_fn *mask = place(&interrupt_mask_ioapic, &apic);
    mask_fn *unmask = place(&interrupt_unmask_ioapic, &apic);
    *reg(IOAPIC_WINDOW) = 0x34;
    ck_assert_int_eq(mask(NULL, 4), 0);
    ck_assert_uint_eq(*reg(IOAPIC_SELECT), IOAPIC_REDIRECTION + 2 * 4);
    ck_assert_uint_eq(*reg(IOAPIC_WINDOW), 0x34 | IOAPIC_MASKED);
    ck_assert_int_eq(unmask(NULL, 23), 0);
    ck_assert_uint_eq(*reg(IOAPIC_SELECT), IOAPIC_REDIRECTION + 2 * 23);
    ck_assert_uint_eq(*reg(IOAPIC_WINDOW), 0x34);
    ck_assert_int_eq(mask(NULL, 24), -1);
    ck_assert_int_eq(unmask(NULL, -1), -1);
    ck_assert_uint_eq(*reg(IOAPIC_WINDOW), 0x34);
}
END_TEST

START_TEST(ioapic_configures_its_inputs) {
    config_fn *config = place(&interrupt_config_ioapic, NULL);
    struct intrinfo_entry intr = {.num_vectors = 24};
    ck_assert_uint_eq(config(NULL, &intr, 0), 0);
    ck_assert_uint_eq(config(NULL, &intr, 23), 0);
    ck_assert_uint_eq(config(NULL, &intr, 24), INTR_CONFIG_FLAG_DISALLOWED);
}
END_TEST

START_TEST(lapic_timer) {
    load_fn *load = place(&timer_load_lapic, &apic);
    reload_fn *reload = place(&timer_reload_lapic, &apic);
    value_fn *value = place(&timer_value_lapic, &apic);
    struct qtime_entry qtime = {
        .timer_hz = LAPIC_HZ, .nsec_inc = NSEC_PER_MSEC};
    load(NULL, &qtime);
    ck_assert_uint_eq(qtime.timer_load, 62500);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_INITIAL), 62500);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_DIVIDE), LAPIC_DIVIDE_BY_16);
    ck_assert_uint_eq(
        *reg(LAPIC_LVT_TIMER),
        LAPIC_LVT_PERIODIC | (VECTOR_LAPIC + LAPIC_TIMER));
    ck_assert_int_eq(reload(NULL, &qtime), 1);
    *reg(LAPIC_TIMER_CURRENT) = 62500; // it counts down, value counts up
    ck_assert_uint_eq(value(NULL, &qtime), 0);
    *reg(LAPIC_TIMER_CURRENT) = 62000;
    ck_assert_uint_eq(value(NULL, &qtime), 500);
    qtime.nsec_inc = 2 * NSEC_PER_MSEC; // another period: load again
    load(NULL, &qtime);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_INITIAL), 125000);
    qtime.flags = QTIME_ONE_SHOT; // once
    load(NULL, &qtime);
    ck_assert_uint_eq(*reg(LAPIC_LVT_TIMER), VECTOR_LAPIC + LAPIC_TIMER);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_INITIAL), 125000);
    qtime.nsec_inc = UINT64_MAX; // longer than it can
    load(NULL, &qtime);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_INITIAL), UINT32_MAX);
    qtime.nsec_inc = 1; // a count of 0 would stop it
    load(NULL, &qtime);
    ck_assert_uint_eq(*reg(LAPIC_TIMER_INITIAL), 1);
}
END_TEST

START_TEST(hpet_timer) {
    load_fn *load = place(&timer_load_hpet, &hpet);
    reload_fn *reload = place(&timer_reload_hpet, &hpet);
    value_fn *value = place(&timer_value_hpet, &hpet);
    struct qtime_entry qtime = {.timer_hz = HPET_HZ, .nsec_inc = NSEC_PER_MSEC};
    load(NULL, &qtime);
    ck_assert_uint_eq(qtime.timer_load, 100000);
    ck_assert_uint_eq(*reg(HPET_TIMER0_COMPARATOR), 100000);
    ck_assert_uint_eq(*reg(HPET_CONFIG), HPET_ENABLE | HPET_LEGACY);
    ck_assert_int_eq(reload(NULL, &qtime), 1);
    ck_assert(*reg(HPET_TIMER0_CONFIG) & HPET_TIMER_PERIODIC);
    qtime.flags = QTIME_ONE_SHOT; // once
    load(NULL, &qtime);
    ck_assert(!(*reg(HPET_TIMER0_CONFIG) & HPET_TIMER_PERIODIC));
    ck_assert_uint_eq(*reg(HPET_TIMER0_COMPARATOR), 100000);
    ck_assert_uint_eq(*reg(HPET_CONFIG), HPET_ENABLE | HPET_LEGACY);
    *reg(HPET_TIMER0_COMPARATOR) = 300000; // the next tick
    *reg(HPET_COUNTER) = 200000;
    ck_assert_uint_eq(value(NULL, &qtime), 0);
    *reg(HPET_COUNTER) = 200700;
    ck_assert_uint_eq(value(NULL, &qtime), 700);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        lapic_masks_its_vectors,
        lapic_configures_its_vectors,
        ioapic_masks_its_inputs,
        ioapic_configures_its_inputs,
        lapic_timer,
        hpet_timer,
    };
    return SUITE_RUN("callouts", tests);
}
