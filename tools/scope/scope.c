// SPDX-License-Identifier: MIT
// The scope: a plugin for QEMU's TCG that looks at the system from outside,
// without an instruction added to it. docs/scope.md says what it finds and how.
// tools/boot loads it and gives the options:
//
//   image=FILE    the image that is booted, with symbols
//   table=FILE    measure how long interrupts are off; a table, at the end
//   json=FILE     the same as one JSON object
//   log=FILE      and one line for each custom call: CPU, slot, instructions,
//                 what ended it
//   chaos=SEED    delay CPUs at random instructions
//   cover=FILE    how often each instruction of the image was executed
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/base/layout.h"
#include "tools/scope/chaos.h"
#include "tools/scope/cover.h"
#include "tools/scope/image.h"
#include "tools/scope/machine.h"
#include "tools/scope/qemu_plugin.h"
#include "tools/scope/watch.h"

#define TOP 16 // pairs in the table
#define NS_PER_US 1000l
#define MAX_CPUS_HERE 256

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static FILE *table_file;
static FILE *json_file;
static FILE *log_file;
static FILE *cover_file;
static bool measures; // one of the three is there
static bool has_chaos;
static uint64_t chaos_seed;

// Each on lines of its own: the CPUs' threads run at the same time.
static struct {
    struct chaos chaos;
} __attribute__((aligned(128))) delays[MAX_CPUS_HERE];

static void on_chaos(unsigned index, void *data) {
    (void)data;
    uint32_t delay = chaos_step(&delays[index].chaos);
    if (delay != 0) {
        struct timespec time = {.tv_nsec = delay * NS_PER_US};
        nanosleep(&time, NULL);
    }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    size_t count = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < count; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        machine_seen(address, qemu_plugin_insn_haddr(insn));
        if (cover_file != NULL) {
            cover(insn);
        }
        if (address < KERNEL_VADDR) {
            continue;
        }
        if (measures) {
            watch(insn, address);
        }
        if (has_chaos) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, on_chaos, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

// --- the end
// --------------------------------------------------------------------

static void chaos_print(FILE *to, const char *text) {
    uint64_t count = 0;
    uint64_t us = 0;
    for (uint32_t i = 0; i < MAX_CPUS_HERE; i++) {
        count += delays[i].chaos.delays;
        us += delays[i].chaos.delayed_us;
    }
    fprintf(to, text, chaos_seed, count, us);
}

static void table_print(FILE *to, const struct report *report) {
    report_table(to, report, TOP);
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    if (table_file != NULL) {
        watch_report(table_file, table_print);
        fclose(table_file);
    }
    if (json_file != NULL) {
        watch_report(json_file, report_json);
        fclose(json_file);
    }
    if (log_file != NULL) {
        fclose(log_file);
    }
    if (cover_file != NULL) {
        cover_write(cover_file);
        fclose(cover_file);
    }
    if (has_chaos) {
        chaos_print(stderr, "scope: chaos %lu: %lu delays, %lu us in all\n");
    }
}

// --- the beginning
// --------------------------------------------------------------

// The value of "key=value" if that is its key, or NULL.
static const char *value_of(const char *option, const char *key) {
    size_t length = strlen(key);
    return strncmp(option, key, length) == 0 && option[length] == '='
               ? option + length + 1
               : NULL;
}

static bool result_open(const char *path, FILE **file) {
    *file = fopen(path, "w");
    if (*file == NULL) {
        fprintf(stderr, "scope: %s: %s\n", path, strerror(errno));
    }
    return *file != NULL;
}

static bool chaos_take(const char *text) {
    char *end;
    errno = 0;
    chaos_seed = strtoull(text, &end, 10);
    has_chaos = true;
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0) {
        fprintf(stderr, "scope: chaos takes a number, not '%s'\n", text);
        return false;
    }
    for (uint32_t i = 0; i < MAX_CPUS_HERE; i++) {
        chaos_init(&delays[i].chaos, chaos_seed, i);
    }
    return true;
}

static bool take_option(const char *option, const char **image) {
    const char *value;
    if ((value = value_of(option, "image")) != NULL) {
        *image = value;
        return true;
    }
    if ((value = value_of(option, "table")) != NULL) {
        measures = true;
        return result_open(value, &table_file);
    }
    if ((value = value_of(option, "json")) != NULL) {
        measures = true;
        return result_open(value, &json_file);
    }
    if ((value = value_of(option, "log")) != NULL) {
        measures = true;
        return result_open(value, &log_file);
    }
    if ((value = value_of(option, "cover")) != NULL) {
        return result_open(value, &cover_file);
    }
    if ((value = value_of(option, "chaos")) != NULL) {
        return chaos_take(value);
    }
    fprintf(stderr, "scope: unknown option '%s'\n", option);
    return false;
}

int qemu_plugin_install(
    qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv) {
    const char *image = NULL;
    for (int i = 0; i < argc; i++) {
        if (!take_option(argv[i], &image)) {
            return -1;
        }
    }
    uint32_t cpus = (uint32_t)info->system.max_vcpus;
    if (cpus > MAX_CPUS_HERE) {
        fprintf(stderr, "scope: more than %d CPUs\n", MAX_CPUS_HERE);
        return -1;
    }
    bool reads = measures || cover_file != NULL;
    if ((reads && (image == NULL || !image_read(image))) ||
        (measures && !watch_init(cpus, log_file)) ||
        (cover_file != NULL && !cover_init())) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
    return 0;
}
