// SPDX-License-Identifier: MIT
// The record of a callout, as callout.inc's CALLOUT_START and CALLOUT_END emit
// it: startup copies the code into the system page and has it patched there.
#pragma once

#include "kernel/base/types.h"

struct callout_rtn;

// Adapt the copy of a callout to this machine. Called right after the copy.
//
// paddr, vaddr   the system page
// rtn_offset     where in it the copy lies
// rw_offset      where in it the callout's storage lies, zeroed; 0 if none
// data           what callout_register_data() said, or the group's patch data
// src            the original
typedef void callout_patcher(
    paddr_t paddr, uintptr_t vaddr, unsigned rtn_offset, unsigned rw_offset,
    void *data, const struct callout_rtn *src);

struct callout_rtn {
    const uint32_t *rw_size;  // of its storage; one label, one area. NULL: none
    callout_patcher *patcher; // or NULL
    uint32_t rtn_size;        // bytes of code
    uint32_t reserved;
    uint8_t rtn_code[];
};

_Static_assert(
    offsetof(struct callout_rtn, rtn_code) == 24,
    "CALLOUT_START in callouts/callout.inc emits this layout");

// What the patchers of this folder expect as data.
struct debug_data {
    uint32_t port;
};
struct apic_data {
    uint64_t vaddr;      // where the kernel maps its registers
    uint32_t num_inputs; // I/O APIC
    uint32_t lint0;      // the boot CPU's LINT0
};
struct pic_data {
    uint32_t port;
    uint32_t cascade; // input that another 8259 is on
};
struct reset_data {
    uint64_t vaddr; // of the register, 0: it is a port
    uint32_t port;
    uint32_t value;
};
struct vga_data {
    uint64_t vaddr; // where the kernel maps the screen
};
struct hpet_data {
    uint64_t vaddr;      // where the kernel maps its registers
    uint32_t comparator; // offset of its registers from comparator 0's
    uint32_t num_comparators;
};
struct power_data {
    uint32_t pm1a_port; // 0: none
    uint32_t pm1b_port;
    uint32_t pm1a_value;
    uint32_t pm1b_value;
};
// That of custom callouts is their struct custom_slot.
