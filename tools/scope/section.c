// SPDX-License-Identifier: MIT
// See section.h.
#include "tools/scope/section.h"

static void begin(struct section_cpu *cpu, uint32_t kind, uint64_t address) {
    cpu->state = SECTION_CPU_OFF;
    cpu->begun = cpu->executed;
    cpu->section.kind = kind;
    cpu->section.ends.from = address;
    cpu->section.ends.from_call = 0;
}

static void end(struct section_cpu *cpu) {
    cpu->state = SECTION_CPU_ON;
    cpu->section.count = cpu->executed - cpu->begun;
    cpu->listener(cpu->data, &cpu->section);
}

void section_other(struct section_cpu *cpu) {
    cpu->executed++;
    if (cpu->state == SECTION_CPU_SHADOW) {
        end(cpu);
    }
}

void section_call(struct section_cpu *cpu, uint64_t address) {
    section_other(cpu);
    cpu->call = address;
}

void section_boot(struct section_cpu *cpu, uint64_t address) {
    begin(cpu, SECTION_BOOT, address);
    cpu->executed++;
}

void section_entry(struct section_cpu *cpu, uint32_t kind, uint64_t address) {
    if (cpu->state == SECTION_CPU_ON) {
        begin(cpu, kind, address);
    } else if (cpu->state == SECTION_CPU_SHADOW) {
        cpu->state = SECTION_CPU_OFF; // the instruction after STI never was
    }
    cpu->executed++;
}

void section_cli(struct section_cpu *cpu, uint64_t address) {
    cpu->executed++;
    if (cpu->state == SECTION_CPU_ON) {
        begin(cpu, SECTION_KERNEL, address);
        cpu->section.ends.from_call = cpu->call;
    } else if (cpu->state == SECTION_CPU_SHADOW) {
        cpu->state = SECTION_CPU_OFF;
    }
}

void section_sti(struct section_cpu *cpu, uint64_t address) {
    bool was_off = cpu->state == SECTION_CPU_OFF;
    section_other(cpu);
    if (was_off) {
        cpu->state = SECTION_CPU_SHADOW;
        cpu->section.ends.to = address;
        cpu->section.ends.to_call = cpu->call;
    }
}

void section_sysret(struct section_cpu *cpu, uint64_t address) {
    section_other(cpu);
    section_flags(cpu, true, address);
}

void section_flags(struct section_cpu *cpu, bool on, uint64_t address) {
    if (on && cpu->state == SECTION_CPU_OFF) {
        cpu->section.ends.to = address;
        cpu->section.ends.to_call = 0;
        end(cpu);
    } else if (!on && cpu->state == SECTION_CPU_ON) {
        begin(cpu, SECTION_KERNEL, address);
    }
}

void section_reclass(struct section_cpu *cpu, uint32_t kind) {
    if (cpu->section.kind == SECTION_CALL) {
        cpu->section.kind = kind;
    }
}
