// SPDX-License-Identifier: MIT
// The instructions that matter for whether interrupts are on (Intel SDM volume
// 2), by their bytes in 64-bit mode.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum instruction {
    INSTRUCTION_OTHER,
    INSTRUCTION_CLI,
    INSTRUCTION_STI,
    INSTRUCTION_IRET,
    INSTRUCTION_POPF,
    INSTRUCTION_SYSRET,
    INSTRUCTION_CALL,        // a near call of an address in the instruction
    INSTRUCTION_CALL_MEMORY, // a near call by way of a pointer in memory
};

// Which one the bytes of a whole instruction are.
enum instruction instruction_of(const uint8_t *bytes, size_t size);
