// SPDX-License-Identifier: MIT
// The program of QNX's documentation of custom(), unchanged:
//
//     musl-gcc -static custom.c SysCustom.S -o custom
//     tools/boot --type 47 -- ./custom
#include <stdio.h>

extern unsigned long SysCustom(unsigned long a, unsigned long b);

int main(int argc, char **argv) {
    unsigned long rc = SysCustom(3, 4);
    if (rc == -1) {
        perror("SysCustom");
    } else {
        printf("rc=%ld\n", rc);
    }
    return 0;
}
