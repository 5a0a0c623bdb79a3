// SPDX-License-Identifier: MIT
// Slot 59, a callout in C with storage that all CPUs share, under the resource
// "test": the last calls, by number, with type and first argument. It returns
// this call's number, from 1. With the second argument n, not 0, it notes
// nothing and returns the first argument of call n, whose type it puts into the
// caller's rdx; or -EINVAL if that is forgotten or has not been.
#include "callouts/callout.h"
#include "callouts/syspage.h"
#include "kernel/base/regs.h"
#include "offsets.h"

#define LEDGER_CALLS 16u

struct ledger {
    uint64_t calls;
    struct {
        uint64_t argument;
        uint64_t type_id;
    } last[LEDGER_CALLS];
};

CALLOUT_RW(test_ledger_rw, sizeof(struct ledger))

static CALLOUT_PATCHER(patch_test_ledger) {
    CALLOUT_PATCH_STORAGE(custom_test_ledger);
}

CALLOUT_C(custom_test_ledger, test_ledger_rw, patch_test_ledger)
uintptr_t custom_test_ledger_code(
    struct syspage_entry *syspage, uint32_t type_id, struct regs *regs) {
    struct ledger *ledger = CALLOUT_STORAGE(custom_test_ledger, syspage);
    uint64_t call = regs->rsi;
    if (call == 0) {
        call = ++ledger->calls;
        ledger->last[call % LEDGER_CALLS].argument = regs->rdi;
        ledger->last[call % LEDGER_CALLS].type_id = type_id;
        return call;
    }
    if (call > ledger->calls || ledger->calls - call >= LEDGER_CALLS) {
        return (uintptr_t)-EINVAL;
    }
    regs->rdx = ledger->last[call % LEDGER_CALLS].type_id;
    return ledger->last[call % LEDGER_CALLS].argument;
}
