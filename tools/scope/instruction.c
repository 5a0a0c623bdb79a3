// SPDX-License-Identifier: MIT
// See instruction.h.
#include "tools/scope/instruction.h"

#include <stdbool.h>

// ModRM: the operand is memory unless mod is 3; reg extends the opcode.
#define MODRM_MOD(byte) ((byte) >> 6)
#define MODRM_REG(byte) ((byte) >> 3 & 7)
#define MOD_REGISTER 3
#define REG_CALL_NEAR 2

static bool is_prefix(uint8_t byte) {
    switch (byte) {
    case 0x26: // segments
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66: // sizes of operand and address
    case 0x67:
    case 0xf0: // LOCK, REPNE, REP
    case 0xf2:
    case 0xf3:
        return true;
    default:
        return (byte & 0xf0) == 0x40; // REX
    }
}

enum instruction instruction_of(const uint8_t *bytes, size_t size) {
    while (size > 0 && is_prefix(*bytes)) {
        bytes++;
        size--;
    }
    uint8_t next = size > 1 ? bytes[1] : 0;
    switch (size > 0 ? *bytes : 0) {
    case 0xfa:
        return INSTRUCTION_CLI;
    case 0xfb:
        return INSTRUCTION_STI;
    case 0xcf:
        return INSTRUCTION_IRET;
    case 0x9d:
        return INSTRUCTION_POPF;
    case 0xe8:
        return INSTRUCTION_CALL;
    case 0x0f:
        return next == 0x07 ? INSTRUCTION_SYSRET : INSTRUCTION_OTHER;
    case 0xff:
        return MODRM_MOD(next) != MOD_REGISTER &&
                       MODRM_REG(next) == REG_CALL_NEAR
                   ? INSTRUCTION_CALL_MEMORY
                   : INSTRUCTION_OTHER;
    default:
        return INSTRUCTION_OTHER;
    }
}
