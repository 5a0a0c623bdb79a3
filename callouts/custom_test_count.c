// SPDX-License-Identifier: MIT
// Slot 56, a callout in C with per-CPU storage: how many calls this CPU has
// made, and the sum of their first arguments, which it returns. With the second
// argument 1, the number of calls.
#include "callouts/callout.h"
#include "callouts/syspage.h"
#include "kernel/base/regs.h"
#include "offsets.h"

struct count {
    uint64_t calls;
    uint64_t sum;
};

static CALLOUT_PATCHER(patch_test_count) {
    CALLOUT_PATCH_PERCPU(custom_test_count);
}

CALLOUT_C(custom_test_count, 0, patch_test_count)
uintptr_t custom_test_count_code(
    struct syspage_entry *syspage, uint32_t type_id, struct regs *regs) {
    struct count *count = CALLOUT_PERCPU(custom_test_count);
    (void)syspage;
    (void)type_id;
    count->calls++;
    count->sum += regs->rdi;
    return regs->rsi == 1 ? count->calls : count->sum;
}
