// SPDX-License-Identifier: MIT
// A program outside the tree, as a user would write one: it says what arguments
// it got and writes every byte there is, then ends with status 42. Its own
// folder is all that its build may look at.
#include <stdio.h>
#include <tollgate.h>

#define STATUS 42
#define NUM_BYTES 256

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        printf("%d <%s>\n", i, argv[i]);
    }
    // No type was given: the sample refuses.
    printf("%ld\n", (long)SysCustom(3, 4));
    for (int byte = 0; byte < NUM_BYTES; byte++) {
        putchar(byte);
    }
    // No newline at the end.
    printf("end");
    return STATUS;
}
