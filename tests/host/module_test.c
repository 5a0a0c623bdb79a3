// SOURCES: callouts/module.c
// SPDX-License-Identifier: MIT
// The reader of callout modules on a good one, and on that one with each field
// damaged, with the checksum left wrong and with the checksum made good.
#include "callouts/module.h"

#include "tests/host/module_seed.h"
#include "tests/host/suite.h"

static struct bytes file;
static struct module module;

// Check an exact copy, at an odd address.
static const char *check_file(void) {
    uint8_t *copy = malloc(file.size + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy + 1, file.at, file.size);
    const char *reason = module_check(copy + 1, file.size, &module);
    if (reason == NULL) {
        ck_assert_ptr_eq(module.code, copy + 1 + sizeof(module.header));
    }
    free(copy);
    return reason;
}

static const char *check(struct module_header header) {
    module_seed_write(&header, &file);
    return check_file();
}

START_TEST(good_module) {
    ck_assert_ptr_null(check(module_seed()));
    ck_assert_uint_eq(module.header.slot, 7);
    ck_assert_str_eq(module.header.name, "seed");
    ck_assert_ptr_eq(module.patcher, module.code + MODULE_SEED_CODE);
}
END_TEST

START_TEST(smallest_module) {
    struct module_header header = {
        .magic = MODULE_MAGIC,
        .version = MODULE_VERSION,
        .header_size = sizeof(header),
        .total_size = sizeof(header) + 1,
        .code_offset = sizeof(header),
        .code_size = 1,
        .name = "a",
    };
    uint8_t ret = 0xc3;
    module_seal(&header, &ret, sizeof(ret));
    file.size = 0;
    bytes_add(&file, &header, sizeof(header));
    bytes_add_u8(&file, ret);
    ck_assert_ptr_null(check_file());
    ck_assert_ptr_null(module.patcher);
}
END_TEST

START_TEST(hash_is_fnv1a) {
    ck_assert_uint_eq(module_hash("", 0), 0xcbf29ce484222325ul);
    ck_assert_uint_eq(module_hash("a", 1), 0xaf63dc4c8601ec8cul);
    ck_assert_uint_eq(module_hash("foobar", 6), 0x85944171f73967e8ul);
}
END_TEST

START_TEST(truncated_at_each_length) {
    for (size_t size = 0; size < MODULE_SEED_SIZE; size++) {
        struct module_header header = module_seed();
        module_seed_write(&header, &file);
        file.size = size;
        ck_assert_str_eq(
            check_file(), size < sizeof(header)
                              ? "file is shorter than a header"
                              : "file is not as long as its header says");
    }
}
END_TEST

START_TEST(longer_than_it_says) {
    struct module_header header = module_seed();
    module_seed_write(&header, &file);
    bytes_add_u8(&file, 0);
    ck_assert_str_eq(check_file(), "file is not as long as its header says");
}
END_TEST

// No bit of the file can be turned over unseen.
START_TEST(each_bit_counts) {
    struct module_header header = module_seed();
    module_seed_write(&header, &file);
    for (size_t bit = 0; bit < MODULE_SEED_SIZE * 8; bit++) {
        file.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_ptr_nonnull(check_file());
        file.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_ptr_null(check_file());
}
END_TEST

START_TEST(checksum_and_hash) {
    struct module_header header = module_seed();
    module_seed_write(&header, &file);
    file.at[offsetof(struct module_header, slot)]++;
    ck_assert_str_eq(check_file(), "bad header checksum");
    file.at[offsetof(struct module_header, slot)]--;
    file.at[MODULE_SEED_SIZE - 1]++;
    ck_assert_str_eq(check_file(), "bad hash of the code");
}
END_TEST

// CHECK_BAD(reason, member, value): a sealed header with that member.
#define CHECK_BAD(reason, member, value)                                       \
    do {                                                                       \
        struct module_header header = module_seed();                           \
        header.member = (value);                                               \
        const char *found = check(header);                                     \
        ck_assert_ptr_nonnull(found);                                          \
        ck_assert_str_eq(found, reason);                                       \
    } while (0)

START_TEST(identity) {
    CHECK_BAD("not a callout module", magic, MODULE_MAGIC + 1);
    CHECK_BAD("module version is not known", version, MODULE_VERSION + 1);
    CHECK_BAD("bad header size", header_size, sizeof(struct module_header) + 1);
    CHECK_BAD(
        "file is not as long as its header says", total_size,
        MODULE_SEED_SIZE - 1);
}
END_TEST

START_TEST(numbers) {
    CHECK_BAD("no such slot", slot, CALLOUT_SLOTS);
    CHECK_BAD("no such slot", slot, MODULE_NO_SLOT - 1);
    CHECK_BAD("too much storage", storage_size, MODULE_MAX_STORAGE + 1);
    CHECK_BAD("too much per-CPU storage", percpu_size, MODULE_MAX_STORAGE + 1);
    CHECK_BAD("bad flags", flags, 1);
}
END_TEST

START_TEST(texts) {
    CHECK_BAD("bad name", name[0], '\0');
    CHECK_BAD("bad name", name[1], '\n');
    CHECK_BAD("bad name", name[MODULE_TEXT_SIZE - 1], 'x');
    CHECK_BAD("bad resource name", resource[0], '\0');
    CHECK_BAD("bad resource name", resource[2], '"');
    CHECK_BAD("bad source version", source[0], ' ');
    struct module_header header = module_seed();
    memset(header.name, 'n', sizeof(header.name));
    ck_assert_str_eq(check(header), "bad name");
    header.name[MODULE_TEXT_SIZE - 1] = '\0';
    ck_assert_ptr_null(check(header));
}
END_TEST

START_TEST(lists) {
    CHECK_BAD("too many types", num_types, SLOT_MAX_TYPES + 1);
    CHECK_BAD("bad types", num_types, 1);
    CHECK_BAD("too many ports", num_ports, SLOT_MAX_RANGES + 1);
    CHECK_BAD("bad ports", num_ports, 3);
    CHECK_BAD("bad ports", num_ports, 1);
    CHECK_BAD("bad ports", ports[1].first, 0);
    CHECK_BAD("bad ports", ports[1].last, 0x70);
    CHECK_BAD("bad ports", ports[1].last, UINT16_MAX + 1);
    CHECK_BAD("bad ports", ports[2].last, 1);
    CHECK_BAD("too many MSRs", num_msrs, SLOT_MAX_RANGES + 1);
    CHECK_BAD("bad MSRs", num_msrs, 2);
    CHECK_BAD("bad MSRs", num_msrs, 0);
    CHECK_BAD("bad MSRs", msrs[0].first, 0);
    CHECK_BAD("bad MSRs", msrs[0].first, 0x6e1);
    CHECK_BAD("bad MSRs", msrs[3].first, 1);
    struct module_header header = module_seed();
    header.msrs[0].last = UINT32_MAX;
    header.ports[1].last = UINT16_MAX;
    ck_assert_ptr_null(check(header));
}
END_TEST

START_TEST(layout) {
    CHECK_BAD("bad code size", code_size, 0);
    CHECK_BAD("bad code size", code_size, MODULE_MAX_CODE + 1);
    CHECK_BAD("bad code size", code_size, UINT32_MAX);
    CHECK_BAD("bad patcher size", patcher_size, MODULE_MAX_CODE + 1);
    CHECK_BAD("bad code offset", code_offset, 0);
    CHECK_BAD("bad patcher offset", patcher_offset, 0);
    CHECK_BAD("bad patcher offset", patcher_size, 0);
    CHECK_BAD("bad patcher offset", code_size, MODULE_SEED_CODE + 1);
    CHECK_BAD("bad total size", patcher_size, MODULE_SEED_PATCHER + 1);
}
END_TEST

START_TEST(patches) {
    CHECK_BAD("too many patches", num_patches, CALLOUT_PATCH_MAX + 1);
    CHECK_BAD("bad patch", num_patches, 1);
    CHECK_BAD("bad patch width", num_patches, 3);
    CHECK_BAD("bad patch width", patches[0].width, 2);
    CHECK_BAD("bad patch offset", patches[1].offset, 6);
    CHECK_BAD("bad patch offset", patches[1].offset, MODULE_SEED_CODE - 7);
    CHECK_BAD("bad patch offset", patches[1].offset, UINT16_MAX);
    struct module_header header = module_seed();
    header.patches[1].offset = MODULE_SEED_CODE - 8;
    ck_assert_ptr_null(check(header));
    header.code_size += MODULE_SEED_PATCHER;
    header.patcher_size = 0;
    header.patcher_offset = 0;
    ck_assert_str_eq(check(header), "patches without a patcher");
}
END_TEST

// One that stands in for a kernel callout.
static struct module_header kernel_seed(void) {
    struct module_header header = module_seed();
    header.slot = MODULE_NO_SLOT;
    header.num_types = 0;
    memset(header.types, 0, sizeof(header.types));
    header.percpu_size = 0;
    header.budget_cycles = 0;
    memset(header.resource, 0, sizeof(header.resource));
    header.flags = MODULE_FLAG_PATCHED_PORT;
    strcpy(header.replaces, "timer_value");
    strcpy(header.replaces_version, "lapic");
    return header;
}

START_TEST(kernel_module) {
    ck_assert_ptr_null(check(kernel_seed()));
    ck_assert(module_is_kernel(&module));
    for (size_t bit = 0; bit < MODULE_SEED_SIZE * 8; bit++) {
        file.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert_ptr_nonnull(check_file());
        file.at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert_ptr_null(check(module_seed()));
    ck_assert(!module_is_kernel(&module));
}
END_TEST

// As CHECK_BAD, of a kernel callout.
#define CHECK_BAD_KERNEL(reason, member, value)                                \
    do {                                                                       \
        struct module_header header = kernel_seed();                           \
        header.member = (value);                                               \
        const char *found = check(header);                                     \
        ck_assert_ptr_nonnull(found);                                          \
        ck_assert_str_eq(found, reason);                                       \
    } while (0)

START_TEST(kernel_place) {
    static const char slots_only[] =
        "a kernel callout has no resource, types, budget, per-CPU storage";
    static const char replaces[] = "bad name of what it replaces";
    CHECK_BAD_KERNEL(replaces, replaces[0], '\0');
    CHECK_BAD_KERNEL(replaces, replaces[1], '/');
    CHECK_BAD_KERNEL(replaces, replaces_version[0], '\0');
    CHECK_BAD_KERNEL(replaces, replaces_version[MODULE_TEXT_SIZE - 1], 'x');
    CHECK_BAD_KERNEL(replaces, slot, 7);
    CHECK_BAD_KERNEL(slots_only, resource[0], 'x');
    CHECK_BAD_KERNEL(slots_only, num_types, 1);
    CHECK_BAD_KERNEL(slots_only, percpu_size, 8);
    CHECK_BAD_KERNEL(slots_only, budget_cycles, 1);
    CHECK_BAD_KERNEL(
        "too much storage", storage_size, MODULE_MAX_KERNEL_STORAGE + 1);
    struct module_header large = kernel_seed();
    large.storage_size = MODULE_MAX_KERNEL_STORAGE;
    ck_assert_ptr_null(check(large));
    CHECK_BAD_KERNEL("bad flags", flags, MODULE_FLAG_GUARDS_ITSELF << 1);
    CHECK_BAD("bad flags", flags, MODULE_FLAG_GUARDS_ITSELF << 1);
    CHECK_BAD("bad flags", flags, MODULE_FLAG_PATCHED_PORT);
    CHECK_BAD("bad flags", flags, MODULE_FLAG_PATCHED_MSR);
    CHECK_BAD_KERNEL("bad flags", flags, MODULE_FLAG_GUARDS_ITSELF);
    struct module_header guards = module_seed();
    guards.flags = MODULE_FLAG_GUARDS_ITSELF;
    ck_assert_ptr_null(check(guards));
    memset(guards.resource, 0, sizeof(guards.resource));
    ck_assert_str_eq(check(guards), "it guards itself and names no resource");
    CHECK_BAD(replaces, slot, MODULE_NO_SLOT);
    CHECK_BAD(replaces, replaces[0], 'x');
    CHECK_BAD(replaces, replaces_version[0], 'x');
}
END_TEST

// --- what is made of it -----------------------------------------------------

// The file is still there when its record is used.
static void check_kept(struct module_header header) {
    module_seed_write(&header, &file);
    ck_assert_ptr_null(module_check(file.at, file.size, &module));
}

START_TEST(record_of_a_module) {
    static uint64_t room[MODULE_RECORD_SIZE / sizeof(uint64_t)];
    check_kept(module_seed());
    const struct callout_rtn *rtn = module_record_make(&module, room);
    ck_assert_uint_eq(rtn->rtn_size, MODULE_SEED_CODE);
    ck_assert_uint_eq(*rtn->rw_size, 8);
    ck_assert_uint_eq((uintptr_t)rtn->patcher, (uintptr_t)module.patcher);
    ck_assert_mem_eq(rtn->rtn_code, module.code, MODULE_SEED_CODE);
    struct module_header header = module_seed();
    header.storage_size = 0;
    header.num_patches = 0;
    memset(header.patches, 0, sizeof(header.patches));
    header.code_size += MODULE_SEED_PATCHER;
    header.patcher_size = 0;
    header.patcher_offset = 0;
    check_kept(header);
    rtn = module_record_make(&module, room);
    ck_assert_uint_eq(rtn->rtn_size, MODULE_SEED_BODY);
    ck_assert_ptr_null(rtn->rw_size);
    ck_assert(rtn->patcher == NULL);
}
END_TEST

START_TEST(slot_of_a_module) {
    struct custom_slot slot;
    memset(&slot, 0xa5, sizeof(slot));
    check_kept(module_seed());
    module_slot_fill(&module, &slot);
    ck_assert_str_eq(slot.name, "seed");
    ck_assert_str_eq(slot.version, "v1.0-3-gabcdef");
    ck_assert_uint_eq(slot.size, MODULE_SEED_CODE);
    ck_assert_uint_eq(slot.storage_size, 8);
    ck_assert_uint_eq(slot.percpu_size, 64);
    ck_assert_uint_eq(slot.budget_cycles, 1000);
    ck_assert_uint_eq(slot.num_types, 2);
    ck_assert_uint_eq(slot.types[1], 48);
    ck_assert_uint_eq(slot.num_ports, 2);
    ck_assert_uint_eq(slot.ports[1].first, 0x71);
    ck_assert_uint_eq(slot.ports[1].last, 0x72);
    ck_assert_uint_eq(slot.num_msrs, 1);
    ck_assert_uint_eq(slot.msrs[0].last, 0x6e0);
    ck_assert_uint_eq(slot.resource, 0xa5a5a5a5);
    struct module_header header = module_seed();
    memset(header.source, 0, sizeof(header.source));
    check_kept(header);
    module_slot_fill(&module, &slot);
    ck_assert_str_eq(slot.version, "module");
}
END_TEST

// Sites are bytes 3..6 and 20..27.
START_TEST(patches_fit) {
    uint8_t code[MODULE_SEED_CODE];
    uint32_t found = 0;
    check_kept(module_seed());
    memcpy(code, module.code, sizeof(code));
    ck_assert(module_patches_fit(&module, code, &found));
    for (uint32_t at = 0; at < MODULE_SEED_CODE; at++) {
        bool is_site = (at >= 3 && at < 7) || (at >= 20 && at < 28);
        code[at] ^= 0x80;
        ck_assert_int_eq(module_patches_fit(&module, code, &found), is_site);
        ck_assert(is_site || found == at);
        code[at] ^= 0x80;
    }
    code[39]++;
    code[7]++;
    ck_assert(!module_patches_fit(&module, code, &found));
    ck_assert_uint_eq(found, 7);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        good_module,
        smallest_module,
        hash_is_fnv1a,
        truncated_at_each_length,
        longer_than_it_says,
        each_bit_counts,
        checksum_and_hash,
        identity,
        numbers,
        texts,
        lists,
        layout,
        patches,
        kernel_module,
        kernel_place,
        record_of_a_module,
        slot_of_a_module,
        patches_fit,
    };
    return SUITE_RUN("module", tests);
}
