// SPDX-License-Identifier: MIT
// true - do nothing, successfully: for boots that are about the kernel alone.
#include "usr/program/options.h"

int main(void) {
    return EXIT_OK;
}
