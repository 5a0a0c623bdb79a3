// SPDX-License-Identifier: MIT
// Base types and the few macros that every file may use. A leaf header: it
// includes only the freestanding standard ones.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t;  // a physical address
typedef uint64_t cycles_t; // time-stamp counter ticks
typedef uint32_t cpu_id_t; // 0..num_cpu-1, dense; 0 is the boot CPU
#define CPU_NONE UINT32_MAX

// IDs have 8 bits, as in xAPIC. No structure is sized by hand, so this is the
// only limit.
#define MAX_CPUS 256

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ul
#define PAGE_2M (2ul << 20)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a) (((x) + ((a)-1)) & ~((a)-1))
#define ALIGN_DOWN(x, a) ((x) & ~((a)-1))

// The caller must look at the status that such a function returns.
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define ALIGNED(n) __attribute__((aligned(n)))
