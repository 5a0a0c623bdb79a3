// SPDX-License-Identifier: MIT
// The kernel callouts as C calls them: their types, and how a call is counted
// in the system page's callout_info. The stubs id and eoi are not called: their
// woven copies count themselves (boot/weave.c). A leaf header.
#pragma once

#include "callouts/syspage.h"

typedef void display_char_fn(struct syspage_entry *syspage, char c);
typedef int poll_key_fn(struct syspage_entry *syspage);
typedef int break_detect_fn(struct syspage_entry *syspage);
typedef void timer_load_fn(
    struct syspage_entry *syspage, struct qtime_entry *qtime);
typedef int timer_reload_fn(
    struct syspage_entry *syspage, struct qtime_entry *qtime);
typedef unsigned timer_value_fn(
    struct syspage_entry *syspage, struct qtime_entry *qtime);
typedef int mask_fn(struct syspage_entry *syspage, int vector);
typedef unsigned config_fn(
    struct syspage_entry *syspage, struct intrinfo_entry *group, int vector);
// What control is asked for: write back (SYNC: and wait), drop.
#define MS_ASYNC 0x1
#define MS_SYNC 0x2
#define MS_INVALIDATE 0x4

// QNX: the address of the first line, how many lines; returns how many were
// done, 0 when it was the whole cache.
typedef unsigned control_fn(
    uint64_t paddr, unsigned num_lines, int flags,
    struct cacheattr_entry *cache, volatile struct syspage_entry *syspage);
typedef void reboot_fn(struct syspage_entry *syspage, int abnormal);
typedef int power_fn(
    struct syspage_entry *syspage, unsigned mode, uint64_t *argument);
typedef void send_ipi_fn(
    struct syspage_entry *syspage, unsigned cpu, unsigned cmd,
    unsigned *ipicmds);
typedef void smp_spin_fn(struct syspage_entry *syspage, volatile uint64_t *go);
typedef void init_cpu_fn(struct syspage_entry *syspage);
typedef int start_cpu_fn(
    struct syspage_entry *syspage, unsigned cpu, uint64_t page, unsigned step);

// A callout that the kernel calls: where it is, where its calls are counted.
struct callout_call {
    uint64_t code;   // 0: the machine has none
    uint64_t *calls; // [a] in callout_info; NULL: nowhere
};

// Look a callout up by the address that the system page gives for it.
static inline struct callout_call callout_find(
    struct syspage_entry *syspage, uint64_t code) {
    struct callout_info *info = SYSPAGE_ENTRY(syspage, callout_info);
    uint32_t count = SYSPAGE_COUNT(syspage, callout_info);
    for (uint32_t i = 0; code != 0 && i < count; i++) {
        if (info[i].size != 0 && (uintptr_t)syspage + info[i].code == code) {
            return (struct callout_call){code, &info[i].calls};
        }
    }
    return (struct callout_call){code, 0};
}

// Count a call that follows. Returns the code's address.
static inline uintptr_t callout_count(const struct callout_call *call) {
    if (call->calls != 0) {
        (void)__atomic_fetch_add(call->calls, 1, __ATOMIC_RELAXED);
    }
    return call->code;
}

// CALLOUT_CALL(call, reboot_fn, syspage, 0): count a call of a callout that is
// there, and make it.
#define CALLOUT_CALL(call, type, ...)                                          \
    ((type *)callout_count(&(call)))(__VA_ARGS__)
