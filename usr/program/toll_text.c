// SPDX-License-Identifier: MIT
// See toll_text.h.
#include "usr/program/toll_text.h"

#include <stdio.h>

#include "usr/program/figures.h"
#include "usr/program/noise.h"

void toll_print_honesty(const struct toll *toll, uint64_t hz) {
    char chance[CHANCE_SIZE];
    char spoiled[FIGURE_SIZE];
    char calls[FIGURE_SIZE];
    char median[FIGURE_SIZE];
    printf(
        "Chance that the next call takes longer: %s (95 %%).\n"
        "Spoiled (held over %d x the median, %s): %s of %s; all are counted.\n",
        format_chance(chance, toll->off.count), SPOILED_TIMES,
        format_time(median, toll->hold.median, hz),
        format_count(spoiled, holds_spoiled(&toll->hold)),
        format_count(calls, toll->hold.count));
}
