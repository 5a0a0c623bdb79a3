// SPDX-License-Identifier: MIT
// mkcallout: admission. Walk through a routine from its entry by its control
// flow, decode each instruction that can be reached and compare it with the
// rules. What is not on the list of instructions is refused, so that an
// instruction of a CPU to come is, too.
#include "tools/mkcallout_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "smp/percpu.h"

#define STACK_MAX 512    // bytes that a callout may have on the stack at a time
#define RETURN_ADDRESS 8 // bytes that CALL puts there
#define NOT_KNOWN (-1)
#define REP_MAX 4096        // turns of a repeated string instruction
#define STEPS_MAX 100000    // instructions of a patcher
#define PATTERN 0x5a5a5a5au // CALLOUT_PATTERN
#define PATTERN_64 0x5a5a5a5a5a5a5a5aul
#define PATTERN_BITS 32
#define BITS_PER_BYTE 8
#define NOWHERE SIZE_MAX
#define PATCHED_DISTANCE 255 // from the port or MSR that is patched in

_Static_assert(
    PERCPU_STORAGE_MAX >= MODULE_MAX_STORAGE, "a slice holds a module's");

// What a register or a flag holds before an instruction, whichever way led
// there.
struct flow {
    enum {
        FLOW_UNSEEN,
        FLOW_KNOWN,   // value
        FLOW_PATCHED, // what the patcher filled in, and value added to it
        FLOW_OTHER,
    } kind;
    uint32_t value;
};

// What is followed through the code: the registers that say which port and
// which MSR, edx and ecx, and the interrupt flag.
enum followed { FOLLOWED_PORT, FOLLOWED_MSR, FOLLOWED_FLAG, NUM_FOLLOWED };
static const ZydisRegister followed[NUM_FOLLOWED] = {
    [FOLLOWED_PORT] = ZYDIS_REGISTER_RDX,
    [FOLLOWED_MSR] = ZYDIS_REGISTER_RCX,
};

// What is known of the instruction at an offset.
struct step {
    bool inside;   // not a start: a byte of the instruction before
    bool targeted; // something jumps or calls here
    bool is_call;
    size_t before;        // the instruction that runs into this one, NOWHERE
    size_t after;         // and the one that this one runs into, NOWHERE
    size_t jump;          // where it jumps or calls to, NOWHERE
    int64_t depth;        // bytes on the stack before it
    ZydisRegister loaded; // with this constant, ZYDIS_REGISTER_NONE
    uint64_t constant;
    struct flow flows[NUM_FOLLOWED];
    ZydisDecodedInstruction instruction; // length 0: not a start
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

struct walk {
    struct request *request;
    const struct routine *routine;
    struct admitted *admitted;
    bool is_patcher;
    bool is_patched;
    bool opens; // it turns interrupts on, by its contract
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    struct step *steps; // one for each byte
    size_t num_waiting;
    size_t *waiting; // starts whose successors are to be looked at
};

// --- what is refused by name, and what is allowed ----------------------------

struct named {
    ZydisMnemonic mnemonic;
    enum rule rule;
};

#define IS(mnemonic, rule)                                                     \
    { ZYDIS_MNEMONIC_##mnemonic, RULE_##rule }
static const struct named refused[] = {
    IS(STI, INTERRUPT_FLAG),
    IS(CLI, INTERRUPT_FLAG),
    IS(POPF, INTERRUPT_FLAG),
    IS(POPFD, INTERRUPT_FLAG),
    IS(POPFQ, INTERRUPT_FLAG),
    IS(STUI, INTERRUPT_FLAG),
    IS(CLUI, INTERRUPT_FLAG),
    IS(SYSCALL, SYSTEM_CALL),
    IS(SYSRET, SYSTEM_CALL),
    IS(SYSENTER, SYSTEM_CALL),
    IS(SYSEXIT, SYSTEM_CALL),
    IS(INT, SYSTEM_CALL),
    IS(INT1, SYSTEM_CALL),
    IS(INT3, SYSTEM_CALL),
    IS(INTO, SYSTEM_CALL),
    IS(VMCALL, SYSTEM_CALL),
    IS(VMMCALL, SYSTEM_CALL),
    IS(IRET, INTERRUPT_RETURN),
    IS(IRETD, INTERRUPT_RETURN),
    IS(IRETQ, INTERRUPT_RETURN),
    IS(UIRET, INTERRUPT_RETURN),
    IS(HLT, HALT),
    IS(MONITOR, HALT),
    IS(MWAIT, HALT),
    IS(MONITORX, HALT),
    IS(MWAITX, HALT),
    IS(UMWAIT, HALT),
    IS(TPAUSE, HALT),
    IS(SWAPGS, SEGMENT),
    IS(RDFSBASE, SEGMENT),
    IS(RDGSBASE, SEGMENT),
    IS(WRFSBASE, SEGMENT),
    IS(WRGSBASE, SEGMENT),
    IS(LSS, SEGMENT),
    IS(LFS, SEGMENT),
    IS(LGS, SEGMENT),
    IS(RDPMC, MSR),
    IS(XSETBV, CONTROL),
    IS(XGETBV, CONTROL),
    IS(CLTS, CONTROL),
    IS(LMSW, CONTROL),
    IS(SMSW, CONTROL),
    IS(LGDT, PRIVILEGED),
    IS(LIDT, PRIVILEGED),
    IS(LLDT, PRIVILEGED),
    IS(LTR, PRIVILEGED),
    IS(INVLPG, PRIVILEGED),
    IS(INVPCID, PRIVILEGED),
    IS(INVD, PRIVILEGED),
    IS(WBINVD, PRIVILEGED),
    IS(SGDT, PRIVILEGED),
    IS(SIDT, PRIVILEGED),
    IS(SLDT, PRIVILEGED),
    IS(STR, PRIVILEGED),
    IS(ENTER, STACK),
    IS(LEAVE, STACK),
    IS(UD0, UNDEFINED),
    IS(UD1, UNDEFINED),
    IS(UD2, UNDEFINED),
    IS(INSB, PORT),
    IS(INSW, PORT),
    IS(INSD, PORT),
    IS(OUTSB, PORT),
    IS(OUTSW, PORT),
    IS(OUTSD, PORT),
    // Of SSE, but without its registers.
    IS(MOVNTI, NOT_ALLOWED),
    IS(PREFETCHT0, NOT_ALLOWED),
    IS(PREFETCHT1, NOT_ALLOWED),
    IS(PREFETCHT2, NOT_ALLOWED),
    IS(PREFETCHNTA, NOT_ALLOWED),
};
#undef IS

// CPUID and RDTSCP are not here: a hypervisor may take thousands of cycles for
// them. Neither is STD: a callout returns with the direction flag clear.
// clang-format off
#define M(mnemonic) ZYDIS_MNEMONIC_##mnemonic
static const ZydisMnemonic allowed[] = {
    // moves
    M(MOV), M(MOVZX), M(MOVSX), M(MOVSXD), M(LEA), M(XCHG), M(BSWAP), M(PUSH),
    M(POP), M(PUSHFQ), M(LAHF), M(SAHF), M(CBW), M(CWDE), M(CDQE), M(CWD),
    M(CDQ), M(CQO),
    // arithmetic
    M(ADD), M(ADC), M(SUB), M(SBB), M(INC), M(DEC), M(NEG), M(CMP), M(MUL),
    M(IMUL), M(DIV), M(IDIV), M(XADD), M(CMPXCHG), M(CMPXCHG8B), M(CMPXCHG16B),
    // logic, shifts, bits
    M(AND), M(OR), M(XOR), M(NOT), M(TEST), M(SHL), M(SHR), M(SAR), M(ROL),
    M(ROR), M(RCL), M(RCR), M(SHLD), M(SHRD), M(BT), M(BTS), M(BTR), M(BTC),
    M(BSF), M(BSR), M(POPCNT), M(CRC32), M(CLC), M(STC), M(CMC), M(CLD),
    // conditions
    M(SETB), M(SETBE), M(SETL), M(SETLE), M(SETNB), M(SETNBE), M(SETNL),
    M(SETNLE), M(SETNO), M(SETNP), M(SETNS), M(SETNZ), M(SETO), M(SETP),
    M(SETS), M(SETZ), M(CMOVB), M(CMOVBE), M(CMOVL), M(CMOVLE), M(CMOVNB),
    M(CMOVNBE), M(CMOVNL), M(CMOVNLE), M(CMOVNO), M(CMOVNP), M(CMOVNS),
    M(CMOVNZ), M(CMOVO), M(CMOVP), M(CMOVS), M(CMOVZ),
    // control flow
    M(JMP), M(JB), M(JBE), M(JL), M(JLE), M(JNB), M(JNBE), M(JNL), M(JNLE),
    M(JNO), M(JNP), M(JNS), M(JNZ), M(JO), M(JP), M(JS), M(JZ), M(JECXZ),
    M(JRCXZ), M(LOOP), M(LOOPE), M(LOOPNE), M(CALL), M(RET),
    // strings
    M(MOVSB), M(MOVSW), M(MOVSD), M(MOVSQ), M(STOSB), M(STOSW), M(STOSD),
    M(STOSQ), M(LODSB), M(LODSW), M(LODSD), M(LODSQ), M(SCASB), M(SCASW),
    M(SCASD), M(SCASQ), M(CMPSB), M(CMPSW), M(CMPSD), M(CMPSQ),
    // waiting, ordering, time, ports, MSRs
    M(NOP), M(PAUSE), M(ENDBR64), M(LFENCE), M(MFENCE), M(SFENCE), M(RDTSC),
    M(IN), M(OUT), M(RDMSR), M(WRMSR),
    // caches, a line at a time
    M(CLFLUSH), M(CLFLUSHOPT),
};

// What some kernel callouts are there for: their contracts, in the sources of
// those that ship, say that they do it, and nothing else does. No slot may.
static const struct contract {
    const char *callout;
    ZydisMnemonic allowed[6];
} contracts[] = {
    // It waits with interrupts on, and returns with interrupts off.
    {"idle", {M(STI), M(CLI), M(HLT), M(MONITOR), M(MWAIT)}},
    // It does not return: at last by a fault without an IDT.
    {"reboot", {M(CLI), M(HLT), M(LIDT), M(INT3)}},
    // It keeps a CPU that nobody wants, with interrupts off.
    {"smp_spin", {M(CLI), M(HLT)}},
    // It may have nothing but the whole cache.
    {"control", {M(WBINVD)}},
};
#undef M
// clang-format on

// --- saying no ---------------------------------------------------------------

// The instruction at an offset in words, "no instruction" for what is none.
static void describe(
    const struct walk *walk, size_t offset, char text[REASON_SIZE]) {
    const struct step *step = &walk->steps[offset];
    if (step->instruction.length == 0) {
        snprintf(text, REASON_SIZE, "no instruction");
        return;
    }
    ZydisFormatterFormatInstruction(
        &walk->formatter, &step->instruction, step->operands,
        step->instruction.operand_count_visible, text, REASON_SIZE, offset,
        NULL);
}

static void say(struct walk *walk, size_t offset, enum rule rule) {
    char text[REASON_SIZE];
    describe(walk, offset, text);
    refuse(
        walk->request, rule, "%s+0x%zx: %s", walk->routine->what, offset, text);
}

// The same with a text of the case.
static void say_because(
    struct walk *walk, size_t offset, enum rule rule, const char *because) {
    char text[REASON_SIZE];
    describe(walk, offset, text);
    refuse_because(
        walk->request, rule, because, "%s+0x%zx: %s", walk->routine->what,
        offset, text);
}

// --- one instruction ---------------------------------------------------------

static ZydisRegister enclosing(ZydisRegister reg) {
    return ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
}

static bool is_allowed(const ZydisDecodedInstruction *instruction) {
    for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
        if (instruction->mnemonic == allowed[i]) {
            // MOVSD and CMPSD are SSE instructions, too.
            return instruction->meta.isa_ext != ZYDIS_ISA_EXT_SSE2 ||
                   instruction->meta.category == ZYDIS_CATEGORY_MISC;
        }
    }
    return false;
}

// The rule against registers that a callout must leave alone; NOT_ALLOWED if
// there is none.
static enum rule judge_registers(const struct step *step) {
    for (size_t i = 0; i < step->instruction.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &step->operands[i];
        if (operand->type != ZYDIS_OPERAND_TYPE_REGISTER) {
            continue;
        }
        switch (ZydisRegisterGetClass(operand->reg.value)) {
        case ZYDIS_REGCLASS_SEGMENT:
            return RULE_SEGMENT;
        case ZYDIS_REGCLASS_CONTROL:
        case ZYDIS_REGCLASS_DEBUG:
        case ZYDIS_REGCLASS_TEST:
            return RULE_CONTROL;
        case ZYDIS_REGCLASS_X87:
            return RULE_X87;
        case ZYDIS_REGCLASS_MMX:
        case ZYDIS_REGCLASS_XMM:
        case ZYDIS_REGCLASS_YMM:
        case ZYDIS_REGCLASS_ZMM:
        case ZYDIS_REGCLASS_TMM:
        case ZYDIS_REGCLASS_MASK:
            return RULE_VECTOR;
        default:
            break;
        }
    }
    return RULE_NOT_ALLOWED;
}

// The rule against an instruction that is not on the list.
static enum rule judge_stranger(const struct step *step) {
    const ZydisDecodedInstruction *instruction = &step->instruction;
    enum rule rule = judge_registers(step);
    if (rule != RULE_NOT_ALLOWED) {
        return rule;
    }
    if ((instruction->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED) != 0) {
        return RULE_PRIVILEGED;
    }
    switch (instruction->meta.isa_ext) {
    case ZYDIS_ISA_EXT_X87:
        return RULE_X87;
    case ZYDIS_ISA_EXT_MMX:
    case ZYDIS_ISA_EXT_SSE:
    case ZYDIS_ISA_EXT_SSE2:
    case ZYDIS_ISA_EXT_SSE3:
    case ZYDIS_ISA_EXT_SSE4:
    case ZYDIS_ISA_EXT_AVX:
    case ZYDIS_ISA_EXT_AVX2:
    case ZYDIS_ISA_EXT_XSAVE:
        return RULE_VECTOR;
    default:
        return RULE_NOT_ALLOWED;
    }
}

// Does the contract of the kernel callout that it replaces allow the
// instruction?
static bool is_contract(
    const struct walk *walk, const ZydisDecodedInstruction *instruction) {
    const char *replaces = walk->request->replaces;
    if (replaces == NULL || walk->is_patcher) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(contracts); i++) {
        const struct contract *contract = &contracts[i];
        for (size_t j = 0; j < ARRAY_SIZE(contract->allowed); j++) {
            if (instruction->mnemonic == contract->allowed[j] &&
                strcmp(contract->callout, replaces) == 0) {
                return true;
            }
        }
    }
    return false;
}

// What the instruction is, whatever its operands; true if it may stay.
static bool check_kind(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    const ZydisDecodedInstruction *instruction = &step->instruction;
    if (is_contract(walk, instruction)) {
        walk->opens |= instruction->mnemonic == ZYDIS_MNEMONIC_STI;
        return true;
    }
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        if (instruction->mnemonic == refused[i].mnemonic) {
            say(walk, offset, refused[i].rule);
            return false;
        }
    }
    if (instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
        say(walk, offset, RULE_FAR);
        return false;
    }
    if (!is_allowed(instruction)) {
        say(walk, offset, judge_stranger(step));
        return false;
    }
    enum rule rule = judge_registers(step);
    if (rule != RULE_NOT_ALLOWED) {
        say(walk, offset, rule);
        return false;
    }
    return true;
}

// Does it only read this member of the per-CPU block, and all of it?
#define READS_PERCPU(walk, operand, member)                                    \
    reads_percpu(                                                              \
        walk, operand, offsetof(struct percpu, member),                        \
        sizeof(((struct percpu *)0)->member))
static bool reads_percpu(
    const struct walk *walk, const ZydisDecodedOperand *operand, size_t offset,
    size_t size) {
    return !walk->is_patcher && operand->mem.segment == ZYDIS_REGISTER_GS &&
           operand->mem.base == ZYDIS_REGISTER_NONE &&
           operand->mem.index == ZYDIS_REGISTER_NONE &&
           operand->mem.disp.value == (int64_t)offset &&
           operand->size == size * BITS_PER_BYTE &&
           (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0;
}

// The per-CPU block is the kernel's. A slot may read where its storage is, a
// kernel callout, which has none, which CPU this is.
static void check_percpu(
    struct walk *walk, size_t offset, const ZydisDecodedOperand *operand) {
    bool is_kernel = walk->request->replaces != NULL;
    if (is_kernel && READS_PERCPU(walk, operand, cpu_id)) {
        return;
    }
    if (!READS_PERCPU(walk, operand, callout_storage)) {
        say(walk, offset, RULE_SEGMENT);
    } else if (is_kernel) {
        say_because(
            walk, offset, RULE_PERCPU,
            "a kernel callout has no storage on each CPU");
    } else if (walk->request->percpu_size == 0) {
        say(walk, offset, RULE_PERCPU);
    }
}

// RESOURCE_LOCK and RESOURCE_UNLOCK: the only calls by a pointer, to what takes
// and releases the lock.
static bool is_guard_call(const struct walk *walk, const struct step *step) {
    const ZydisDecodedOperand *operand = &step->operands[0];
    return step->instruction.mnemonic == ZYDIS_MNEMONIC_CALL &&
           (step->instruction.attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) == 0 &&
           operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           (READS_PERCPU(walk, operand, lock_take) ||
            READS_PERCPU(walk, operand, lock_release));
}

// How many bytes of memory an operand reaches; LEA only names an address.
static int64_t size_of(const ZydisDecodedOperand *operand) {
    return operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN
               ? 0
               : operand->size / BITS_PER_BYTE;
}

// Where a callout's own constants are, and only read.
static bool is_own_constant(
    const struct walk *walk, size_t offset, const struct step *step,
    const ZydisDecodedOperand *operand) {
    int64_t at =
        (int64_t)(offset + step->instruction.length) + operand->mem.disp.value;
    int64_t size = size_of(operand);
    return !walk->is_patcher && operand->mem.base == ZYDIS_REGISTER_RIP &&
           at >= 0 && at + size <= (int64_t)walk->routine->size &&
           (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0;
}

// Within what the routine itself has put onto the stack.
static bool is_own_stack(
    const struct step *step, const ZydisDecodedOperand *operand) {
    int64_t at = operand->mem.disp.value;
    int64_t size = size_of(operand);
    if (step->instruction.mnemonic == ZYDIS_MNEMONIC_POP) {
        at += size; // its address is that after rsp has moved
    }
    return operand->mem.base == ZYDIS_REGISTER_RSP &&
           operand->mem.index == ZYDIS_REGISTER_NONE && at >= 0 &&
           at + size <= step->depth;
}

static void check_memory(
    struct walk *walk, size_t offset, const ZydisDecodedOperand *operand) {
    const struct step *step = &walk->steps[offset];
    ZydisRegister base = operand->mem.base;
    ZydisRegister segment = operand->mem.segment;
    if (step->instruction.mnemonic == ZYDIS_MNEMONIC_NOP ||
        step->instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE) {
        return; // reads nothing, or is refused as indirect
    }
    if (segment == ZYDIS_REGISTER_GS || segment == ZYDIS_REGISTER_FS) {
        check_percpu(walk, offset, operand);
    } else if (base == ZYDIS_REGISTER_NONE) {
        if (operand->mem.index == ZYDIS_REGISTER_NONE) {
            say(walk, offset, RULE_ABSOLUTE);
        }
    } else if (base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP) {
        if (!is_own_constant(walk, offset, step, operand)) {
            say(walk, offset, RULE_JUMP_OUT);
        }
    } else if (
        enclosing(base) == ZYDIS_REGISTER_RSP && !is_own_stack(step, operand)) {
        say(walk, offset, RULE_STACK);
    }
}

// BT and its kin take a bit's number from a register as an offset from their
// memory operand, however far.
static void check_bit(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    switch (step->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_BT:
    case ZYDIS_MNEMONIC_BTC:
    case ZYDIS_MNEMONIC_BTR:
    case ZYDIS_MNEMONIC_BTS:
        if (step->operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
            step->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
            say_because(
                walk, offset, RULE_NOT_ALLOWED,
                "a bit of memory by a number in a register can be anywhere");
        }
        break;
    default:
        break;
    }
}

// Does an operand count as one of memory? Those that are implied, as of LODS,
// only where a prefix gives them another segment.
static bool reaches_memory(
    const ZydisDecodedInstruction *instruction,
    const ZydisDecodedOperand *operand, size_t index) {
    return operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
           (index < instruction->operand_count_visible ||
            operand->mem.segment == ZYDIS_REGISTER_GS ||
            operand->mem.segment == ZYDIS_REGISTER_FS);
}

static bool writes_stack_pointer(const struct step *step) {
    for (size_t i = 0; i < step->instruction.operand_count_visible; i++) {
        const ZydisDecodedOperand *operand = &step->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 &&
            enclosing(operand->reg.value) == ZYDIS_REGISTER_RSP) {
            return true;
        }
    }
    return false;
}

// How many bytes the instruction puts onto the stack; false: it may not do what
// it does.
static bool stack_change(const struct step *step, int64_t *change) {
    const ZydisDecodedInstruction *instruction = &step->instruction;
    const ZydisDecodedOperand *amount = &step->operands[1];
    int64_t word = instruction->operand_width / BITS_PER_BYTE;
    *change = 0;
    if (instruction->mnemonic == ZYDIS_MNEMONIC_PUSH ||
        instruction->mnemonic == ZYDIS_MNEMONIC_PUSHFQ) {
        *change = word;
    } else if (
        instruction->mnemonic == ZYDIS_MNEMONIC_POP ||
        instruction->mnemonic == ZYDIS_MNEMONIC_POPF ||
        instruction->mnemonic == ZYDIS_MNEMONIC_POPFQ) {
        *change = -word;
    } else if (
        instruction->mnemonic == ZYDIS_MNEMONIC_SUB ||
        instruction->mnemonic == ZYDIS_MNEMONIC_ADD) {
        if (!writes_stack_pointer(step)) {
            return true;
        }
        if (amount->type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            step->operands[0].reg.value != ZYDIS_REGISTER_RSP ||
            amount->imm.value.s > STACK_MAX ||
            amount->imm.value.s < -STACK_MAX) {
            return false;
        }
        *change = instruction->mnemonic == ZYDIS_MNEMONIC_SUB
                      ? amount->imm.value.s
                      : -amount->imm.value.s;
        return true;
    }
    return !writes_stack_pointer(step);
}

// The stack's depth after the instruction.
static int64_t check_stack(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    bool is_return = step->instruction.mnemonic == ZYDIS_MNEMONIC_RET;
    int64_t change;
    if (!stack_change(step, &change) || step->depth + change < 0 ||
        step->depth + change > STACK_MAX ||
        (is_return &&
         (step->depth != 0 || step->instruction.operand_count_visible != 0))) {
        say(walk, offset, RULE_STACK);
        return step->depth;
    }
    return step->depth + change;
}

// Remember a constant that the instruction loads, for the ports and counts of
// the next one.
static void note_constant(struct step *step) {
    const ZydisDecodedOperand *to = &step->operands[0];
    const ZydisDecodedOperand *from = &step->operands[1];
    step->loaded = ZYDIS_REGISTER_NONE;
    if (step->instruction.mnemonic == ZYDIS_MNEMONIC_MOV &&
        to->type == ZYDIS_OPERAND_TYPE_REGISTER && to->size >= 32 &&
        from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        step->loaded = enclosing(to->reg.value);
        step->constant = from->imm.value.u;
    }
}

// A site of the instruction at `start`.
static void add_patch(
    struct walk *walk, size_t start, size_t offset, size_t width) {
    struct admitted *admitted = walk->admitted;
    if (!walk->is_patched) {
        char text[REASON_SIZE];
        snprintf(
            text, sizeof(text),
            "site +0x%zx holds 0x%x and there is no patcher", offset, PATTERN);
        say_because(walk, start, RULE_PATCH, text);
        return;
    }
    if (admitted->num_patches == CALLOUT_PATCH_MAX) {
        refuse(
            walk->request, RULE_PATCH, "%s+0x%zx", walk->routine->what, offset);
        return;
    }
    admitted->patches[admitted->num_patches++] = (struct module_patch){
        .offset = (uint16_t)offset, .width = (uint16_t)width};
}

// The sites of an instruction: operands that hold the pattern.
static void note_patches(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    const ZydisDecodedInstruction *instruction = &step->instruction;
    if (instruction->raw.disp.size == PATTERN_BITS &&
        instruction->raw.disp.value == (int64_t)PATTERN) {
        add_patch(
            walk, offset, offset + instruction->raw.disp.offset,
            sizeof(uint32_t));
    }
    for (size_t i = 0; i < ARRAY_SIZE(instruction->raw.imm); i++) {
        uint64_t value = instruction->raw.imm[i].value.u;
        size_t width = instruction->raw.imm[i].size / BITS_PER_BYTE;
        if ((width == sizeof(uint32_t) && value == PATTERN) ||
            (width == sizeof(uint64_t) && value == PATTERN_64)) {
            add_patch(
                walk, offset, offset + instruction->raw.imm[i].offset, width);
        }
    }
}

// --- where it goes -----------------------------------------------------------

static bool decode(struct walk *walk, size_t offset) {
    struct step *step = &walk->steps[offset];
    ZyanStatus status = ZydisDecoderDecodeFull(
        &walk->decoder, walk->routine->code + offset,
        walk->routine->size - offset, &step->instruction, step->operands);
    if (ZYAN_SUCCESS(status)) {
        return true;
    }
    step->instruction.length = 0;
    say(walk, offset,
        status == ZYDIS_STATUS_NO_MORE_DATA ? RULE_END : RULE_UNDECODABLE);
    return false;
}

// Claim the bytes of an instruction; no other may have one of them.
static bool claim(struct walk *walk, size_t offset) {
    size_t length = walk->steps[offset].instruction.length;
    for (size_t i = 1; i < length; i++) {
        struct step *byte = &walk->steps[offset + i];
        if (byte->instruction.length != 0 || byte->inside) {
            say(walk, offset, RULE_OVERLAP);
            walk->steps[offset].instruction.length = 0;
            return false;
        }
    }
    for (size_t i = 1; i < length; i++) {
        walk->steps[offset + i].inside = true;
    }
    if (walk->admitted->size < offset + length) {
        walk->admitted->size = offset + length;
    }
    return true;
}

// Come to an instruction, from `from`, which says how its refusals are shown.
static void visit(
    struct walk *walk, size_t from, size_t offset, int64_t depth) {
    if (offset >= walk->routine->size) {
        bool jumped = walk->steps[from].jump == offset;
        say(walk, from, jumped ? RULE_JUMP_OUT : RULE_END);
        return;
    }
    struct step *step = &walk->steps[offset];
    if (step->inside) {
        say(walk, from, RULE_OVERLAP);
        return;
    }
    if (step->instruction.length != 0) {
        if (step->depth != depth) {
            say(walk, from, RULE_STACK);
        }
        return;
    }
    step->depth = depth;
    if (decode(walk, offset) && claim(walk, offset)) {
        walk->waiting[walk->num_waiting++] = offset;
    }
}

static bool ends_path(const struct step *step) {
    switch (step->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_JMP:
    case ZYDIS_MNEMONIC_RET:
    case ZYDIS_MNEMONIC_IRET:
    case ZYDIS_MNEMONIC_IRETD:
    case ZYDIS_MNEMONIC_IRETQ:
    case ZYDIS_MNEMONIC_SYSRET:
    case ZYDIS_MNEMONIC_SYSEXIT:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_UD0:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2:
        return true;
    default:
        return false;
    }
}

// Where a branch leads to, NOWHERE for what is none or was refused.
static size_t branch_target(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    const ZydisDecodedInstruction *instruction = &step->instruction;
    bool is_return = instruction->mnemonic == ZYDIS_MNEMONIC_RET;
    if (instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_NONE) {
        return NOWHERE;
    }
    if (is_guard_call(walk, step)) {
        if (!walk->request->guards_itself) {
            say(walk, offset, RULE_GUARD);
        }
        return NOWHERE;
    }
    if (!is_return && step->operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        say(walk, offset, RULE_INDIRECT);
        return NOWHERE;
    }
    if ((instruction->attributes & ZYDIS_ATTRIB_HAS_OPERANDSIZE) != 0) {
        say(walk, offset, RULE_PREFIX);
        return NOWHERE;
    }
    if (is_return) {
        return NOWHERE;
    }
    int64_t target =
        (int64_t)(offset + instruction->length) + step->operands[0].imm.value.s;
    if (target < 0 || target >= (int64_t)walk->routine->size) {
        say(walk, offset, RULE_JUMP_OUT);
        return NOWHERE;
    }
    return (size_t)target;
}

static void follow_branch(struct walk *walk, size_t offset, int64_t depth) {
    struct step *step = &walk->steps[offset];
    size_t target = branch_target(walk, offset);
    if (target == NOWHERE) {
        return;
    }
    step->jump = target;
    step->is_call = step->instruction.mnemonic == ZYDIS_MNEMONIC_CALL;
    walk->steps[target].targeted = true;
    visit(walk, offset, target, step->is_call ? 0 : depth);
}

// Check an instruction, then go where it goes.
static void take(struct walk *walk, size_t offset) {
    struct step *step = &walk->steps[offset];
    const ZydisDecodedInstruction *instruction = &step->instruction;
    int64_t depth = step->depth;
    int64_t change;
    if (check_kind(walk, offset)) {
        for (size_t i = 0; i < instruction->operand_count; i++) {
            if (reaches_memory(instruction, &step->operands[i], i)) {
                check_memory(walk, offset, &step->operands[i]);
            }
        }
        check_bit(walk, offset);
        depth = check_stack(walk, offset);
        note_constant(step);
        follow_branch(walk, offset, depth);
    } else if (stack_change(step, &change) && depth + change >= 0) {
        depth += change; // so that what follows is judged fairly
    }
    if (!ends_path(step)) {
        step->after = offset + instruction->length;
        if (step->after < walk->routine->size) {
            walk->steps[step->after].before = offset;
        }
        visit(walk, offset, step->after, depth);
    }
}

// --- what only the whole shows -----------------------------------------------

// Mark an instruction as one that can be reached; true if it was not before.
static void reach(struct walk *walk, size_t offset, bool *reached) {
    if (offset < walk->routine->size && !reached[offset]) {
        reached[offset] = true;
        walk->waiting[walk->num_waiting++] = offset;
    }
}

// Can control come from one instruction to the other?
static bool leads_to(struct walk *walk, size_t from, size_t to) {
    bool *reached = calloc(walk->routine->size, sizeof(*reached));
    if (reached == NULL) {
        abort();
    }
    walk->num_waiting = 0;
    reach(walk, from, reached);
    while (walk->num_waiting > 0 && !reached[to]) {
        const struct step *step =
            &walk->steps[walk->waiting[--walk->num_waiting]];
        reach(walk, step->jump, reached);
        reach(walk, step->after, reached);
    }
    bool result = reached[to];
    free(reached);
    return result;
}

static void check_loop(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    if (step->is_call) {
        if (leads_to(walk, step->jump, offset)) {
            say(walk, offset, RULE_RECURSION);
        }
        return;
    }
    if (step->jump > offset || !leads_to(walk, step->jump, offset)) {
        return;
    }
    if (walk->is_patcher) {
        say(walk, offset, RULE_LOOP); // startup would wait for it
        return;
    }
    fprintf(
        stderr, "mkcallout: %s: %s: note: unbounded loop at +0x%zx\n",
        walk->request->input, walk->routine->what, step->jump);
    walk->admitted->loops++;
}

// How deep the stack can get in the function at `entry`, with all that it
// calls. `known` has what was found before, by entry; a call that comes back to
// itself is refused elsewhere.
static int64_t deepest(struct walk *walk, size_t entry, int64_t *known) {
    size_t size = walk->routine->size;
    if (known[entry] != NOT_KNOWN) {
        return known[entry];
    }
    known[entry] = 0;
    bool *reached = calloc(size, sizeof(*reached));
    size_t *waiting = calloc(size, sizeof(*waiting));
    if (reached == NULL || waiting == NULL) {
        abort();
    }
    int64_t most = 0;
    size_t count = 0;
    waiting[count++] = entry;
    reached[entry] = true;
    while (count > 0) {
        const struct step *step = &walk->steps[waiting[--count]];
        int64_t depth = step->depth;
        if (step->is_call) {
            depth += RETURN_ADDRESS + deepest(walk, step->jump, known);
        }
        most = depth > most ? depth : most;
        const size_t ways[] = {
            step->is_call ? NOWHERE : step->jump, step->after};
        for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
            if (ways[i] < size && !reached[ways[i]]) {
                reached[ways[i]] = true;
                waiting[count++] = ways[i];
            }
        }
    }
    free(reached);
    free(waiting);
    known[entry] = most;
    return most;
}

// How many instructions can run from the one at `at` to the return of its
// function, with all that it calls, where there are no loops; up to STEPS_MAX.
// `known` has what was found before, by instruction.
static uint32_t longest(struct walk *walk, size_t at, uint32_t *known) {
    if (at >= walk->routine->size) {
        return 0;
    }
    if (known[at] != 0) {
        return known[at];
    }
    const struct step *step = &walk->steps[at];
    known[at] = 1; // where it comes back to itself, it has been refused
    uint32_t after = longest(walk, step->after, known);
    uint32_t jump = longest(walk, step->jump, known);
    uint32_t most = after > jump ? after : jump;
    most = 1 + (step->is_call ? after + jump : most);
    known[at] = most < STEPS_MAX ? most : STEPS_MAX;
    return known[at];
}

// Calls of calls of calls take as long as a loop.
static void check_steps(struct walk *walk) {
    uint32_t *known = calloc(walk->routine->size, sizeof(*known));
    if (known == NULL) {
        abort();
    }
    if (longest(walk, 0, known) == STEPS_MAX) {
        char text[REASON_SIZE];
        snprintf(
            text, sizeof(text), "its calls may take %u instructions or more",
            STEPS_MAX);
        say_because(walk, 0, RULE_LOOP, text);
    }
    free(known);
}

// Each function has been checked alone: now as they call each other.
static void check_depth(struct walk *walk) {
    size_t size = walk->routine->size;
    int64_t *known = calloc(size, sizeof(*known));
    if (known == NULL) {
        abort();
    }
    for (size_t i = 0; i < size; i++) {
        known[i] = NOT_KNOWN;
    }
    int64_t most = deepest(walk, 0, known);
    free(known);
    if (most > STACK_MAX) {
        char text[REASON_SIZE];
        snprintf(
            text, sizeof(text),
            "its calls may need %lld bytes of stack, %d are allowed",
            (long long)most, STACK_MAX);
        say_because(walk, 0, RULE_STACK, text);
    }
}

// The constant that a register is sure to hold: loaded by the instruction right
// before, and no other way leads here.
static bool constant_of(
    const struct walk *walk, size_t offset, ZydisRegister reg,
    uint64_t *constant) {
    const struct step *step = &walk->steps[offset];
    if (step->targeted || step->before == NOWHERE ||
        walk->steps[step->before].loaded != reg) {
        return false;
    }
    *constant = walk->steps[step->before].constant;
    return true;
}

// A port or an MSR, and how many from it on an instruction uses.
struct access {
    enum followed what;
    uint32_t first;
    uint32_t count;
};

static const struct declared *declared_of(
    const struct walk *walk, enum followed what) {
    return what == FOLLOWED_PORT ? &walk->request->ports : &walk->request->msrs;
}

PRINTF_LIKE(4, 5)
static void say_access(
    struct walk *walk, size_t offset, enum followed what, const char *format,
    ...) {
    char text[REASON_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    say_because(
        walk, offset, what == FOLLOWED_PORT ? RULE_PORT : RULE_MSR, text);
}

static bool is_declared(const struct declared *declared, uint64_t number) {
    for (uint32_t i = 0; i < declared->count; i++) {
        if (number >= declared->ranges[i].first &&
            number <= declared->ranges[i].last) {
            return true;
        }
    }
    return false;
}

// Refuse what is not declared, each byte of an access to ports.
static void check_declared(
    struct walk *walk, size_t offset, struct access access) {
    const struct declared *declared = declared_of(walk, access.what);
    bool is_port = access.what == FOLLOWED_PORT;
    uint64_t last = (uint64_t)access.first + access.count - 1;
    uint64_t at = access.first;
    while (at <= last && is_declared(declared, at)) {
        at++;
    }
    if (at > last) {
        return;
    }
    if (last == access.first) {
        say_access(
            walk, offset, access.what, "%s 0x%x is not declared (--%s 0x%x)",
            is_port ? "port" : "MSR", access.first, is_port ? "port" : "msr",
            access.first);
    } else {
        say_access(
            walk, offset, access.what,
            "ports 0x%x-0x%x are not all declared (--port 0x%x-0x%x)",
            access.first, (uint32_t)last, access.first, (uint32_t)last);
    }
}

// The same for one that the patcher fills in, with access.first added to it.
static void check_patched(
    struct walk *walk, size_t offset, struct access access) {
    bool is_port = access.what == FOLLOWED_PORT;
    if (!walk->is_patched) {
        return; // refused as a site
    }
    if (!declared_of(walk, access.what)->patched) {
        say_access(
            walk, offset, access.what,
            "the patcher says which %s; kernel callouts declare that by "
            "--%s patched",
            is_port ? "port" : "MSR", is_port ? "port" : "msr");
    } else if (access.first > PATCHED_DISTANCE + 1 - access.count) {
        say_access(
            walk, offset, access.what, "%s is too far from the patched one",
            is_port ? "port" : "MSR");
    }
}

// The interrupt flag after an instruction; only contracts allow to change it.
static struct flow flag_after(const struct step *step) {
    switch (step->instruction.mnemonic) {
    case ZYDIS_MNEMONIC_STI:
        return (struct flow){FLOW_KNOWN, 1};
    case ZYDIS_MNEMONIC_CLI:
        return (struct flow){FLOW_KNOWN, 0};
    default:
        return step->flows[FOLLOWED_FLAG];
    }
}

// What is followed, after an instruction.
static struct flow flow_after(const struct step *step, enum followed what) {
    const ZydisDecodedInstruction *instruction = &step->instruction;
    const ZydisDecodedOperand *to = &step->operands[0];
    const ZydisDecodedOperand *from = &step->operands[1];
    const struct flow *before = &step->flows[what];
    const struct flow other = {FLOW_OTHER, 0};
    bool is_add = instruction->mnemonic == ZYDIS_MNEMONIC_ADD;
    if (step->is_call) {
        return other;
    }
    if (what == FOLLOWED_FLAG) {
        return flag_after(step);
    }
    if (step->loaded == followed[what]) {
        bool is_site =
            step->constant == PATTERN || step->constant == PATTERN_64;
        return is_site ? (struct flow){FLOW_PATCHED, 0}
                       : (struct flow){FLOW_KNOWN, (uint32_t)step->constant};
    }
    if ((is_add || instruction->mnemonic == ZYDIS_MNEMONIC_SUB) &&
        to->type == ZYDIS_OPERAND_TYPE_REGISTER && to->size == PATTERN_BITS &&
        enclosing(to->reg.value) == followed[what] &&
        from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        uint32_t amount = (uint32_t)from->imm.value.u;
        if (amount == PATTERN) {
            return other; // a site: the patcher says how much
        }
        return (struct flow){
            before->kind, before->value + (is_add ? amount : -amount)};
    }
    for (size_t i = 0; i < instruction->operand_count; i++) {
        const ZydisDecodedOperand *operand = &step->operands[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER &&
            (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0 &&
            enclosing(operand->reg.value) == followed[what]) {
            return other;
        }
    }
    return *before;
}

// Let what is known reach an instruction; true if that is news there. What
// differs between two ways is not known.
static bool flow_to(
    struct walk *walk, size_t offset, enum followed what, struct flow flow) {
    if (offset >= walk->routine->size || flow.kind == FLOW_UNSEEN) {
        return false;
    }
    struct flow *known = &walk->steps[offset].flows[what];
    if (known->kind == FLOW_UNSEEN) {
        *known = flow;
        return true;
    }
    if (known->kind == FLOW_OTHER ||
        (known->kind == flow.kind && known->value == flow.value)) {
        return false;
    }
    *known = (struct flow){FLOW_OTHER, 0};
    return true;
}

// Follow it along all ways until nothing new is found. Of registers nothing is
// known at first; interrupts are off. A function that is called knows nothing.
static void flow_follow(struct walk *walk, enum followed what) {
    const struct flow other = {FLOW_OTHER, 0};
    const struct flow off = {FLOW_KNOWN, 0};
    bool news = flow_to(walk, 0, what, what == FOLLOWED_FLAG ? off : other);
    while (news) {
        news = false;
        for (size_t i = 0; i < walk->routine->size; i++) {
            const struct step *step = &walk->steps[i];
            if (step->instruction.length == 0 ||
                step->flows[what].kind == FLOW_UNSEEN) {
                continue;
            }
            struct flow flow = flow_after(step, what);
            news |=
                flow_to(walk, step->jump, what, step->is_call ? other : flow);
            news |= flow_to(walk, step->after, what, flow);
        }
    }
}

// `count` ports or MSRs from the one on that the followed register names.
static void check_access(
    struct walk *walk, size_t offset, enum followed what, uint32_t count) {
    const struct flow *flow = &walk->steps[offset].flows[what];
    const struct access access = {what, flow->value, count};
    if (walk->is_patcher) {
        say_access(
            walk, offset, what, "a patcher may use no %s",
            what == FOLLOWED_PORT ? "port" : "MSR");
    } else if (flow->kind == FLOW_KNOWN) {
        check_declared(walk, offset, access);
    } else if (flow->kind == FLOW_PATCHED) {
        check_patched(walk, offset, access);
    } else {
        say_access(
            walk, offset, what, "which %s is not known here",
            what == FOLLOWED_PORT ? "port is in dx" : "MSR is in ecx");
    }
}

static void check_port(struct walk *walk, size_t offset) {
    const struct step *step = &walk->steps[offset];
    bool is_in = step->instruction.mnemonic == ZYDIS_MNEMONIC_IN;
    const ZydisDecodedOperand *operand = &step->operands[is_in ? 1 : 0];
    uint32_t count = step->operands[is_in ? 0 : 1].size / BITS_PER_BYTE;
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && !walk->is_patcher) {
        check_declared(
            walk, offset,
            (struct access){
                FOLLOWED_PORT, (uint32_t)(operand->imm.value.u & UINT8_MAX),
                count});
    } else {
        check_access(walk, offset, FOLLOWED_PORT, count);
    }
}

// Where interrupts may be turned on, they are off again at the end.
static void check_flag(struct walk *walk, size_t offset) {
    const struct flow *flag = &walk->steps[offset].flows[FOLLOWED_FLAG];
    if (walk->opens && (flag->kind != FLOW_KNOWN || flag->value != 0)) {
        say_because(
            walk, offset, RULE_INTERRUPT_FLAG,
            "interrupts may be on where it returns");
    }
}

static void check_repeat(struct walk *walk, size_t offset) {
    uint64_t count;
    if (!constant_of(walk, offset, ZYDIS_REGISTER_RCX, &count) ||
        count > REP_MAX) {
        say(walk, offset, RULE_REP);
    }
}

static void check_whole(struct walk *walk, size_t offset) {
    const ZydisDecodedInstruction *instruction =
        &walk->steps[offset].instruction;
    const ZydisInstructionAttributes repeats =
        ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE;
    if (instruction->mnemonic == ZYDIS_MNEMONIC_IN ||
        instruction->mnemonic == ZYDIS_MNEMONIC_OUT) {
        check_port(walk, offset);
    }
    if (instruction->mnemonic == ZYDIS_MNEMONIC_RDMSR ||
        instruction->mnemonic == ZYDIS_MNEMONIC_WRMSR) {
        check_access(walk, offset, FOLLOWED_MSR, 1);
    }
    if (instruction->mnemonic == ZYDIS_MNEMONIC_RET) {
        check_flag(walk, offset);
    }
    if ((instruction->attributes & repeats) != 0) {
        check_repeat(walk, offset);
    }
    if (walk->steps[offset].jump != NOWHERE) {
        check_loop(walk, offset);
    }
    if (!walk->is_patcher) {
        note_patches(walk, offset);
    }
}

static void check_relocations(struct walk *walk) {
    for (size_t i = 0; i < walk->routine->num_relocations; i++) {
        const struct relocation *relocation = &walk->routine->relocations[i];
        size_t start = relocation->offset;
        if (walk->is_patcher && start >= walk->admitted->size) {
            continue; // of another patcher
        }
        while (start > 0 && walk->steps[start].inside) {
            start--;
        }
        char text[REASON_SIZE];
        describe(walk, start, text);
        refuse(
            walk->request,
            relocation->absolute ? RULE_ABSOLUTE : RULE_RELOCATION,
            "%s+0x%zx: %s (%s)", walk->routine->what, start, text,
            relocation->text);
    }
}

static void walk_start(struct walk *walk) {
    size_t size = walk->routine->size;
    ZydisDecoderInit(
        &walk->decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&walk->formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    walk->steps = calloc(size, sizeof(*walk->steps));
    walk->waiting = calloc(size, sizeof(*walk->waiting));
    if (walk->steps == NULL || walk->waiting == NULL) {
        abort();
    }
    for (size_t i = 0; i < size; i++) {
        walk->steps[i].before = NOWHERE;
        walk->steps[i].after = NOWHERE;
        walk->steps[i].jump = NOWHERE;
    }
}

void admit(
    struct request *request, const struct routine *routine, bool is_patcher,
    bool is_patched, struct admitted *out) {
    struct walk walk = {
        .request = request,
        .routine = routine,
        .admitted = out,
        .is_patcher = is_patcher,
        .is_patched = is_patched,
    };
    walk_start(&walk);
    walk.steps[0].targeted = true; // by the kernel
    visit(&walk, 0, 0, 0);
    while (walk.num_waiting > 0) {
        take(&walk, walk.waiting[--walk.num_waiting]);
    }
    check_depth(&walk);
    if (is_patcher) {
        check_steps(&walk);
    }
    for (enum followed what = 0; what < NUM_FOLLOWED; what++) {
        flow_follow(&walk, what);
    }
    for (size_t i = 0; i < routine->size; i++) {
        if (walk.steps[i].instruction.length != 0) {
            check_whole(&walk, i);
        }
    }
    check_relocations(&walk);
    if (out->size > MODULE_MAX_CODE) {
        refuse(
            request, RULE_SIZE, "%s has %zu bytes of code, %u are allowed",
            routine->what, out->size, MODULE_MAX_CODE);
    }
    free(walk.steps);
    free(walk.waiting);
}
