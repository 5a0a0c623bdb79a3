// SPDX-License-Identifier: MIT
// The versions of slot 0, where QNX has its only custom callout. Slots as they
// ship: boot/custom.c.
#include "boot/versions_priv.h"

#include "boot/library.h"

extern const struct callout_rtn custom, custom_args6;

// As it ships: it comes with the other slots.
void add_custom_sum(const struct machine *machine) {
    (void)machine;
}

// The sample of QNX's documentation: callouts/custom_qnx.S.
void add_custom_qnx(const struct machine *machine) {
    (void)machine;
    add_callout(offsetof(struct callout_entry, custom), &custom);
}

// What slot 1 has: QNX's stubs, which call slot 0, can show six arguments.
void add_custom_args6(const struct machine *machine) {
    static const struct callout_slot slots[] = {CALLOUT_SLOT(custom, _args6)};
    (void)machine;
    add_callout_array(slots, sizeof(slots));
}
