// SPDX-License-Identifier: MIT
// What programs and the kernel agree on beyond Linux's own numbers, as numbers
// alone: C, stubs in assembly and programs include it. A leaf header.
#pragma once

// The custom call: rax = slot << 32 | SYS_CUSTOM. Slot 0 is QNX's stub.
#define SYS_CUSTOM 106

// Tollgate's own calls. "Administrator" is a process of type 0.
// All return 0 or more, or a negative errno as Linux's calls do.

// (type): this process's type ID. Administrator.
#define TOLLGATE_SET_TYPE 1000
// (): this process's type ID, as unsigned.
#define TOLLGATE_GET_TYPE 1001
// (resource, kind): give a resource another lock. Administrator.
#define TOLLGATE_SET_LOCK 1002
// (TOLL_OFF|TOLL_ON|TOLL_FULL): measure custom calls; the mode before.
// Administrator.
#define TOLLGATE_SET_TOLL 1003
// (): have every CPU account for its calls up to now, in the area of tolls
// (syscall/toll_area.h).
#define TOLLGATE_TOLL_FOLD 1004
// (): forget all that was measured. Administrator.
#define TOLLGATE_TOLL_RESET 1005
// (us): cycles of the largest gap between two readings of the time-stamp
// counter in an idle loop with interrupts off; us <= 100000.
#define TOLLGATE_NOISE_FLOOR 1006
// (uint64_t mask[4]): which CPUs are up; their number.
#define TOLLGATE_CPUS 1007
// (on): print each kernel call of this process, and of its children, on the
// console.
#define TOLLGATE_TRACE 1009
// (slot, on): fence a slot off, so that every call of it is refused with
// -ENOTRECOVERABLE, or let it be called again; the state before. Administrator.
#define TOLLGATE_SET_FENCE 1010
// (const void *module, size, char *reason, reason_size): bind a callout module,
// a file of docs/modules.md in memory, in the slot that its header names, in
// place of what is bound there. `reason` gets one line, without its end and
// with a final 0, "" if all went well; reason_size 0: nobody wants it.
// -EINVAL no module, or one that can not be bound; -ENOSPC no room for its
// resource or its per-CPU storage; -ENOMEM, -EFAULT. Administrator.
#define TOLLGATE_BIND 1011
// (slot): empty a slot. -EINVAL no such slot, -ENOENT it is empty.
// Administrator.
#define TOLLGATE_UNBIND 1012
// (address, char *name, size): what lies at an address of the kernel's or of a
// callout's code, as "symbol+0x12" with a final 0, as much of it as there is
// room for; "?" is nothing. Its length.
#define TOLLGATE_SYMBOL 1013
// (due, struct toll_shot *, size): sleep until the time-stamp counter is `due`,
// by this CPU's timer, and tell what became of its interrupt
// (syscall/toll_shot.h); bytes written. To be called by a thread that stays on
// one CPU; what it is not told is what happened while the tolls were off.
// -ENODEV this CPU has no timer of its own, -EINTR, -EFAULT. Administrator.
#define TOLLGATE_SHOT 1014
// (): the samples of docs/adding-a-kernel-call.md.
#define TOLLGATE_FOO 1100
#define TOLLGATE_PK 1101

#define TOLLGATE_REASON_SIZE 128 // bytes of TOLLGATE_BIND's, with its final 0

#define TOLL_OFF 0
#define TOLL_ON 1
#define TOLL_FULL 2 // and what needs more than the gate's own accounts

// auxv: where the system page and the area of tolls are mapped, for programs
// that ask.
#define AT_TOLLGATE_SYSPAGE 0x5447
#define AT_TOLLGATE_TOLLS 0x5448
