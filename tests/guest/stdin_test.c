// SPDX-License-Identifier: MIT
// stdin_test - copy standard input to standard output, every byte of it, for
// tests/shell/run. Exit status: 1 if it can't.
#include <stdlib.h>
#include <unistd.h>

#define CHUNK 1000 // no divisor of any buffer's size

int main(void) {
    char chunk[CHUNK];
    ssize_t got;
    while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
        if (write(STDOUT_FILENO, chunk, (size_t)got) != got) {
            return EXIT_FAILURE;
        }
    }
    return got == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
