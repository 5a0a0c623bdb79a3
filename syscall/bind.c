// SPDX-License-Identifier: MIT
// See bind.h. The thunks lie in an area that is mapped for execution only: each
// slot has a fixed place for its bare and one for its measured thunk, and they
// are written while nobody can be inside.
#include "syscall/bind.h"

#include "callouts/syspage.h"
#include "kernel/base/layout.h"
#include "kernel/base/string.h"
#include "kernel/base/x86.h"
#include "kernel/pages.h"
#include "kernel/paging.h"
#include "kernel/panic.h"
#include "smp/percpu.h"
#include "syscall/thunks.h"

#define THUNK_SIZE                                                             \
    768ul // bare: the first half of the area; measured: the other
#define AREA_SIZE (2 * CALLOUT_SLOTS * THUNK_SIZE)
#define INT3 0xcc

#define TEMPLATE(name) extern const uint8_t name[], name##_end[]
TEMPLATE(thunk_type);
TEMPLATE(thunk_refuse);
TEMPLATE(thunk_refuse_measured);
TEMPLATE(thunk_plain);
TEMPLATE(thunk_plain_measured);
TEMPLATE(thunk_guarded);
TEMPLATE(thunk_guarded_measured);
#define KIND(number, NAME, name, fair)                                         \
    TEMPLATE(thunk_##name);                                                    \
    TEMPLATE(thunk_##name##_measured);
LOCK_KINDS(KIND)
#undef KIND
#undef TEMPLATE

struct template {
    const uint8_t *start;
    const uint8_t *end;
};
#define TEMPLATE(name)                                                         \
    { name, name##_end }

static const struct template type_check = TEMPLATE(thunk_type);
// [measured]
static const struct template refusal[2] = {
    TEMPLATE(thunk_refuse), TEMPLATE(thunk_refuse_measured)};
static const struct template plain[2] = {
    TEMPLATE(thunk_plain), TEMPLATE(thunk_plain_measured)};
static const struct template guarded[2] = {
    TEMPLATE(thunk_guarded), TEMPLATE(thunk_guarded_measured)};
// [kind of lock][measured]
static const struct template locked[NUM_LOCK_KINDS][2] = {
#define KIND(number, NAME, name, fair)                                         \
    [LOCK_##NAME] = {TEMPLATE(thunk_##name), TEMPLATE(thunk_##name##_measured)},
    LOCK_KINDS(KIND)
#undef KIND
};

// On cache lines of their own: the gate reads them on every CPU.
uintptr_t gate_slots[CALLOUT_SLOTS] ALIGNED(64);
uintptr_t gate_slots_measured[CALLOUT_SLOTS] ALIGNED(64);

static struct syspage_entry *bind_syspage;

// A thunk as it is written.
struct thunk {
    const struct custom_slot *slot;
    uint32_t number;   // of the slot
    uintptr_t callout; // that the next pieces call
    uint8_t *start;    // of the thunk's place
    uint8_t *at;       // where the next piece goes
    uint8_t *end;      // of the thunk's place
    uint8_t *accepted; // the piece behind the refusal
    uint32_t type;     // that is checked by this piece
};

void gate_empty(void);
void gate_empty_measured(void);
void gate_fenced(void);
void gate_fenced_measured(void);
void gate_guard_inside(void);
void gate_guard_kept(void);

static uint32_t relative(uintptr_t target, const uint8_t *place) {
    return (uint32_t)(target - ((uintptr_t)place + sizeof(uint32_t)));
}

static uint32_t place_value(
    const struct thunk *thunk, uint32_t place, const uint8_t *at) {
    const struct custom_slot *slot = thunk->slot;
    switch (place) {
    case PLACE_LOCK:
        return (uint32_t)SYSPAGE_VADDR + SYSPAGE_ENTRY(bind_syspage, custom)
                                             ->resources[slot->resource]
                                             .lock;
    case PLACE_CALLOUT:
        return relative(thunk->callout, at);
    case PLACE_TYPE:
        return thunk->type;
    case PLACE_NEXT:
        return relative((uintptr_t)thunk->accepted, at);
    case PLACE_REFUSALS:
        return (
            uint32_t)(offsetof(struct percpu, refusals) + thunk->number * sizeof(uint64_t));
    case PLACE_WHERE: // NO_RESOURCE becomes RECEIPT_NO_RESOURCE
        return thunk->number | slot->resource << 16;
    case PLACE_GUARD:
        return (uint32_t)(uintptr_t)thunk->start;
    case PLACE_KEPT:
        return relative((uintptr_t)gate_guard_kept, at);
    case PLACE_ALONE:
        return thunk->number | NO_RESOURCE << 16;
    default:
        panic(
            "slot %u: a place %x that thunks do not have", thunk->number,
            place);
    }
}

static bool is_place(uint32_t word) {
    return word >= PLACE_LOCK && word < PLACE_END && (word & 0xf00) == 0;
}

static void places_fill(const struct thunk *thunk, uint8_t *piece) {
    for (uint8_t *at = piece; at + sizeof(uint32_t) <= thunk->at; at++) {
        uint32_t word;
        memcpy(&word, at, sizeof(word));
        if (is_place(word)) {
            uint32_t value = place_value(thunk, word & PLACE_MASK, at) +
                             (word & ~PLACE_MASK);
            memcpy(at, &value, sizeof(value));
            at += sizeof(value) - 1;
        }
    }
}

static void piece_add(struct thunk *thunk, const struct template *template) {
    size_t size = (size_t)(template->end - template->start);
    if (size > (size_t)(thunk->end - thunk->at)) {
        panic("slot %u: its thunk is too long", thunk->number);
    }
    uint8_t *piece = thunk->at;
    memcpy(piece, template->start, size);
    thunk->at += size;
    places_fill(thunk, piece);
}

static size_t template_size(const struct template *template) {
    return (size_t)(template->end - template->start);
}

static void types_add(struct thunk *thunk, int measured) {
    uint32_t count = thunk->slot->num_types;
    if (count == 0) {
        return;
    }
    thunk->accepted = thunk->at + count * template_size(&type_check) +
                      template_size(&refusal[measured]);
    for (uint32_t i = 0; i < count; i++) {
        thunk->type = thunk->slot->types[i];
        piece_add(thunk, &type_check);
    }
    piece_add(thunk, &refusal[measured]);
}

static uint32_t lock_kind(const struct custom_slot *slot) {
    return SYSPAGE_ENTRY(bind_syspage, custom)
        ->resources[slot->resource]
        .lock_kind;
}

// Write a slot's thunk and say what the gate is to call: a slot that needs none
// is called directly.
static uintptr_t thunk_write(uint32_t number, int measured) {
    const struct custom_slot *slot =
        &SYSPAGE_ENTRY(bind_syspage, custom)->slots[number];
    if (slot->code == 0) {
        return (uintptr_t)(measured ? gate_empty_measured : gate_empty);
    }
    if (slot->fenced) {
        return (uintptr_t)(measured ? gate_fenced_measured : gate_fenced);
    }
    bool shared = slot->resource != NO_RESOURCE;
    if (!measured && !shared && slot->num_types == 0) {
        return slot->code;
    }
    uint8_t *place = (uint8_t *)THUNKS_VADDR +
                     ((size_t)measured * CALLOUT_SLOTS + number) * THUNK_SIZE;
    struct thunk thunk = {
        .slot = slot,
        .number = number,
        .callout = slot->code,
        .start = place,
        .at = place,
        .end = place + THUNK_SIZE};
    memset(place, INT3, THUNK_SIZE);
    const struct template *last =
        shared ? &locked[lock_kind(slot)][measured] : &plain[measured];
    if (shared && slot->guards_itself) {
        thunk.callout = (uintptr_t)gate_guard_inside;
        piece_add(&thunk, last);
        thunk.callout = slot->code;
        last = &guarded[measured];
    }
    uintptr_t entry = (uintptr_t)thunk.at;
    types_add(&thunk, measured);
    piece_add(&thunk, last);
    return entry;
}

void bind_slot(uint32_t slot) {
    // The thunks' only mappings are read-only: write through them with write
    // protection off. Interrupts are off; the IRET or the jump to another
    // privilege level that ends the stop serializes (Intel SDM volume 3,
    // "Handling Self- and Cross-Modifying Code").
    uint64_t cr0 = read_cr0();
    write_cr0(cr0 & ~CR0_WP);
    gate_slots[slot] = thunk_write(slot, false);
    gate_slots_measured[slot] = thunk_write(slot, true);
    write_cr0(cr0);
}

static void area_map(void) {
    for (size_t i = 0; i < AREA_SIZE; i += PAGE_SIZE) {
        paddr_t page = page_alloc();
        if (page == 0 ||
            !paging_map(
                paging_kernel_root, THUNKS_VADDR + i, page, PAGE_EXEC) ||
            !paging_map(
                paging_kernel_root, (uintptr_t)direct(page), page, PAGE_READ)) {
            panic("no memory for the gate's thunks");
        }
        invlpg((uintptr_t)direct(page));
    }
}

void bind_init(struct syspage_entry *syspage) {
    bind_syspage = syspage;
    area_map();
    for (uint32_t slot = 0; slot < CALLOUT_SLOTS; slot++) {
        bind_slot(slot);
    }
}
