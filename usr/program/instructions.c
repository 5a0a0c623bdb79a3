// SPDX-License-Identifier: MIT
// The least of many samples: an interrupt can only add to one.
#include "usr/program/instructions.h"

#include <inttypes.h>

#include "usr/program/options.h"

#define WARM_UP 16
// From one RDTSC of instructions_of_nothing to the next: SHL OR MOV MOV RDTSC.
#define FRAME_INSTRUCTIONS 5

typedef uint64_t measure_t(
    stub_t *stub, unsigned long a, unsigned long b, uint64_t *result);

// usr/program/instructions_call.S
extern measure_t instructions_of_call;
extern measure_t instructions_of_nothing;

static void find_least(
    measure_t *measure, stub_t *stub, unsigned long a, unsigned long b,
    struct instructions *least) {
    least->cost = UINT64_MAX;
    least->agree = 0;
    for (int i = -WARM_UP; i < INSTRUCTIONS_SAMPLES; i++) {
        uint64_t ticks = measure(stub, a, b, &least->result);
        if (i < 0 || ticks > least->cost) {
            continue;
        }
        least->agree = ticks < least->cost ? 1 : least->agree + 1;
        least->cost = ticks;
    }
}

bool instructions_count(
    stub_t *stub, unsigned long a, unsigned long b,
    struct instructions *count) {
    struct instructions frame;
    find_least(instructions_of_nothing, stub, a, b, &frame);
    if (frame.cost != FRAME_INSTRUCTIONS) {
        complain(
            "the time-stamp counter does not count instructions (%" PRIu64
            " for %d of them): use tools/boot --icount",
            frame.cost, FRAME_INSTRUCTIONS);
        return false;
    }
    find_least(instructions_of_call, stub, a, b, count);
    count->cost -= frame.cost;
    return true;
}
