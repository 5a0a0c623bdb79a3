// SPDX-License-Identifier: MIT
// Weave interrupt entry code: for each group one body, with the group's id and
// eoi stubs in line, and one entry for each of its IDT entries. boot/weave.asm
// has the pieces and shows the result.
//
// Contract with the kernel: the body calls [intr_dispatch] with rdi = struct
// regs, esi = the system's number of the vector or 0xffffffff when spurious,
// and after the end of the interrupt jumps to [intr_exit] with rsp = struct
// regs. Interrupts are off from the first to the last instruction.
#include "boot/library.h"

#include "boot/console.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/vectors.h"

#define BODY_ALIGN 16u

// A record of boot/weave.asm.
struct weave_piece {
    uint32_t size;
    uint32_t site; // of four bytes to fill in; 0: none
    uint8_t code[];
};
extern const struct weave_piece weave_entry_save, weave_entry_level,
    weave_entry_jump, weave_body_enter, weave_body_clac, weave_load_syspage,
    weave_load_intrinfo, weave_load_level, weave_load_cpunum, weave_count,
    weave_body_vector, weave_body_dispatch, weave_body_spurious,
    weave_body_exit;

#define GENFLAGS_KNOWN                                                         \
    (uint32_t)(                                                                \
        INTR_GENFLAG_LOAD_SYSPAGE | INTR_GENFLAG_LOAD_INTRINFO |               \
        INTR_GENFLAG_LOAD_LEVEL | INTR_GENFLAG_LOAD_CPUNUM)

static void weave_fill(struct weave *weave, uint32_t at, uint32_t value) {
    if (weave->page != NULL) {
        memcpy(weave->page + at, &value, sizeof(value));
    }
}

// Append a piece with `value` filled in; returns where the filled bytes are.
static uint32_t piece_add(
    struct weave *weave, const struct weave_piece *p, uint32_t value) {
    uint32_t site = weave->offset + p->site;
    if (weave->page != NULL) {
        memcpy(weave->page + weave->offset, p->code, p->size);
    }
    if (p->site != 0) {
        weave_fill(weave, site, value);
    }
    weave->offset += p->size;
    return site;
}

// Fill in the displacement of a near jump to `target`.
static void displacement_fill(
    struct weave *weave, uint32_t site, uint32_t target) {
    weave_fill(weave, site, target - (site + (uint32_t)sizeof(uint32_t)));
}

// The low half of an address in the page; it is sign-extended where it is used.
static uint32_t page_address(uint32_t offset) {
    return (uint32_t)(SYSPAGE_VADDR + offset);
}

static struct intrinfo_entry *group_entry(uint32_t group) {
    return section_at(&lsp.intrinfo, group * sizeof(struct intrinfo_entry));
}

static void genflags_load(
    struct weave *weave, uint32_t group, uint32_t genflags) {
    if (genflags & INTR_GENFLAG_LOAD_SYSPAGE) {
        piece_add(weave, &weave_load_syspage, page_address(0));
    }
    if (genflags & INTR_GENFLAG_LOAD_INTRINFO) {
        uint32_t entry = group * (uint32_t)sizeof(struct intrinfo_entry);
        piece_add(
            weave, &weave_load_intrinfo,
            page_address(syspage_intrinfo_offset() + entry));
    }
    if (genflags & INTR_GENFLAG_LOAD_CPUNUM) {
        piece_add(weave, &weave_load_cpunum, 0);
    }
}

// Append an id or eoi stub, and before it what counts its runs; describe it in
// the group's entry.
static void stub_add(
    struct weave *weave, const struct callout_rtn *rtn, const char *name,
    const char *version, void *data, struct intr_stub *out) {
    struct callout_placement placement = {
        .rtn = rtn, .name = name, .version = version, .data = data};
    piece_add(weave, &weave_count, page_address(syspage_next_calls_offset()));
    (void)callout_place(weave->page, weave->offset, &placement);
    if (weave->page != NULL) {
        out->size = rtn->rtn_size;
        out->rtn = SYSPAGE_VADDR + weave->offset;
    }
    weave->offset += rtn->rtn_size;
}

static bool cpu_has_smap(void) {
    const struct cpuinfo_entry *cpu = section_at(&lsp.cpuinfo, 0);
    return (cpu->flags & CPU_FLAG_SMAP) != 0;
}

static void body_add(struct weave *weave, uint32_t group) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    struct intrinfo_entry *entry = group_entry(group);
    uint32_t private = syspage_private_offset();

    piece_add(weave, &weave_body_enter, 0);
    if (cpu_has_smap()) {
        piece_add(weave, &weave_body_clac, 0);
    }
    genflags_load(weave, group, intr->id_genflags);
    stub_add(
        weave, intr->id, "id", intr->version, intr->patch_data, &entry->id);
    piece_add(weave, &weave_body_vector, intr->vector_base);
    piece_add(
        weave, &weave_body_dispatch,
        page_address(
            private +
            (uint32_t)offsetof(struct system_private_entry, intr_dispatch)));
    uint32_t skip = piece_add(weave, &weave_body_spurious, 0);
    genflags_load(weave, group, intr->eoi_genflags);
    if (intr->eoi_genflags & INTR_GENFLAG_LOAD_LEVEL) {
        piece_add(weave, &weave_load_level, 0);
    }
    stub_add(
        weave, intr->eoi, "eoi", intr->version, intr->eoi_patch_data,
        &entry->eoi);
    displacement_fill(weave, skip, weave->offset);
    piece_add(
        weave, &weave_body_exit,
        page_address(
            private +
            (uint32_t)offsetof(struct system_private_entry, intr_exit)));
}

// One IDT entry's code, and its address in the table of entries.
static void entry_add(
    struct weave *weave, uint32_t vector, uint32_t level, uint32_t target) {
    uint64_t *stubs =
        section_at(&lsp.system_private, sizeof(struct system_private_entry));
    stubs[vector] = SYSPAGE_VADDR + weave->offset;
    piece_add(weave, &weave_entry_save, 0);
    piece_add(weave, &weave_entry_level, level);
    displacement_fill(weave, piece_add(weave, &weave_entry_jump, 0), target);
}

static void genflags_check(const char *name, uint32_t genflags) {
    if (genflags & ~GENFLAGS_KNOWN) {
        startup_fail(
            "interrupt group %s asks for unknown flags %x", name,
            genflags & ~GENFLAGS_KNOWN);
    }
}

static void group_weave(struct weave *weave, uint32_t group) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    genflags_check(intr->name, intr->id_genflags | intr->eoi_genflags);
    weave->offset = ALIGN_UP(weave->offset, BODY_ALIGN);
    uint32_t start = weave->offset;
    body_add(weave, group);
    uint32_t entries = intr->cpu_intr_stride != 0 ? intr->num_vectors : 1;
    for (uint32_t v = 0; v < entries; v++) {
        entry_add(
            weave, intr->cpu_intr_base + v * intr->cpu_intr_stride, v, start);
    }
    if (group == 0) {
        // The local APIC's spurious vector and those of the masked 8259s: a
        // level beyond the group's, which its id stub calls spurious.
        entry_add(weave, VECTOR_SPURIOUS, INTR_SPURIOUS, start);
        for (uint32_t v = 0; v < VECTOR_IOAPIC - VECTOR_PIC; v++) {
            entry_add(weave, VECTOR_PIC + v, INTR_SPURIOUS, start);
        }
    }
    callout_info_add(
        weave->page, start, weave->offset - start, "entry", intr->name,
        "interrupt");
}

void weave_groups(struct weave *weave) {
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        group_weave(weave, i);
    }
}
