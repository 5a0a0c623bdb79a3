// SPDX-License-Identifier: MIT
// reboot [-p] - reset the machine, or turn it off. Administrators only. Exit
// status: 1 the kernel refuses, 2 wrong usage; else there is none.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "usr/program/options.h"

int main(int argc, char **argv) {
    int command = RB_AUTOBOOT;
    int option;
    while ((option = getopt(argc, argv, "hp")) != -1) {
        switch (option) {
        case 'h':
            printf("usage: reboot [-p]\n"
                   "  -p  turn the machine off instead\n");
            return EXIT_OK;
        case 'p':
            command = RB_POWER_OFF;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    if (optind < argc) {
        complain("it takes no argument: %s", argv[optind]);
        return EXIT_USAGE;
    }
    reboot(command);
    complain("%s", strerror(errno));
    return EXIT_FAILED;
}
