// SPDX-License-Identifier: MIT
// The kernel's own tests, which run in the guest before the first program if
// the option `selftest` asks for them. They print KTAP.
#pragma once

struct syspage_entry;

// Context: thread context on the boot CPU, all CPUs up.
void selftest_run(struct syspage_entry *syspage);
