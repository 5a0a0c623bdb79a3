// SPDX-License-Identifier: MIT
// on [-t] [-T TYPE] [-C CPULIST | -m MASK] PROGRAM [ARG...] - execute PROGRAM
// with a type ID, on certain CPUs, its kernel calls traced. Exit status:
// PROGRAM's own; 2 wrong usage; 126 it can not be executed, or not so; 127
// there is no such program.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "usr/program/child.h"
#include "usr/program/cpus.h"
#include "usr/program/options.h"
#include "usr/include/tollgate.h"

struct request {
    bool trace;
    bool set_type;
    uint32_t type;
    struct cpu_list cpus;
};

static void print_help(void) {
    printf("usage: on [-t] [-T TYPE] [-C CPULIST | -m MASK] PROGRAM "
           "[ARG...]\n"
           "  -t          print its kernel calls to the kernel's console\n"
           "  -T TYPE     the program's type ID, a number\n"
           "  -C CPULIST  CPUs it may run on, as in 0-3,7\n"
           "  -m MASK     the same as a hexadecimal mask, as in f\n");
}

// Read the options; optind is then PROGRAM's index. Returns false,
// after one line, if they are wrong.
static bool read_options(int argc, char **argv, struct request *request) {
    int option;
    while ((option = getopt(argc, argv, "+htT:C:m:")) != -1) {
        bool ok = false;
        switch (option) {
        case 'h':
            print_help();
            exit(EXIT_OK);
        case 't':
            ok = request->trace = true;
            break;
        case 'T':
            ok = request->set_type = parse_u32(optarg, &request->type);
            break;
        case 'C':
            ok = parse_cpu_list(optarg, &request->cpus);
            break;
        case 'm':
            ok = parse_cpu_mask(optarg, &request->cpus);
            break;
        }
        if (!ok) {
            if (option != '?') {
                complain("bad argument of -%c: %s", option, optarg);
            }
            return false;
        }
    }
    if (optind == argc) {
        complain("which PROGRAM? (-h shows the options)");
    }
    return optind < argc;
}

int main(int argc, char **argv) {
    struct request request = {0};
    if (!read_options(argc, argv, &request)) {
        return EXIT_USAGE;
    }
    if (request.cpus.count && !cpus_allow(&request.cpus)) {
        complain("can not run on these CPUs: %s", strerror(errno));
        return EXIT_CANNOT;
    }
    if (request.set_type && tollgate_set_type(request.type) < 0) {
        complain("can not set type %u: %s", request.type, strerror(errno));
        return EXIT_CANNOT;
    }
    if (request.trace && tollgate_trace(true) < 0) {
        complain("can not trace: %s", strerror(errno));
        return EXIT_CANNOT;
    }
    return execute_program(argv + optind);
}
