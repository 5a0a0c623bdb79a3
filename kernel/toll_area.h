// SPDX-License-Identifier: MIT
// The memory of syscall/toll_area.h: pages that the kernel writes at
// TOLLS_VADDR and every process may read at TOLL_AREA_VADDR, added as they are
// needed.
#pragma once

#include "kernel/base/types.h"
#include "syscall/toll_area.h"

// The directory. It is made with the first piece.
struct toll_area *toll_area(void);

// A zeroed, page-aligned piece of the area, or NULL without memory; *offset is
// where in the area it lies. It can not be given back: programs see it.
//
// Context: any in which a kernel lock may be taken.
MUST_CHECK void *toll_area_alloc(size_t size, uint64_t *offset);

// The piece at an offset that is not 0.
void *toll_area_at(uint64_t offset);

// The page at an offset into the area, or 0 where there is none.
//
// Context: any.
MUST_CHECK paddr_t toll_area_page(uintptr_t offset);
