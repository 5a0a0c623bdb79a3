// SPDX-License-Identifier: MIT
// stdout_test [STATUS] - write every byte value, in several orders and sizes,
// to standard output, and end with STATUS (0). The host compares what arrives
// with what it computes itself: byte I of the stream is I for the first 256
// bytes, 255 - I for the next 256, then 16 times 256 bytes of value I * 7 mod
// 256.
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define VALUES 256
#define TIMES 16
#define FACTOR 7

static int put(const unsigned char *bytes, size_t size) {
    while (size) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written <= 0) {
            return 0;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return 1;
}

int main(int argc, char **argv) {
    static unsigned char bytes[TIMES * VALUES];
    int ok = 1;
    for (size_t i = 0; i < VALUES; i++) { // one at a time
        const unsigned char byte = (unsigned char)i;
        ok = ok && put(&byte, 1);
    }
    for (size_t i = 0; i < VALUES; i++) {
        bytes[i] = (unsigned char)(VALUES - 1 - i);
    }
    ok = ok && put(bytes, VALUES);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * FACTOR);
    }
    ok = ok && put(bytes, sizeof(bytes));
    if (!ok) {
        return EXIT_FAILURE;
    }
    return argc > 1 ? atoi(argv[1]) : EXIT_SUCCESS;
}
