// SOURCES: boot/library.c boot/placements.c boot/syspage.c boot/groups.c
// SOURCES: boot/custom.c
// SOURCES: boot/modules.c callouts/module.c boot/multiboot2.c
// SOURCES: kernel/base/format.c
// SOURCES: boot/options.c
// SPDX-License-Identifier: MIT
// The startup library: what is added in which order, the two passes, patchers,
// storage by label, per-CPU storage beside it.
#include "boot/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/boot.h"
#include "boot/console.h"
#include "boot/sections.h"
#include "callouts/hardware.h"
#include "kernel/base/layout.h"
#include "kernel/base/vectors.h"
#include "tests/host/suite.h"

#define INT3 0xcc
#define RET 0xc3
#define NOP 0x90
#define PATTERN 0x5a
#define CODE_ALIGN 16
#define STORAGE_ALIGN 64

// --- what the library needs from elsewhere ----------------------------------

uint64_t boot_syspage_table[BOOT_SYSPAGE_PAGES];
static jmp_buf failed;
static char reason[200];

void startup_fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    longjmp(failed, 1);
}

void startup_print(const char *format, ...) {
    (void)format;
}

bool fault_try(
    uintptr_t function, const uint64_t arguments[6],
    struct fault_frame *fault) {
    (void)function; // no modules here, so no patchers of theirs
    (void)arguments;
    (void)fault;
    return false;
}

void weave_groups(struct weave *weave) {
    (void)weave; // no groups' entry code in these pages
}

// What callouts/custom_*.asm define.
#define CUSTOM(slot, name, resource, percpu, port, last)                       \
    const struct callout_rtn custom_##name = {NULL, NULL, 1, 0, {RET}};
#include "callouts/custom.def"
#include "callouts/custom_test.def"
#undef CUSTOM

// --- callouts to add --------------------------------------------------------

// What a patcher was called with.
struct call {
    paddr_t paddr;
    uintptr_t vaddr;
    unsigned rtn_offset;
    unsigned rw_offset;
    void *data;
    const struct callout_rtn *src;
    uint8_t after; // the byte where the next callout will be
};
static struct call calls[8];
static size_t num_calls;

static void patch(
    paddr_t paddr, uintptr_t vaddr, unsigned rtn_offset, unsigned rw_offset,
    void *data, const struct callout_rtn *src) {
    uint8_t *code = (uint8_t *)paddr + rtn_offset;
    calls[num_calls++] = (struct call){paddr, vaddr, rtn_offset,      rw_offset,
                                       data,  src,   code[CODE_ALIGN]};
    memcpy(code + 1, &rw_offset, sizeof(rw_offset));
}

static const uint32_t shared_size = 100;
static const uint32_t other_size = 8;
#define CODE                                                                   \
    { 0xb8, PATTERN, PATTERN, PATTERN, PATTERN, RET }
static const struct callout_rtn reboot_one = {&shared_size, patch, 6, 0, CODE};
static const struct callout_rtn power_one = {&shared_size, patch, 6, 0, CODE};
static const struct callout_rtn timer_load_one = {
    &other_size, patch, 6, 0, CODE};
static const struct callout_rtn timer_value_one = {
    NULL, NULL, 2, 0, {NOP, RET}};
static const struct callout_rtn timer_value = {NULL, NULL, 1, 0, {RET}};

static struct machine machine;
static uint8_t *page;

// Both passes, with the sections that they count on.
static const struct syspage_entry *write_page(void) {
    section_add(
        &lsp.system_private,
        sizeof(struct system_private_entry) + NUM_VECTORS * sizeof(uint64_t));
    section_add(&lsp.cpuinfo, 3 * sizeof(struct cpuinfo_entry));
    init_custom(&machine);
    uint32_t size = syspage_size();
    page = aligned_alloc(PAGE_SIZE, size);
    memset(page, 1, size);
    syspage_write((uintptr_t)page);
    return (const struct syspage_entry *)page;
}

// The bytes at an address of the written page.
static const uint8_t *at(uint64_t vaddr) {
    return page + (vaddr - SYSPAGE_VADDR);
}

static const struct callout_info *info_of(uint64_t vaddr) {
    const struct syspage_entry *entry = (const struct syspage_entry *)page;
    const struct callout_info *info = SYSPAGE_ENTRY(entry, callout_info);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(entry, callout_info); i++) {
        if (info[i].size != 0 && SYSPAGE_VADDR + info[i].code == vaddr) {
            return &info[i];
        }
    }
    ck_abort_msg("no callout_info of %lx", vaddr);
}

#define PLACE(callout) offsetof(struct callout_entry, callout)

// Whether `statement` fails the boot with a line that has `text`.
#define FAILS(statement, text)                                                 \
    do {                                                                       \
        if (setjmp(failed) == 0) {                                             \
            statement;                                                         \
            ck_abort_msg("did not fail: %s", #statement);                      \
        }                                                                      \
        ck_assert_msg(strstr(reason, text) != NULL, "said: %s", reason);       \
    } while (0)

// --- tests ------------------------------------------------------------------

START_TEST(strings_are_shared) {
    ck_assert_uint_eq(add_string(""), 0);
    uint32_t pc = add_string("x86pc");
    ck_assert_uint_eq(add_string("pc"), pc + sizeof("x86pc"));
    ck_assert_uint_eq(add_string("x86pc"), pc);
    add_typed_string(CS_MACHINE, "x86pc");
    add_typed_string(CS_ARG, "x86pc");
    const struct typed_string *typed = section_at(&lsp.typed_strings, 0);
    ck_assert_uint_eq(lsp.typed_strings.size, 2 * sizeof(*typed));
    ck_assert_uint_eq(typed[0].type, CS_MACHINE);
    ck_assert_uint_eq(typed[1].type, CS_ARG);
    ck_assert_uint_eq(typed[1].string, pc);
}
END_TEST

START_TEST(sections_are_limited) {
    section_add(&lsp.qtime, sizeof(struct qtime_entry));
    FAILS(section_add(&lsp.qtime, 1), "section qtime is full");
}
END_TEST

START_TEST(two_passes_agree) {
    add_callout(PLACE(reboot), &reboot_one);
    const struct syspage_entry *entry = write_page();
    ck_assert_uint_eq(entry->type, SYSPAGE_TYPE);
    ck_assert_uint_eq(entry->num_cpu, 3);
    ck_assert_uint_eq(entry->size % PAGE_SIZE, 0);
    ck_assert_uint_eq(entry->storage.offset, entry->size);
    ck_assert_uint_eq(
        entry->code.offset, entry->storage.offset + entry->storage.size);
    ck_assert_uint_eq(entry->total_size, entry->code.offset + entry->code.size);
    ck_assert_uint_eq(entry->cpuinfo.size, 3 * sizeof(struct cpuinfo_entry));
    const struct system_private_entry *private =
        SYSPAGE_ENTRY(entry, system_private);
    ck_assert_uint_eq(private->syspage_paddr, (uintptr_t)page);
    for (uint32_t i = 0; i < entry->storage.size; i++) {
        ck_assert_uint_eq(page[entry->storage.offset + i], 0);
    }
    ck_assert_uint_eq(page[entry->total_size - 1], INT3);
    ck_assert_uint_eq(
        boot_syspage_table[0] & ~(PAGE_SIZE - 1), (uintptr_t)page);
    ck_assert_uint_eq(boot_syspage_table[entry->total_size / PAGE_SIZE], 0);
}
END_TEST

START_TEST(callouts_are_copied_then_patched) {
    add_callout(PLACE(reboot), &reboot_one);
    add_callout(PLACE(timer_value), &timer_value_one);
    const struct syspage_entry *entry = write_page();
    const struct callout_entry *callout = SYSPAGE_ENTRY(entry, callout);
    const uint8_t *code = at(callout->reboot);
    ck_assert_uint_eq(num_calls, 1);
    ck_assert_uint_eq(calls[0].paddr, (uintptr_t)page);
    ck_assert_uint_eq(calls[0].vaddr, SYSPAGE_VADDR);
    ck_assert_uint_eq(calls[0].rtn_offset, callout->reboot - SYSPAGE_VADDR);
    ck_assert_ptr_eq(calls[0].src, &reboot_one);
    ck_assert_uint_eq(calls[0].after, INT3); // the next is not copied yet
    ck_assert_uint_eq(code[0], 0xb8);
    ck_assert(memcmp(code + 1, &calls[0].rw_offset, sizeof(uint32_t)) == 0);
    ck_assert_uint_eq(code[5], RET);
    ck_assert_uint_eq(code[6], INT3);
    ck_assert_uint_eq(reboot_one.rtn_code[1], PATTERN); // not the original
    ck_assert_uint_eq(callout->timer_value % CODE_ALIGN, 0);
    ck_assert(memcmp(at(callout->timer_value), "\x90\xc3", 2) == 0);
    ck_assert_uint_eq(callout->power, 0);
    ck_assert_uint_eq(info_of(callout->reboot)->num_patches, 1);
    ck_assert_uint_eq(info_of(callout->timer_value)->num_patches, 0);
}
END_TEST

START_TEST(one_label_one_storage) {
    add_callout(PLACE(reboot), &reboot_one);
    add_callout(PLACE(timer_load), &timer_load_one);
    add_callout(PLACE(power), &power_one);
    const struct syspage_entry *entry = write_page();
    ck_assert_uint_eq(num_calls, 3);
    ck_assert_uint_eq(calls[0].rw_offset, calls[2].rw_offset);
    ck_assert_uint_ge(calls[0].rw_offset, entry->storage.offset);
    ck_assert_uint_eq(calls[0].rw_offset % STORAGE_ALIGN, 0);
    ck_assert_uint_ge(calls[1].rw_offset, calls[0].rw_offset + shared_size);
    ck_assert_uint_le(calls[1].rw_offset + other_size, entry->code.offset);
}
END_TEST

START_TEST(first_registered_data_counts) {
    int first, second, own;
    uint64_t *nowhere = NULL;
    callout_register_data(&reboot_one, &first);
    callout_register_data(&power_one, &second);
    callout_register_data(&reboot_one, &second);
    add_callout(PLACE(reboot), &reboot_one);
    add_callout(PLACE(power), &power_one);
    add_callout_at(nowhere, &reboot_one, "reboot", "own", &own);
    add_callout(PLACE(timer_load), &timer_load_one);
    write_page();
    ck_assert_uint_eq(num_calls, 4);
    ck_assert_ptr_eq(calls[0].data, &first);
    ck_assert_ptr_eq(calls[1].data, &second);
    ck_assert_ptr_eq(calls[2].data, &own);
    ck_assert_ptr_null(calls[3].data);
}
END_TEST

START_TEST(callouts_are_named_by_place) {
    callout_version_set("mine");
    add_callout(PLACE(reboot), &reboot_one);
    FAILS(add_callout(PLACE(reboot) + 1, &reboot_one), "no callout has");
    const struct syspage_entry *entry = write_page();
    const struct callout_info *info =
        info_of(SYSPAGE_ENTRY(entry, callout)->reboot);
    ck_assert_str_eq(info->name, "reboot");
    ck_assert_str_eq(info->version, "mine");
    ck_assert_str_eq(SYSPAGE_STRING(entry, info->category), "reset");
}
END_TEST

START_TEST(the_last_of_a_place_is_taken) {
    add_callout(PLACE(timer_value), &timer_value);
    add_callout(PLACE(timer_value), &timer_value_one);
    const struct syspage_entry *entry = write_page();
    uint64_t taken = SYSPAGE_ENTRY(entry, callout)->timer_value;
    ck_assert_uint_eq(info_of(taken)->size, timer_value_one.rtn_size);
}
END_TEST

START_TEST(arrays_of_slots) {
    static const struct callout_slot slots[] = {
        CALLOUT_SLOT(reboot, _one),
        CALLOUT_SLOT(timer_value, ),
    };
    add_callout_array(slots, sizeof(slots));
    const struct syspage_entry *entry = write_page();
    const struct callout_entry *callout = SYSPAGE_ENTRY(entry, callout);
    ck_assert_str_eq(info_of(callout->reboot)->version, "one");
    ck_assert_str_eq(info_of(callout->timer_value)->name, "timer_value");
    ck_assert_str_eq(info_of(callout->timer_value)->version, "");
}
END_TEST

START_TEST(the_custom_callout_is_slot_0) {
    callout_version_set("mine");
    add_callout(PLACE(custom), &reboot_one);
    const struct syspage_entry *entry = write_page();
    const struct custom_slot *slots = SYSPAGE_ENTRY(entry, custom)->slots;
    uint64_t custom = SYSPAGE_ENTRY(entry, callout)->custom;
    ck_assert_uint_eq(slots[0].code, custom);
    ck_assert_uint_eq(slots[0].size, reboot_one.rtn_size);
    ck_assert_uint_eq(slots[0].storage, calls[0].rw_offset);
    ck_assert_uint_eq(slots[0].storage_size, shared_size);
    ck_assert_str_eq(slots[0].version, "mine");
    ck_assert_uint_eq(slots[1].size, custom_args6.rtn_size);
    ck_assert_str_eq(info_of(custom)->version, "mine");
}
END_TEST

// Each slot's part of a CPU's slice is its own and begins at a line.
START_TEST(per_cpu_storage_is_beside) {
    machine.options.selftest = true;
    const struct syspage_entry *entry = write_page();
    const struct custom_entry *custom = SYSPAGE_ENTRY(entry, custom);
    uint32_t end = 0;
    unsigned users = 0;
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        const struct custom_slot *slot = &custom->slots[i];
        if (slot->percpu_size != 0) {
            ck_assert_uint_eq(slot->percpu % STORAGE_ALIGN, 0);
            ck_assert_uint_ge(slot->percpu, end);
            ck_assert_uint_eq(slot->storage, 0);
            end = slot->percpu + slot->percpu_size;
            users++;
        }
    }
    ck_assert_uint_ge(users, 2);
    ck_assert_uint_ge(custom->percpu_size, end);
}
END_TEST

START_TEST(arrays_of_groups) {
    static const struct startup_intrinfo groups[] = {
        {.name = "one",
         .vector_base = 0x100,
         .num_vectors = 8,
         .cascade_vector = INTR_NO_CASCADE,
         .cpu_intr_base = 0x30,
         .flags = INTR_FLAG_MSI,
         .id_genflags = INTR_GENFLAG_LOAD_LEVEL,
         .mask = &timer_value,
         .unmask = &timer_value_one,
         .config = &timer_value,
         .version = "v"},
        {.name = "two",
         .num_vectors = 9,
         .cascade_vector = 0x102,
         .mask = &timer_value,
         .unmask = &timer_value,
         .config = &timer_value_one,
         .version = "v"},
    };
    add_interrupt_array(groups, sizeof(groups));
    ck_assert_uint_eq(startup_num_groups, 2);
    const struct syspage_entry *entry = write_page();
    ck_assert_uint_eq(SYSPAGE_COUNT(entry, intrinfo), 2);
    const struct intrinfo_entry *intr = SYSPAGE_ENTRY(entry, intrinfo);
    ck_assert_str_eq(SYSPAGE_STRING(entry, intr[0].name), "one");
    ck_assert_uint_eq(intr[0].vector_base, 0x100);
    ck_assert_uint_eq(intr[0].num_vectors, 8);
    ck_assert_uint_eq(intr[0].cascade_vector, INTR_NO_CASCADE);
    ck_assert_uint_eq(intr[0].cpu_intr_base, 0x30);
    ck_assert_uint_eq(intr[0].flags, INTR_FLAG_MSI);
    ck_assert_uint_eq(intr[0].id.genflags, INTR_GENFLAG_LOAD_LEVEL);
    ck_assert_uint_eq(info_of(intr[0].unmask)->size, 2);
    ck_assert_str_eq(info_of(intr[0].unmask)->name, "unmask");
    ck_assert_uint_eq(intr[1].num_vectors, 9);
    ck_assert_uint_eq(intr[1].cascade_vector, 0x102);
    ck_assert_uint_eq(startup_parents[1], 0);
    ck_assert_uint_eq(info_of(intr[1].config)->size, 2);
}
END_TEST

static int devices_data[NUM_DEBUG];

// It is there on channel 0 only, though it has an address for channel 1.
static bool init_first(unsigned channel, uint64_t address, void **data) {
    ck_assert_uint_eq(address, 0x100 + channel);
    *data = &devices_data[0];
    return channel == 0;
}

static bool init_second(unsigned channel, uint64_t address, void **data) {
    ck_assert_uint_eq(address, 0x200 + channel);
    *data = &devices_data[channel];
    return true;
}

START_TEST(debug_devices_by_channel) {
    static const struct debug_device devices[] = {
        {"first", {0x100, 0x101}, init_first, {&reboot_one}},
        {"second",
         {0x200, 0x201},
         init_second,
         {&power_one, &timer_value_one, &timer_value}},
    };
    section_add(&lsp.callout, sizeof(struct callout_entry));
    select_debug(devices, sizeof(devices));
    const struct syspage_entry *entry = write_page();
    const struct debug_callout *debug = SYSPAGE_ENTRY(entry, callout)->debug;
    ck_assert_str_eq(info_of(debug[0].display_char)->version, "first");
    ck_assert_str_eq(info_of(debug[0].display_char)->name, "display_char");
    ck_assert_uint_eq(debug[0].poll_key, 0);
    ck_assert_str_eq(info_of(debug[1].display_char)->version, "second");
    ck_assert_uint_eq(info_of(debug[1].poll_key)->size, 2);
    ck_assert_uint_eq(info_of(debug[1].break_detect)->size, 1);
    ck_assert_uint_eq(debug[2].display_char, 0);
    ck_assert_uint_eq(num_calls, 2);
    ck_assert_ptr_eq(calls[0].data, &devices_data[0]);
    ck_assert_ptr_eq(calls[1].data, &devices_data[1]);
}
END_TEST

START_TEST(devices_are_mapped_once) {
    ck_assert_uint_eq(callout_io_map(8, 0x3f8), 0x3f8);
    uint64_t first = callout_memory_map(16, 0xfee00020, AS_ATTR_READABLE);
    ck_assert_uint_eq(first, DEVICE_VADDR + 0x20);
    ck_assert_uint_eq(
        callout_memory_map(4, 0xfec00000, 0), DEVICE_VADDR + PAGE_SIZE);
    ck_assert_uint_eq(callout_memory_map(4, 0xfee00ffc, 0), first + 0xfdc);
    ck_assert_uint_eq(lsp.asinfo.size, 2 * sizeof(struct asinfo_entry));
    FAILS(callout_memory_map(8, 0xfee00ffc, 0), "crosses a page");
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        strings_are_shared,
        sections_are_limited,
        two_passes_agree,
        callouts_are_copied_then_patched,
        one_label_one_storage,
        first_registered_data_counts,
        callouts_are_named_by_place,
        the_last_of_a_place_is_taken,
        arrays_of_slots,
        the_custom_callout_is_slot_0,
        per_cpu_storage_is_beside,
        arrays_of_groups,
        debug_devices_by_channel,
        devices_are_mapped_once,
    };
    return SUITE_RUN("library", tests);
}
