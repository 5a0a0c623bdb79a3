// SPDX-License-Identifier: MIT
// What is printed below a table of tolls, whoever has measured them.
#pragma once

#include "usr/include/tollgate.h"

// Print what the maxima say of the calls to come, and how many calls were not
// the doing of what is measured.
void toll_print_honesty(const struct toll *toll, uint64_t hz);
