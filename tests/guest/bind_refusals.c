// SPDX-License-Identifier: MIT
// What is not bound, and what the kernel says about it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/guest/bind_tests.h"
#include "usr/program/child.h"

#define TYPE_OTHER 48
#define SHORT_REASON 6
#define REFUSALS 50
#define STRANGE_BYTE 0xff

// Whether a file is refused for this reason, and its slot is as before.
static bool is_refused(
    const struct module_file *file, uint32_t slot, const char *reason) {
    int error = module_file_bind(file) < 0 ? errno : 0;
    CHECK_EQUAL(error, EINVAL);
    bind_reason[sizeof(bind_reason) - 1] = '\0';
    if (strcmp(bind_reason, reason) != 0) {
        ktap_note("the reason is \"%s\", not \"%s\"", bind_reason, reason);
        return false;
    }
    CHECK_EQUAL(slot_call(slot, 7, 4), -ENOSYS);
    return true;
}

static bool sealed_is_refused(struct module_file *file, const char *reason) {
    module_file_seal(file);
    return is_refused(file, SLOT_PLAIN, reason);
}

// Files that were damaged.
static bool damage_is_refused(void) {
    struct module_file file;
    MODULE_FILE(&file, plain);
    file.size = 0;
    CHECK(is_refused(&file, SLOT_PLAIN, "file is shorter than a header"));
    MODULE_FILE(&file, plain);
    file.size--;
    CHECK(is_refused(
        &file, SLOT_PLAIN, "file is not as long as its header says"));
    MODULE_FILE(&file, plain);
    file.bytes[0]++;
    CHECK(is_refused(&file, SLOT_PLAIN, "not a callout module"));
    MODULE_FILE(&file, plain);
    file.header.budget_cycles++;
    CHECK(is_refused(&file, SLOT_PLAIN, "bad header checksum"));
    MODULE_FILE(&file, plain);
    file.bytes[file.header.code_offset]++;
    CHECK(is_refused(&file, SLOT_PLAIN, "bad hash of the code"));
    char reason[TOLLGATE_REASON_SIZE] = "";
    CHECK(
        tollgate_bind(&file, MODULE_MAX_SIZE + 1, reason, sizeof(reason)) < 0);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(!strcmp(reason, "file is longer than any module"));
    return true;
}

bool bad_modules_have_a_reason(void) {
    struct module_file file;
    CHECK(damage_is_refused());
    MODULE_FILE(&file, plain);
    file.header.slot = CALLOUT_SLOTS;
    CHECK(sealed_is_refused(&file, "no such slot"));
    MODULE_FILE(&file, plain);
    file.header.num_types = SLOT_MAX_TYPES + 1;
    CHECK(sealed_is_refused(&file, "too many types"));
    MODULE_FILE(&file, plain);
    file.header.storage_size = MODULE_MAX_STORAGE + 1;
    CHECK(sealed_is_refused(&file, "too much storage"));
    MODULE_FILE(&file, plain);
    file.header.name[0] = (char)STRANGE_BYTE;
    CHECK(sealed_is_refused(&file, "bad name"));
    MODULE_FILE(&file, plain);
    file.header.code_size++;
    CHECK(sealed_is_refused(&file, "bad total size"));
    return true;
}

bool patchers_keep_to_their_sites(void) {
    struct module_file file;
    MODULE_FILE(&file, rogue);
    CHECK(is_refused(
        &file, SLOT_ROGUE,
        "its patcher changed byte +0x5, which is no site to patch"));
    MODULE_FILE(&file, rogue_beyond);
    CHECK(is_refused(
        &file, SLOT_ROGUE,
        "its patcher changed byte +0x64, which is no site to patch"));
    MODULE_FILE(&file, faulty);
    CHECK(is_refused(
        &file, SLOT_ROGUE,
        "exception 14 in its patcher, 0x7 bytes from its start"));
    return true;
}

// What was prepared for a module that is refused comes back.
bool refusals_cost_no_memory(void) {
    struct module_file file;
    MODULE_FILE(&file, rogue);
    CHECK(module_file_bind(&file) < 0);
    unsigned long before = pages_free();
    for (int i = 0; i < REFUSALS; i++) {
        CHECK(module_file_bind(&file) < 0);
    }
    CHECK_EQUAL(pages_free(), before);
    return true;
}

bool bad_pointers_bind_nothing(void) {
    struct module_file file;
    char reason[SHORT_REASON + 1] = "......";
    void *bad[] = {
        NULL, (void *)SYSPAGE_VADDR, (void *)(UINTPTR_MAX - 1),
        (void *)SYSPAGE_USER_VADDR};
    MODULE_FILE(&file, plain);
    for (int i = 0; i < 4; i++) {
        CHECK(tollgate_bind(file.bytes, file.size, bad[i], 1) < 0);
        CHECK_EQUAL(errno, EFAULT);
        CHECK_EQUAL(slot_call(SLOT_PLAIN, 7, 4), -ENOSYS);
    }
    for (int i = 0; i < 3; i++) {
        CHECK(tollgate_bind(bad[i], file.size, reason, sizeof(reason)) < 0);
        CHECK_EQUAL(errno, EFAULT);
    }
    // The program may read the system page, but that is no module.
    CHECK(tollgate_bind(bad[3], file.size, reason, SHORT_REASON) < 0);
    CHECK_EQUAL(errno, EINVAL);
    CHECK(!memcmp(reason, "not a\0", SHORT_REASON + 1));
    return true;
}

struct attempts {
    struct module_file file;
    int bind, unbind;
};

static int administer(void *argument) {
    struct attempts *errors = argument;
    errors->bind = module_file_bind(&errors->file) < 0 ? errno : 0;
    errors->unbind = tollgate_unbind(SLOT_COUNTER) < 0 ? errno : 0;
    return 0;
}

bool only_type_0_binds(void) {
    static struct attempts errors;
    counter_load(&errors.file, 1);
    CHECK_EQUAL(module_file_bind(&errors.file), 0);
    CHECK(slot_call(SLOT_COUNTER, 0, 0) > 0);
    CHECK_EQUAL(child_run(TYPE_OTHER, administer, &errors), 0);
    CHECK_EQUAL(errors.bind, EPERM);
    CHECK_EQUAL(errors.unbind, EPERM);
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), 1l << 32 | 2);
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
    return true;
}

// Bind copies of a module that is 4096 bytes large on each CPU in one slot
// after the other, until one is refused. Returns: how many were bound.
static uint32_t slices_bind(void) {
    struct module_file file;
    MODULE_FILE(&file, slice);
    uint32_t bound = 0;
    while (bound < CALLOUT_SLOTS - SLOT_SLICE) {
        file.header.slot = SLOT_SLICE + bound;
        module_file_seal(&file);
        if (module_file_bind(&file) < 0) {
            break;
        }
        bound++;
    }
    return bound;
}

bool per_cpu_storage_runs_out(void) {
    uint32_t most = PERCPU_STORAGE_MAX / MODULE_MAX_STORAGE;
    for (int round = 0; round < 2; round++) {
        errno = 0;
        uint32_t bound = slices_bind();
        CHECK_EQUAL(errno, ENOSPC);
        CHECK(
            !strcmp(bind_reason, "no room for 4096 bytes of per-CPU storage"));
        CHECK(bound > 0 && bound < most); // startup gave to its own slots
        CHECK_EQUAL(slot_call(SLOT_SLICE + bound, 0, 0), -ENOSYS);
        for (uint32_t i = 0; i < bound; i++) {
            CHECK(slot_call(SLOT_SLICE + i, 0, 0) == 1);
            CHECK_EQUAL(tollgate_unbind(SLOT_SLICE + i), 0);
        }
    }
    return true;
}

// Resources stay, so this test is the last one.
bool resources_run_out(void) {
    struct module_file file;
    int error = 0;
    uint32_t made = 0;
    for (; made <= MAX_RESOURCES && error == 0; made++) {
        counter_load(&file, made + 1);
        snprintf(
            file.header.resource, sizeof(file.header.resource), "filler%02u",
            made);
        module_file_seal(&file);
        error = module_file_bind(&file) < 0 ? errno : 0;
    }
    CHECK_EQUAL(error, ENOSPC);
    ktap_note("%s", bind_reason);
    CHECK(strstr(bind_reason, "no room for resource filler") == bind_reason);
    // What was bound before still is, and names that there are still do.
    CHECK_EQUAL(slot_call(SLOT_COUNTER, 0, 0), (long)(made - 1) << 32 | 1);
    counter_load(&file, 1);
    CHECK_EQUAL(module_file_bind(&file), 0);
    CHECK_EQUAL(tollgate_unbind(SLOT_COUNTER), 0);
    return true;
}
