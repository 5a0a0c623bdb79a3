// SPDX-License-Identifier: MIT
// The accounting of measured calls. The measured entry leaves receipts for its
// CPU (kernel/receipt.h); folding counts them, for each slot and each resource
// on each CPU, and makes room for new ones. The accounts lie where programs can
// read them (syscall/toll_area.h), and adding the CPUs up is left to them.
//
// Readers see what is folded: who wants all calls up to now has every CPU fold
// first (rendezvous.h).
#pragma once

#include "kernel/base/types.h"
#include "smp/percpu.h"

struct syspage_entry;

// Once, on the boot CPU, before the first fold. The page tells the slots'
// budgets.
void tolls_init(const struct syspage_entry *syspage);

// Make a CPU's account and its room for receipts, before it is started. False
// without memory.
MUST_CHECK bool tolls_create_cpu(struct percpu *cpu);

// Fold this CPU's receipts. Interrupts are off for a batch of receipts at a
// time.
//
// Context: any but inside the gate; fit for a rendezvous.
void tolls_fold(void);

// Fold a batch of `cpu`'s receipts. Receipts that find no memory are
// counted as lost. Also takes note of its refusals.
//
// Context: interrupts off, on that CPU, or the machine is stopped.
// Returns: whether there are more.
bool tolls_fold_batch(struct percpu *cpu);

// Forget all that `cpu` has measured, folded or not, and its refusals.
//
// Context: the machine is stopped, so that no call is forgotten in part.
void tolls_reset_cpu(struct percpu *cpu);

// Forget a slot's figures on a CPU, folded or not: another callout is bound
// there.
//
// Context: the machine is stopped.
void tolls_forget(struct percpu *cpu, uint32_t slot);

// Forget a resource's figures on a CPU, folded or not: it gets another lock,
// and the bound is one of a lock's.
//
// Context: the machine is stopped.
void tolls_forget_resource(struct percpu *cpu, uint32_t resource);
