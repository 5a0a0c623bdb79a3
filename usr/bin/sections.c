// SPDX-License-Identifier: MIT
// sections [--json] [PROGRAM [ARG...]] - the kernel's own sections with
// interrupts off while PROGRAM runs, or, without one, as they were measured up
// to now. Exit status: PROGRAM's own, 128 + N when signal N has killed it; 1
// the figures can't be had; 2 wrong usage; 126 PROGRAM can't be executed, 127
// there is none.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usr/program/child.h"
#include "usr/program/options.h"
#include "usr/program/sections.h"

#define NOISE_US 2000

static void print_help(void) {
    printf("usage: sections [--json] [PROGRAM [ARG...]]\n"
           "  --json  the same figures, as a line of JSON, to tools/boot\n"
           "Without PROGRAM: what was measured up to now (toll=full).\n");
}

// Returns false after one line.
static bool read_options(int argc, char **argv, bool *json) {
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            exit(EXIT_OK);
        }
        if (option != 'j') {
            return false;
        }
        *json = true;
    }
    return true;
}

// Interrupts are off while noise is watched for: not while sections are
// measured.
static bool show(bool json, uint64_t noise_before) {
    struct kernel_sections sections;
    if (!sections_read(&sections)) {
        return false;
    }
    struct noise noise = {noise_before, noise_watch_all(NOISE_US)};
    sections_print(&sections, noise);
    return !json || sections_report(&sections, noise);
}

int main(int argc, char **argv) {
    bool json = false;
    if (!read_options(argc, argv, &json)) {
        return EXIT_USAGE;
    }
    if (optind == argc) {
        return show(json, 0) ? EXIT_OK : EXIT_FAILED;
    }
    uint64_t noise_before = noise_watch_all(NOISE_US);
    int before = tollgate_set_toll(TOLL_FULL);
    if (before < 0 || tollgate_toll_reset() < 0) {
        complain("can not measure: %s", strerror(errno));
        return EXIT_FAILED;
    }
    int status = child_execute(argv + optind);
    bool shown = show(json, noise_before);
    tollgate_set_toll(before);
    return shown ? status : EXIT_FAILED;
}
