// SPDX-License-Identifier: MIT
// What binding a module does to its slot.
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "tests/guest/bind_tests.h"
#include "usr/program/child.h"
#include "usr/program/cpus.h"

#define SLOT_SHIPPED 4
#define CALLS 3
#define BUDGET 1000000 // of plain.asm
#define TYPE_LISTED 47
#define PORT 0x70
#define MSR 0x6e0
#define RESULT(epoch, count) ((long)((uint64_t)(epoch) << 32 | (count)))

static const struct callout_info *info_of(uint32_t slot) {
    return &SYSPAGE_ENTRY(tollgate_syspage(), callout_info)[slot];
}

bool a_bound_module_answers(void) {
    struct module_file file;
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), -ENOSYS);
    counter_load(&file, 7);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(bind_reason[0], '\0');
    for (uint32_t i = 1; i <= CALLS; i++) {
        CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(7, i));
    }
    MODULE_FILE(&file, plain);
    CHECK_EQUAL(tollgate_bind(file.bytes, file.size, NULL, 0), 0);
    CHECK_EQUAL(slot_call(SLOT_PLAIN, 7, 4), 3);
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    CHECK_EQUAL(slot_call(SLOT_PLAIN, 9, 4), 5);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(7, CALLS + 1));
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    return true;
}

static bool slot_is_described(void) {
    const struct custom_slot *slot = tollgate_slot(SLOT_PLAIN);
    CHECK(slot);
    CHECK(!strcmp(slot->name, "plain") && !strcmp(slot->version, "module"));
    CHECK_EQUAL(slot->resource, NO_RESOURCE);
    CHECK_EQUAL(slot->budget_cycles, BUDGET);
    CHECK_EQUAL(slot->num_types, 2);
    CHECK_EQUAL(slot->types[1], TYPE_LISTED);
    CHECK_EQUAL(slot->num_ports, 1);
    CHECK_EQUAL(slot->ports[0].first, PORT);
    CHECK_EQUAL(slot->ports[0].last, PORT + 1);
    CHECK_EQUAL(slot->num_msrs, 1);
    CHECK_EQUAL(slot->msrs[0].first, MSR);
    CHECK_EQUAL(slot->storage_size, 0);
    slot = tollgate_slot(SLOT_COUNTER);
    CHECK(slot && !strcmp(slot->version, "v1"));
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    CHECK(resource && !strcmp(resource->name, "bind_demo"));
    CHECK_EQUAL(resource->lock_kind, LOCK_TICKET);
    return true;
}

static bool info_is_described(void) {
    struct module_file file;
    MODULE_FILE(&file, plain);
    const struct callout_info *info = info_of(SLOT_PLAIN);
    CHECK(!strcmp(info->name, "plain") && !strcmp(info->version, "module"));
    CHECK(!strcmp(tollgate_string(info->category), "custom"));
    CHECK_EQUAL(info->size, file.header.code_size);
    CHECK_EQUAL(
        info->hash,
        module_hash(
            file.bytes + file.header.code_offset, file.header.code_size));
    CHECK_EQUAL(info->num_patches, 0);
    info = info_of(SLOT_COUNTER);
    CHECK_EQUAL(SYSPAGE_VADDR + info->code, tollgate_slot(SLOT_COUNTER)->code);
    CHECK(info->rw != 0 && info->rw == tollgate_slot(SLOT_COUNTER)->storage);
    CHECK_EQUAL(info->rw_size, 4);
    CHECK_EQUAL(info->num_patches, 2);
    CHECK(!memcmp(info->patches[0].before, "ZZZZ", 4));
    CHECK(!memcmp(info->patches[1].after, &info->rw, 4));
    return true;
}

static int call_plain(void *result) {
    *(long *)result = slot_call(SLOT_PLAIN, 7, 4);
    return 0;
}

bool its_list_of_types_holds(void) {
    long result = 0;
    CHECK_EQUAL(child_run(TYPE_LISTED, call_plain, &result), 0);
    CHECK_EQUAL(result, 3);
    CHECK_EQUAL(child_run(TYPE_LISTED + 1, call_plain, &result), 0);
    CHECK_EQUAL(result, -EPERM);
    return true;
}

bool the_system_page_describes_it(void) {
    return slot_is_described() && info_is_described();
}

bool unbinding_empties_the_slot(void) {
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
    CHECK_EQUAL(tollgate_unbind(SLOT_PLAIN), 0);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), -ENOSYS);
    CHECK_EQUAL(slot_call(SLOT_PLAIN, 7, 4), -ENOSYS);
    CHECK(!tollgate_slot(SLOT_COUNTER));
    CHECK_EQUAL(info_of(SLOT_COUNTER)->size, 0);
    CHECK(tollgate_unbind(SLOT_COUNTER) < 0 && errno == ENOENT);
    CHECK(tollgate_unbind(CALLOUT_SLOTS) < 0 && errno == EINVAL);
    CHECK(tollgate_unbind(UINT32_MAX) < 0 && errno == EINVAL);
    CHECK(tollgate_set_fence(SLOT_COUNTER, 1) < 0 && errno == EINVAL);
    return true;
}

// The storage of the new one is its own, and zeroed.
bool a_replacement_starts_anew(void) {
    struct module_file file;
    for (uint32_t epoch = 1; epoch <= CALLS; epoch++) {
        counter_load(&file, epoch);
        CHECK_EQUAL(module_file_bind(&file), 0);
        CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(epoch, 1));
        CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(epoch, 2));
    }
    return true;
}

bool binding_clears_the_fence(void) {
    struct module_file file;
    counter_load(&file, 1);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(tollgate_set_fence(SLOT_COUNTER, 1), 0);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), -ENOTRECOVERABLE);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(1, 1));
    CHECK_EQUAL(tollgate_set_fence(SLOT_COUNTER, 0), 0);
    return true;
}

static uint64_t calls_measured(uint32_t slot) {
    struct toll toll = {.calls = UINT64_MAX};
    (void)tollgate_toll_read(slot, TOLL_ALL_CPUS, &toll);
    return toll.calls;
}

bool tolls_go_with_the_callout(void) {
    struct module_file file;
    counter_load(&file, 1);
    CHECK_EQUAL(module_file_bind(&file), 0);
    int before = tollgate_set_toll(TOLL_ON);
    CHECK(before >= 0);
    for (int i = 0; i < CALLS; i++) {
        slot_call(SLOT_COUNTER, 0, 0);
    }
    CHECK_EQUAL(calls_measured(SLOT_COUNTER), CALLS);
    slot_call(SLOT_COUNTER, 0, 0); // nobody has counted it when it is replaced
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(calls_measured(SLOT_COUNTER), 0);
    slot_call(SLOT_COUNTER, 0, 0);
    CHECK_EQUAL(calls_measured(SLOT_COUNTER), 1);
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
    CHECK_EQUAL(calls_measured(SLOT_COUNTER), 0);
    CHECK_EQUAL(tollgate_set_toll(before), TOLL_ON);
    return true;
}

// Each CPU counts for itself, from 0 each time that the module is bound.
bool per_cpu_storage_is_fresh(void) {
    struct module_file file;
    struct cpu_list cpus;
    CHECK(cpus_online(&cpus));
    MODULE_FILE(&file, slice);
    for (int round = 0; round < CALLS; round++) {
        CHECK_EQUAL(module_file_bind(&file), 0);
        for (uint32_t i = 0; i < cpus.count; i++) {
            CHECK(cpus_pin(cpus.cpus[i]));
            CHECK_EQUAL(slot_call(SLOT_SLICE, 0, 0), 1);
            CHECK_EQUAL(slot_call(SLOT_SLICE, 0, 0), 2);
        }
        CHECK(cpus_allow(&cpus));
        CHECK(round % 2 == 0 || tollgate_unbind(SLOT_SLICE) == 0);
    }
    CHECK_EQUAL(tollgate_unbind(SLOT_SLICE), 0);
    return true;
}

// Two slots share a resource; a lock of another kind can be had for it.
bool resources_are_found_by_name(void) {
    struct module_file file;
    counter_load(&file, 1);
    CHECK_EQUAL(module_file_bind(&file), 0);
    uint32_t index = tollgate_slot(SLOT_COUNTER)->resource;
    file.header.slot = SLOT_COUNTER + 8;
    module_file_seal(&file);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(tollgate_slot(SLOT_COUNTER + 8)->resource, index);
    for (uint32_t kind = NUM_LOCK_KINDS; kind-- > 0;) {
        CHECK_EQUAL(tollgate_set_lock(index, (enum lock_kind)kind), 0);
        CHECK(slot_call(SLOT_COUNTER, 0, 0) > 0);
        CHECK(slot_call(SLOT_COUNTER + 8, 0, 0) > 0);
    }
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), RESULT(1, NUM_LOCK_KINDS + 1));
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER + 8), 0);
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
    CHECK(!strcmp(tollgate_resource(index)->name, "bind_demo"));
    return true;
}

bool shipped_slots_can_be_replaced(void) {
    struct module_file file;
    uint32_t index = tollgate_slot(SLOT_SHIPPED)->resource;
    counter_load(&file, 5);
    file.header.slot = SLOT_SHIPPED;
    strcpy(file.header.resource, tollgate_resource(index)->name);
    memset(
        file.header.resource + strlen(file.header.resource), 0,
        sizeof(file.header.resource) - strlen(file.header.resource));
    module_file_seal(&file);
    CHECK(slot_call(SLOT_SHIPPED, 0, 0) >= 0);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(tollgate_slot(SLOT_SHIPPED)->resource, index);
    CHECK_EQUAL(slot_call(SLOT_SHIPPED, 0, 0), RESULT(5, 1));
    CHECK_EQUAL(tollgate_unbind(SLOT_SHIPPED), 0);
    CHECK_EQUAL(slot_call(SLOT_SHIPPED, 0, 0), -ENOSYS);
    file.header.slot = 0;
    module_file_seal(&file);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(SysCustom(3, 4), (unsigned long)RESULT(5, 1));
    const struct callout_entry *callout =
        SYSPAGE_ENTRY(tollgate_syspage(), callout);
    CHECK_EQUAL(callout->custom, tollgate_slot(0)->code);
    CHECK_EQUAL(tollgate_unbind(0), 0);
    CHECK_EQUAL(callout->custom, 0);
    return true;
}
