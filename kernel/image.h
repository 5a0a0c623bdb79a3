// SPDX-License-Identifier: MIT
// The kernel image's parts, as the linker script places them: page-aligned, in
// this order.
#pragma once

#include "kernel/base/types.h"

extern char kernel_text_start[], kernel_text_end[];     // r-x
extern char kernel_rodata_start[], kernel_rodata_end[]; // r--
extern char kernel_data_start[], kernel_end[];          // rw-
extern char kernel_image_paddr[]; // its address is the physical load address
