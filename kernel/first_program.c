// SPDX-License-Identifier: MIT
// The first program: from the system page's arguments to a ready thread.
#include "callouts/syspage.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/heap.h"
#include "kernel/initrd.h"
#include "kernel/machine.h"
#include "kernel/process_priv.h"
#include "kernel/scheduler.h"
#include "kernel/space.h"

#define NAME_SHOWN 128 // of a path, in a report

// A path without what would end a JSON string.
static const char *json_safe(const char *text) {
    static char safe[NAME_SHOWN];
    size_t length = strnlen(text, sizeof(safe) - 1);
    for (size_t i = 0; i < length; i++) {
        bool plain = text[i] >= ' ' && text[i] <= '~' && text[i] != '"' &&
                     text[i] != '\\';
        safe[i] = plain ? text[i] : '?';
    }
    safe[length] = '\0';
    return safe;
}

static _Noreturn void fail(const char *path, const char *reason) {
    if (path == NULL) {
        kprintf("tollgate: %s\n", reason);
        report_printf("{\"type\":\"failed\",\"reason\":\"%s\"}\n", reason);
    } else {
        kprintf("tollgate: %s: %s\n", path, reason);
        report_printf(
            "{\"type\":\"failed\",\"reason\":\"%s: %s\"}\n", json_safe(path),
            reason);
    }
    machine_power_off(true);
}

// The CS_ARG strings one after the other, as exec wants them.
static void args_collect(
    const struct syspage_entry *syspage, char *strings, struct exec_args *out) {
    const struct typed_string *typed = SYSPAGE_ENTRY(syspage, typed_strings);
    for (uint32_t i = 0; i < SYSPAGE_COUNT(syspage, typed_strings); i++) {
        if (typed[i].type != CS_ARG) {
            continue;
        }
        const char *string = SYSPAGE_STRING(syspage, typed[i].string);
        size_t size = strlen(string) + 1;
        if (size > EXEC_STRINGS_SIZE - out->size ||
            out->argc == EXEC_MAX_STRINGS) {
            fail(NULL, "too many arguments for the first program");
        }
        memcpy(strings + out->size, string, size);
        out->size += size;
        out->argc++;
    }
    out->strings = strings;
    out->path = strings;
}

void process_start_first(const struct syspage_entry *syspage) {
    space_init(syspage);
    char *strings = kalloc(EXEC_STRINGS_SIZE);
    if (strings == NULL) {
        fail(NULL, "no memory for the first program's arguments");
    }
    struct exec_args args = {0};
    args_collect(syspage, strings, &args);
    if (initrd_count() == 0) {
        fail(NULL, "no initrd module: nothing to run");
    }
    if (args.argc == 0) {
        fail(NULL, "the command line names no program");
    }
    struct exec_image image;
    if (exec_load(&args, &image) != 0) {
        fail(args.path, image.reason);
    }
    uint32_t type = SYSPAGE_ENTRY(syspage, system_private)->program_type;
    struct thread *thread = process_create_first(&image, args.path, type);
    if (thread == NULL) {
        fail(args.path, "out of memory");
    }
    kfree(strings);
    scheduler_start(thread);
}
