// SPDX-License-Identifier: MIT
// The accounting of measured calls. The measured entry leaves receipts for its
// CPU (kernel/receipt.h); folding counts them, for each slot and each resource
// on each CPU, and makes room for new ones. Reading adds the CPUs up.
//
// Readers see what is folded: who wants all calls up to now has every CPU fold
// first (rendezvous.h).
#pragma once

#include "kernel/base/types.h"
#include "smp/percpu.h"
#include "syscall/abi.h"

struct syspage_entry;

// Once, on the boot CPU, before the first fold. The page tells the slots'
// budgets and the resources' locks.
void tolls_init(const struct syspage_entry *syspage);

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

// The tolls of a slot on one CPU, or on all of them (TOLL_ALL_CPUS). A CPU that
// has never folded adds nothing.
//
// Context: thread context.
// Returns: 0, -EINVAL no such slot or CPU, -ENOMEM.
MUST_CHECK int tolls_read(uint32_t slot, uint32_t cpu, struct toll *toll);

// What all CPUs know of a resource, and the bound that follows from it for
// `cpus_up` of them.
//
// Context: thread context.
// Returns: 0, -EINVAL no such resource.
MUST_CHECK int tolls_resource(
    uint32_t resource, uint32_t cpus_up, struct toll_resource *toll);

// Forget all that is folded, and the refusals that were noted.
//
// Context: thread context.
void tolls_reset(void);

// Forget a slot's figures on all CPUs, as far as they are folded, and give
// their memory back: another callout is bound there.
//
// Context: any in which a kernel lock may be taken.
void tolls_forget(uint32_t slot);
