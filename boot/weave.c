// SPDX-License-Identifier: MIT
// Weave interrupt entry code: for each group that no other has below it one
// body, with its id and eoi stubs in line and those of all groups that hang
// below it, and one entry for each of their IDT entries. boot/weave.asm has the
// pieces and shows the result.
//
// Contract with the kernel: the body calls [intr_dispatch] with rdi = struct
// regs, esi = the system's number of the vector, or INTR_SPURIOUS, or
// INTR_STUCK, edx = the group's index; and after the end of the interrupt jumps
// to [intr_exit] with rsp = struct regs. Interrupts are off from the first to
// the last instruction.
#include "boot/library.h"

#include "boot/boot.h"
#include "callouts/hardware.h"
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
extern const struct weave_piece weave_entry_save, weave_entry_level, weave_jump,
    weave_body_enter, weave_body_clac, weave_body_stamp, weave_body_exit,
    weave_level_enter, weave_level_found, weave_level_check, weave_level_again,
    weave_level_ended, weave_level_leave, weave_child_match,
    weave_jump_if_above_or_equal, weave_jump_if_not_equal, weave_jump_if_below,
    weave_load_syspage, weave_load_intrinfo, weave_load_given,
    weave_load_vector, weave_load_intrmask, weave_load_cpunum, weave_count,
    weave_dispatch_found, weave_dispatch_other, weave_dispatch_group,
    weave_dispatch_frame, weave_dispatch_call;

// Forward jumps whose target is not known yet.
struct weave_jumps {
    uint32_t sites[3 * STARTUP_MAX_INTRINFO]; // three from each group below
    uint32_t count;
};

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

static void jump_later(
    struct weave *weave, const struct weave_piece *p,
    struct weave_jumps *jumps) {
    jumps->sites[jumps->count++] = piece_add(weave, p, 0);
}

// Here is where they jump to.
static void jumps_land(struct weave *weave, const struct weave_jumps *jumps) {
    for (uint32_t i = 0; i < jumps->count; i++) {
        displacement_fill(weave, jumps->sites[i], weave->offset);
    }
}

// The low half of an address in the page; it is sign-extended where it is used.
static uint32_t page_address(uint32_t offset) {
    return (uint32_t)(SYSPAGE_VADDR + offset);
}

static struct intrinfo_entry *group_entry(uint32_t group) {
    return section_at(&lsp.intrinfo, group * sizeof(struct intrinfo_entry));
}

// --- stubs ------------------------------------------------------------------

// What both stubs may ask for. The level, which they understand differently, is
// for `level` to load; it comes before what might use its register.
static void genflags_load(
    struct weave *weave, uint32_t group, uint32_t genflags,
    const struct weave_piece *level) {
    if (genflags & INTR_GENFLAG_LOAD_LEVEL) {
        piece_add(weave, level, 0);
    }
    if (genflags & INTR_GENFLAG_LOAD_SYSPAGE) {
        piece_add(weave, &weave_load_syspage, page_address(0));
    }
    if (genflags & INTR_GENFLAG_LOAD_INTRINFO) {
        uint32_t entry = group * (uint32_t)sizeof(struct intrinfo_entry);
        piece_add(
            weave, &weave_load_intrinfo,
            page_address(syspage_intrinfo_offset() + entry));
    }
    if (genflags & INTR_GENFLAG_LOAD_INTRMASK) {
        piece_add(
            weave, &weave_load_intrmask,
            page_address(group_entry(group)->mask_counts));
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

static void id_add(struct weave *weave, uint32_t group) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    genflags_load(weave, group, intr->id_genflags, &weave_load_given);
    stub_add(
        weave, intr->id, "id", intr->version, intr->patch_data,
        &group_entry(group)->id);
    piece_add(weave, &weave_level_found, 0);
}

static void eoi_add(struct weave *weave, uint32_t group) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    genflags_load(weave, group, intr->eoi_genflags, &weave_load_vector);
    stub_add(
        weave, intr->eoi, "eoi", intr->version, intr->eoi_patch_data,
        &group_entry(group)->eoi);
}

// --- levels -----------------------------------------------------------------

// Call the kernel, from `depth` groups below the frame. What is for it, a piece
// has put into esi before.
static void dispatch_add(struct weave *weave, uint32_t group, uint32_t depth) {
    piece_add(weave, &weave_dispatch_group, group);
    piece_add(weave, &weave_dispatch_frame, (depth + 1) * WEAVE_LEVEL_SIZE);
    piece_add(
        weave, &weave_dispatch_call,
        page_address(
            syspage_private_offset() +
            (uint32_t)offsetof(struct system_private_entry, intr_dispatch)));
}

static void level_add(
    struct weave *weave, uint32_t group, uint32_t depth,
    struct weave_jumps *ended, struct weave_jumps *spurious);

// The groups below this one: each where its vector was found. They go on at the
// end of this group's interrupt, or past it.
static void children_add(
    struct weave *weave, uint32_t group, uint32_t depth,
    struct weave_jumps *to_eoi, struct weave_jumps *past_eoi) {
    for (uint32_t child = group + 1; child < startup_num_groups; child++) {
        if (startup_parents[child] != group) {
            continue;
        }
        const struct startup_intrinfo *intr = &startup_groups[child];
        uint32_t vector =
            intr->cascade_vector - startup_groups[group].vector_base;
        piece_add(weave, &weave_child_match, vector);
        struct weave_jumps skip = {.count = 0};
        jump_later(weave, &weave_jump_if_not_equal, &skip);
        bool implicit = (intr->flags & INTR_FLAG_CASCADE_IMPLICIT_EOI) != 0;
        level_add(
            weave, child, depth + 1, implicit ? past_eoi : to_eoi, to_eoi);
        jumps_land(weave, &skip);
    }
}

// Nothing was found: the end of a loop, or else the kernel hears of it.
static void none_add(
    struct weave *weave, uint32_t group, uint32_t depth,
    struct weave_jumps *ended, struct weave_jumps *spurious) {
    piece_add(weave, &weave_level_ended, 0);
    struct weave_jumps leave = {.count = 0};
    jump_later(weave, &weave_jump_if_not_equal, &leave);
    piece_add(weave, &weave_dispatch_other, INTR_SPURIOUS);
    dispatch_add(weave, group, depth);
    piece_add(weave, &weave_level_leave, 0);
    jump_later(weave, &weave_jump, spurious);
    jumps_land(weave, &leave);
    piece_add(weave, &weave_level_leave, 0);
    jump_later(weave, &weave_jump, ended);
}

// A group and what hangs below it. It leaves by `ended` after an interrupt that
// was one, by `spurious` after one that wasn't.
static void level_add(
    struct weave *weave, uint32_t group, uint32_t depth,
    struct weave_jumps *ended, struct weave_jumps *spurious) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    bool loops = (intr->id_genflags & INTR_GENFLAG_ID_LOOP) != 0;
    bool checks = loops || (intr->id_genflags & INTR_GENFLAG_NOGLITCH) == 0;
    struct weave_jumps none = {.count = 0};
    struct weave_jumps to_eoi = {.count = 0};
    struct weave_jumps past_eoi = {.count = 0};

    piece_add(weave, &weave_level_enter, 0);
    uint32_t again = weave->offset;
    id_add(weave, group);
    if (checks) {
        piece_add(weave, &weave_level_check, intr->num_vectors);
        jump_later(weave, &weave_jump_if_above_or_equal, &none);
    }
    children_add(weave, group, depth, &to_eoi, &past_eoi);
    piece_add(weave, &weave_dispatch_found, intr->vector_base);
    dispatch_add(weave, group, depth);
    jumps_land(weave, &to_eoi);
    eoi_add(weave, group);
    jumps_land(weave, &past_eoi);
    if (loops) {
        piece_add(weave, &weave_level_again, 0);
        displacement_fill(
            weave, piece_add(weave, &weave_jump_if_below, 0), again);
        piece_add(weave, &weave_dispatch_other, INTR_STUCK);
        dispatch_add(weave, group, depth);
    }
    piece_add(weave, &weave_level_leave, 0);
    jump_later(weave, &weave_jump, ended);
    if (checks) {
        jumps_land(weave, &none);
        none_add(weave, group, depth, ended, spurious);
    }
}

// --- bodies and entries -----------------------------------------------------

static bool cpu_has_smap(void) {
    const struct cpuinfo_entry *cpu = section_at(&lsp.cpuinfo, 0);
    return (cpu->flags & CPU_FLAG_SMAP) != 0;
}

static void body_add(struct weave *weave, uint32_t group) {
    struct weave_jumps out = {.count = 0};
    piece_add(weave, &weave_body_enter, 0);
    if (cpu_has_smap()) {
        piece_add(weave, &weave_body_clac, 0);
    }
    piece_add(weave, &weave_body_stamp, 0);
    level_add(weave, group, 0, &out, &out);
    jumps_land(weave, &out);
    piece_add(
        weave, &weave_body_exit,
        page_address(
            syspage_private_offset() +
            (uint32_t)offsetof(struct system_private_entry, intr_exit)));
}

static uint64_t *entry_of(uint32_t vector) {
    uint64_t *entries =
        section_at(&lsp.system_private, sizeof(struct system_private_entry));
    return &entries[vector];
}

// One IDT entry's code, and its address in the table of entries.
static void entry_add(
    struct weave *weave, uint32_t vector, uint32_t level, uint32_t target) {
    *entry_of(vector) = SYSPAGE_VADDR + weave->offset;
    piece_add(weave, &weave_entry_save, 0);
    piece_add(weave, &weave_entry_level, level);
    displacement_fill(weave, piece_add(weave, &weave_jump, 0), target);
}

// The IDT entries of a group. Those of one that hangs below another lead to the
// root, which is told its own vector.
static void entries_add(
    struct weave *weave, uint32_t group, uint32_t root, uint32_t target) {
    const struct startup_intrinfo *intr = &startup_groups[group];
    uint32_t top = group; // the group right below the root
    while (top != root && startup_parents[top] != root) {
        top = startup_parents[top];
    }
    for (uint32_t v = 0; v < group_num_entries(intr); v++) {
        uint32_t level = group == root ? v
                                       : startup_groups[top].cascade_vector -
                                             startup_groups[root].vector_base;
        entry_add(
            weave, intr->cpu_intr_base + v * intr->cpu_intr_stride, level,
            target);
    }
}

static uint32_t root_of(uint32_t group) {
    while (startup_parents[group] != group) {
        group = startup_parents[group];
    }
    return group;
}

// Entries that no group wants: the local APIC's spurious vector, and those of
// the masked 8259s. They lead to the first group, with a level beyond it.
static void entries_add_spurious(struct weave *weave, uint32_t target) {
    for (uint32_t v = VECTOR_PIC; v < VECTOR_PIC + PIC_INPUTS; v++) {
        if (!group_has_entry(v)) {
            entry_add(weave, v, INTR_SPURIOUS, target);
        }
    }
    entry_add(weave, VECTOR_SPURIOUS, INTR_SPURIOUS, target);
}

static void root_weave(struct weave *weave, uint32_t root) {
    weave->offset = ALIGN_UP(weave->offset, BODY_ALIGN);
    uint32_t start = weave->offset;
    body_add(weave, root);
    for (uint32_t i = root; i < startup_num_groups; i++) {
        if (root_of(i) == root) {
            entries_add(weave, i, root, start);
        }
    }
    if (root == 0) {
        entries_add_spurious(weave, start);
    }
    callout_info_add(
        weave->page, start, weave->offset - start, "entry",
        startup_groups[root].name, "interrupt");
}

void weave_groups(struct weave *weave) {
    for (uint32_t i = 0; i < startup_num_groups; i++) {
        if (startup_parents[i] == i) {
            root_weave(weave, i);
        }
    }
}
