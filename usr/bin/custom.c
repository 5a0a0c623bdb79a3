// SPDX-License-Identifier: MIT
// custom [A B] - the sample program of QNX's documentation of custom(): call
// slot 0 with A and B (3 and 4), print what it returned. Exit status 1 when it
// returned an error, which for the shipped callout means that this process's
// type is not 47.
#include <errno.h>
#include <stdio.h>

#include "usr/program/options.h"
#include "usr/include/tollgate.h"

int main(int argc, char **argv) {
    long a = 3;
    long b = 4;
    if (argc != 1 &&
        (argc != 3 || !parse_long(argv[1], &a) || !parse_long(argv[2], &b))) {
        fprintf(stderr, "usage: custom [A B], two numbers\n");
        return EXIT_USAGE;
    }
    unsigned long rc = SysCustom((unsigned long)a, (unsigned long)b);
    if (tollgate_is_error(rc)) {
        errno = (int)-rc;
        perror("SysCustom");
        return EXIT_FAILED;
    }
    printf("rc=%ld\n", (long)rc);
    return EXIT_OK;
}
