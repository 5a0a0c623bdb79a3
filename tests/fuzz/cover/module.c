// SPDX-License-Identifier: MIT
// The reader of callout modules under libFuzzer, which looks for inputs that
// take new ways through it. Each is sealed again before it is tried: without
// that no change would get past the checksum.
#include <stdio.h>
#include <stdlib.h>

#define FUZZ_CHECK(condition)                                                  \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "line %d: %s\n", __LINE__, #condition);            \
            abort();                                                           \
        }                                                                      \
    } while (0)

#include "tests/fuzz/module_input.h"

#define UNSEALED_ONE_IN 16
#define UNFIXED_ONE_IN 4

// libFuzzer's own, and the names that it looks for.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

size_t LLVMFuzzerCustomMutator(
    uint8_t *data, size_t size, size_t max_size, unsigned seed) {
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % UNSEALED_ONE_IN != 0) {
        module_input_seal(data, size, seed / UNSEALED_ONE_IN % UNFIXED_ONE_IN);
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    (void)module_input_try(data, size, size % 2 != 0);
    return 0;
}
