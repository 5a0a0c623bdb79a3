// SPDX-License-Identifier: MIT
// syspage [--json] [SECTION | NAME | slot N]... - print the system page by
// section and its callouts by name. Exit status: 1 no such section or callout,
// or no system page; 2 wrong usage.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usr/include/tollgate.h"
#include "usr/program/options.h"
#include "usr/program/page.h"

static const struct section {
    const char *name;
    void (*text)(void);
    void (*json)(struct json *json);
    size_t at; // of its struct syspage_section in the page, 0: none
} sections[] = {
    {"header", text_header, json_header, 0},
#define SECTION(name)                                                          \
    {#name, text_##name, json_##name, offsetof(struct syspage_entry, name)},
    PAGE_SECTIONS(SECTION)
#undef SECTION
};
#define NUM_SECTIONS (sizeof(sections) / sizeof(sections[0]))

// What is asked for.
static bool wanted_sections[NUM_SECTIONS];
static bool *wanted_callouts; // by number
static bool any_callout;

static void print_help(void) {
    printf("usage: syspage [--json] [SECTION | NAME | slot N]...\n"
           "Print sections of the system page, all unless some are named; or "
           "all about\nthe callouts of a name, or the one in a custom slot.\n"
           "  --json  one JSON object: numbers as numbers; addresses, flags, "
           "hashes and\n          bytes as strings in hexadecimal\n"
           "  --help  this text\n"
           "sections:");
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        printf("%s%s", i % 7 ? " " : "\n  ", sections[i].name);
    }
    printf(
        "\ncolumns of callout_info:\n"
        "  of       the device, interrupt group, cache or slot that it is for\n"
        "  code     where its code is, from the start of the page at %lx\n"
        "  size     bytes of code\n"
        "  storage  where its own data are, and their bytes\n"
        "  patched  bytes that startup changed for this machine\n"
        "  hash     FNV-1a of the patched code\n"
        "  calls    made so far; of a slot, measured ones; - not known\n"
        "Exit status: 1 no such section or callout, 2 wrong usage.\n",
        SYSPAGE_VADDR);
}

static bool section_want(const char *name) {
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        if (!strcmp(sections[i].name, name)) {
            wanted_sections[i] = true;
            return true;
        }
    }
    return false;
}

static bool callout_want(const char *name) {
    bool found = false;
    for (uint32_t i = 0; callout_at(i); i++) {
        if (callout_at(i)->size && !strcmp(callout_at(i)->name, name)) {
            wanted_callouts[i] = true;
            any_callout = true;
            found = true;
        }
    }
    return found;
}

// Returns EXIT_OK, or the exit status when there is no such slot.
static int slot_want(const char *number) {
    uint32_t slot;
    if (!number || !parse_u32(number, &slot) || slot >= CALLOUT_SLOTS) {
        complain(
            "slot %s: not a number up to %u", number ? number : "",
            CALLOUT_SLOTS - 1);
        return EXIT_USAGE;
    }
    if (!callout_at(slot)->size) {
        complain("slot %u is empty", slot);
        return EXIT_FAILED;
    }
    wanted_callouts[slot] = true;
    any_callout = true;
    return EXIT_OK;
}

static int words_want(char **words) {
    for (; *words; words++) {
        if (!strcmp(*words, "slot")) {
            int status = slot_want(words[1]);
            if (status != EXIT_OK) {
                return status;
            }
            words++;
        } else if (!section_want(*words) && !callout_want(*words)) {
            complain(
                "%s: no such section, and no callout of this name", *words);
            return EXIT_FAILED;
        }
    }
    return EXIT_OK;
}

static bool section_is_empty(const struct section *section) {
    const struct syspage_section *where =
        (const void *)((const char *)page + section->at);
    return section->at && where->size == 0;
}

static void print_section(const struct section *section) {
    printf("%s\n", section->name);
    if (section_is_empty(section)) {
        printf("  empty\n");
    } else {
        section->text();
    }
}

static void print_text(void) {
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        if (wanted_sections[i]) {
            print_section(&sections[i]);
        }
    }
    for (uint32_t i = 0; callout_at(i); i++) {
        if (wanted_callouts[i]) {
            text_one_callout(i);
        }
    }
}

static int print_json(void) {
    struct json json = {0};
    json_begin(&json, NULL, JSON_OBJECT);
    for (size_t i = 0; i < NUM_SECTIONS; i++) {
        if (wanted_sections[i]) {
            sections[i].json(&json);
        }
    }
    if (any_callout) {
        json_begin(&json, "callouts", JSON_ARRAY);
        for (uint32_t i = 0; callout_at(i); i++) {
            if (wanted_callouts[i]) {
                json_one_callout(&json, i);
            }
        }
        json_end(&json);
    }
    json_end(&json);
    bool failed = json.failed;
    if (failed) {
        complain("out of memory");
    } else {
        printf("%s\n", json.text);
    }
    json_free(&json);
    return failed ? EXIT_FAILED : EXIT_OK;
}

// Returns EXIT_OK, or the exit status when the words can't be shown.
static int words_choose(char **words) {
    wanted_callouts =
        calloc(SYSPAGE_COUNT(page, callout_info), sizeof(*wanted_callouts));
    if (!wanted_callouts) {
        complain("out of memory");
        return EXIT_FAILED;
    }
    for (size_t i = 0; !*words && i < NUM_SECTIONS; i++) {
        wanted_sections[i] = true;
    }
    return words_want(words);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0}};
    bool as_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'j':
            as_json = true;
            break;
        case 'h':
            print_help();
            return EXIT_OK;
        default:
            return EXIT_USAGE;
        }
    }
    page = tollgate_syspage();
    if (!page) {
        complain("there is no system page: this is not Tollgate");
        return EXIT_FAILED;
    }
    int status = words_choose(argv + optind);
    if (status == EXIT_OK && as_json) {
        status = print_json();
    } else if (status == EXIT_OK) {
        print_text();
    }
    free(wanted_callouts);
    return status;
}
