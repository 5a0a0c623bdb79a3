// SPDX-License-Identifier: MIT
// What the driver in slots.c is asked: the ioctls of /dev/slots.
#pragma once

#ifdef __KERNEL__
#include <linux/ioctl.h>
#else
#include <sys/ioctl.h>
#endif

// The arguments of a call, then its result.
struct slots_call {
    unsigned long a;
    unsigned long b;
    unsigned long result;
};

// SLOTS_SUM is slot 0: result = a + b. SLOTS_SHARED_ADD is slot 3: it adds a to
// a counter that all CPUs share, and its new value is the result. Both return
// 0. SLOTS_SUM_HALVES returns the sum of the two halves of its argument, which
// is no address, in 31 bits: nothing that an ioctl does can be quicker. Errors:
// EFAULT; ENOTTY none of these.
#define SLOTS_SUM_HALVES _IO('T', 0)
#define SLOTS_SUM _IOWR('T', 1, struct slots_call)
#define SLOTS_SHARED_ADD _IOWR('T', 2, struct slots_call)

// The name of the module and of its node in /dev.
#define SLOTS_NAME "slots"
