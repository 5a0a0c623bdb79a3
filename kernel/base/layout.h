// SPDX-License-Identifier: MIT
// The kernel's half of the address space. All but the direct map lies in the
// top 2 GiB, so that a sign-extended 32-bit constant reaches it.
//
//   ffff800000000000  direct map of all physical memory, data only
//   ffffffff80000000  kernel image
//   ffffffffa0000000  gate thunks (syscall/bind.c), code
//   ffffffffa8000000  area of tolls (kernel/toll_area.c), 128 MiB
//   ffffffffb0000000  system page (SYSPAGE_VADDR, callouts/syspage.h)
//   ffffffffb8000000  modules bound at run time (syscall/module_memory.c)
//   ffffffffc0000000  per-CPU blocks and their stacks (smp/percpu.h)
//   ffffffffd0000000  devices that callouts map (callout_memory_map)
//   ffffffffe0000000  kernel stacks of threads, a guard page below each
#pragma once

#define DIRECT_MAP_VADDR 0xffff800000000000ul
#define KERNEL_VADDR 0xffffffff80000000ul
#define THUNKS_VADDR 0xffffffffa0000000ul
#define TOLLS_VADDR 0xffffffffa8000000ul
#define MODULES_VADDR 0xffffffffb8000000ul
#define PERCPU_VADDR 0xffffffffc0000000ul
#define DEVICE_VADDR 0xffffffffd0000000ul
#define STACKS_VADDR 0xffffffffe0000000ul

// User addresses: the first page is never mapped, the last page below the
// non-canonical hole neither (a SYSCALL at its very end would return into it).
#define USER_START 0x1000ul
#define USER_END 0x7ffffffff000ul

// Segment selectors. SYSRET takes SS from STAR[63:48]+8 and CS from +16, so
// user data comes before user code (Intel SDM volume 2, "SYSRET").
#define KERNEL_CS 0x08
#define KERNEL_SS 0x10
#define USER_SS 0x23
#define USER_CS 0x2b
#define TSS_SELECTOR 0x30
#define STAR_SYSRET_BASE 0x1b

#define RFLAGS_CF 0x1
#define RFLAGS_FIXED 0x2
#define RFLAGS_TF 0x100
#define RFLAGS_IF 0x200
#define RFLAGS_DF 0x400
#define RFLAGS_IOPL 0x3000
#define RFLAGS_NT 0x4000
#define RFLAGS_RF 0x10000
#define RFLAGS_VM 0x20000
#define RFLAGS_AC 0x40000
