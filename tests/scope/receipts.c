// SPDX-License-Identifier: MIT
// Make custom calls of several slots, with arguments by chance but the same in
// every run, read the kernel's receipt after each, and print how long each kept
// interrupts off: "SLOT OFF TIMES" for calls in a row that say the same, with -
// for OFF where the gate refused and there is no receipt. The machine has one
// CPU, and nobody else calls.
//
// usage: receipts CALLS    that have a receipt
#include <stdio.h>
#include <stdlib.h>

#include "usr/include/tollgate.h"

#define MAX_RUN 12    // calls with the same slot and arguments
#define MAX_TURNS 200 // that slot 4 holds

// The shipped slots, and one that is empty. Slot 6 is refused by its list of
// types, as tests/scope/run boots.
static const uint32_t slots[] = {0, 1, 2, 3, 4, 4, 5, 6, 40};
#define NUM_SLOTS (sizeof(slots) / sizeof(slots[0]))

// What was said last, and how often in a row.
static struct {
    uint32_t slot;
    bool refused;
    uint64_t off;
    uint64_t times;
} last;

static void say_last(void) {
    if (last.times && last.refused) {
        printf("%u - %lu\n", last.slot, last.times);
    } else if (last.times) {
        printf("%u %lu %lu\n", last.slot, last.off, last.times);
    }
}

static void say(uint32_t slot, bool refused, uint64_t off) {
    if (slot != last.slot || refused != last.refused || off != last.off) {
        say_last();
        last.slot = slot;
        last.refused = refused;
        last.off = off;
        last.times = 0;
    }
    last.times++;
}

// xorshift64
static uint64_t chance(uint64_t below) {
    static uint64_t state = 0x2545f4914f6cdd1d;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static bool call(uint32_t slot, unsigned long argument, uint64_t *left) {
    static uint64_t arrived;
    struct toll_receipt receipt;
    long result = tollgate_custom(slot, argument, 2, 3, 4, 5, 6);
    if (result == -ENOSYS || (slot == 6 && result == -EPERM)) {
        say(slot, true, 0);
        return true;
    }
    if (tollgate_last_receipt(0, &receipt) < 0 || receipt.slot != slot ||
        receipt.arrived <= arrived) {
        fprintf(stderr, "receipts: a call of slot %u left none\n", slot);
        return false;
    }
    (*left)--;
    arrived = receipt.arrived;
    say(slot, false, receipt.off);
    return true;
}

int main(int argc, char **argv) {
    // Those that have a receipt.
    uint64_t left = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    while (left > 0) {
        uint32_t slot = slots[chance(NUM_SLOTS)];
        unsigned long argument = slot == 4 ? chance(MAX_TURNS) : 0;
        for (uint64_t run = 1 + chance(MAX_RUN); run > 0 && left > 0; run--) {
            if (!call(slot, argument, &left)) {
                return EXIT_FAILURE;
            }
        }
    }
    say_last();
    return EXIT_SUCCESS;
}
