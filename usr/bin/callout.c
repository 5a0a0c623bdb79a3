// SPDX-License-Identifier: MIT
// callout [list | bind FILE [PROGRAM [ARG...]] | unbind SLOT | fence SLOT |
// clear SLOT] - the slots of the custom call: what is bound, and for
// administrators, what is to be. Exit status: 1 it could not be done, 2 wrong
// usage.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "callouts/syspage.h"
#include "usr/program/options.h"
#include "usr/include/tollgate.h"

#define FILE_MAX (64u * 1024) // more than any module: the kernel says which
#define TYPES_WIDTH 16

static void print_help(void) {
    printf(
        "usage: callout [COMMAND]\n"
        "  list         the slots that are bound (without a command, too)\n"
        "  bind FILE [PROGRAM [ARG...]]\n"
        "               bind a module of tools/mkcallout in its slot; then run "
        "PROGRAM\n"
        "  unbind SLOT  empty a slot\n"
        "  fence SLOT   refuse all calls of a slot\n"
        "  clear SLOT   let a fenced slot be called again\n"
        "All but list are for administrators: processes of type 0.\n");
}

// --- list -------------------------------------------------------------------

// The types that may call, with commas, in a column.
static void print_types(const struct custom_slot *slot) {
    char text[SLOT_MAX_TYPES * 12] = "all";
    size_t length = 0;
    for (uint32_t i = 0; i < slot->num_types && i < SLOT_MAX_TYPES; i++) {
        length += (size_t)snprintf(
            text + length, sizeof(text) - length, "%s%" PRIu32, i ? "," : "",
            slot->types[i]);
    }
    printf(" %-*s", TYPES_WIDTH, text);
}

static void print_slot(uint32_t index, const struct custom_slot *slot) {
    const struct custom_resource *resource = tollgate_resource(slot->resource);
    struct toll toll = {0};
    (void)tollgate_toll_read(index, TOLL_ALL_CPUS, &toll);
    printf(
        "%4" PRIu32 " %-16s %-10s %-10s", index, slot->name, slot->version,
        resource ? resource->name : "-");
    print_types(slot);
    printf(
        " %6" PRIu32 " %7" PRIu32 " %10" PRIu32 " %-6s %10" PRIu64 "\n",
        slot->storage_size, slot->percpu_size, slot->budget_cycles,
        slot->fenced ? "yes" : "no", toll.calls);
}

static int list(const char *unused) {
    (void)unused;
    printf(
        "%4s %-16s %-10s %-10s %-*s %6s %7s %10s %-6s %10s\n", "slot", "name",
        "version", "resource", TYPES_WIDTH, "types", "shared", "per-CPU",
        "budget", "fenced", "measured");
    for (uint32_t i = 0; i < CALLOUT_SLOTS; i++) {
        const struct custom_slot *slot = tollgate_slot(i);
        if (slot) {
            print_slot(i, slot);
        }
    }
    return EXIT_OK;
}

// --- what administrators do -------------------------------------------------

// One line for a call that failed; `reason` is the kernel's, or "".
static int failed(const char *what, const char *reason) {
    if (errno == EPERM) {
        complain(
            "%s: only processes of type 0 may, this one has type %ld", what,
            tollgate_get_type());
    } else {
        complain("%s: %s", what, reason[0] ? reason : strerror(errno));
    }
    return EXIT_FAILED;
}

static int bind_file(const char *name) {
    static char file[FILE_MAX];
    char reason[TOLLGATE_REASON_SIZE] = "";
    FILE *stream = fopen(name, "rb");
    if (!stream) {
        return failed(name, "");
    }
    size_t size = fread(file, 1, sizeof(file), stream);
    int error = ferror(stream) ? errno : 0;
    fclose(stream);
    if (error) {
        errno = error;
        return failed(name, "");
    }
    if (tollgate_bind(file, size, reason, sizeof(reason)) < 0) {
        return failed(name, reason);
    }
    return EXIT_OK;
}

// Bind a module, then become a program that calls it.
static int bind_and_run(const char *name, char **program) {
    int status = bind_file(name);
    if (status != EXIT_OK) {
        return status;
    }
    execv(program[0], program);
    return failed(program[0], "");
}

// Read a slot's number; false, after one line, if it is none.
static bool read_slot(const char *text, uint32_t *slot) {
    if (parse_u32(text, slot) && *slot < CALLOUT_SLOTS) {
        return true;
    }
    complain("no such slot: %s (0 to %d)", text, CALLOUT_SLOTS - 1);
    return false;
}

// The slot is empty, or the call failed otherwise.
static int slot_failed(const char *text) {
    char what[32];
    bool is_empty = errno == ENOENT || errno == EINVAL;
    snprintf(what, sizeof(what), "slot %s", text);
    return failed(what, is_empty ? "it is empty" : "");
}

static int unbind(const char *text) {
    uint32_t slot;
    if (!read_slot(text, &slot)) {
        return EXIT_USAGE;
    }
    return tollgate_unbind(slot) < 0 ? slot_failed(text) : EXIT_OK;
}

static int set_fence(const char *text, int on) {
    uint32_t slot;
    if (!read_slot(text, &slot)) {
        return EXIT_USAGE;
    }
    return tollgate_set_fence(slot, on) < 0 ? slot_failed(text) : EXIT_OK;
}

static int fence(const char *text) {
    return set_fence(text, 1);
}

static int clear(const char *text) {
    return set_fence(text, 0);
}

static int help(const char *unused) {
    (void)unused;
    print_help();
    return EXIT_OK;
}

static const struct {
    const char *name;
    int args; // 1: takes one
    int (*run)(const char *arg);
} commands[] = {
    {"list", 0, list},   {"bind", 1, bind_file}, {"unbind", 1, unbind},
    {"fence", 1, fence}, {"clear", 1, clear},    {"-h", 0, help},
    {"--help", 0, help},
};

int main(int argc, char **argv) {
    if (!tollgate_syspage()) {
        complain("there is no system page: this is not Tollgate");
        return EXIT_FAILED;
    }
    if (argc == 1) {
        return list(NULL);
    }
    if (argc > 3 && strcmp(argv[1], "bind") == 0) {
        return bind_and_run(argv[2], argv + 3);
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            if (argc != 2 + commands[i].args) {
                complain(
                    "%s takes %s (-h shows the commands)", argv[1],
                    commands[i].args ? "one argument" : "no argument");
                return EXIT_USAGE;
            }
            return commands[i].run(argv[2]);
        }
    }
    complain("no such command: %s (-h shows the commands)", argv[1]);
    return EXIT_USAGE;
}
