// SPDX-License-Identifier: MIT
// Tollgate's side: the slots that ship, and nothing to get ready.
#include "tools/bench/guest/system.h"
#include "usr/include/tollgate.h"

extern unsigned long shared_add(unsigned long a, unsigned long b);
TOLLGATE_STUB(shared_add, 3)

static bool nothing(void) {
    return true;
}

static void the_end(void) {
}

static void describe(struct json *json) {
    (void)json;
}

const struct bench_system tollgate_system = {
    .name = "tollgate",
    .num_calls = 3,
    .calls =
        {{.name = "sum", .by = "slot 0", .stub = SysCustom, .a = 3, .b = 4},
         {.name = "shared add", .by = "slot 3", .stub = shared_add, .a = 1},
         {.name = "getppid", .by = "call 110", .stub = system_getppid}},
    .shared_add = shared_add,
    .open = nothing,
    .start = nothing,
    .describe = describe,
    .hz = tollgate_hz,
    .close = the_end,
};
