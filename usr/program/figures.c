// SPDX-License-Identifier: MIT
// Formatting of figures, and Jain's index.
#include "usr/program/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define GROUP 3 // digits between separators
#define RULE_OF_THREE 3

char *format_time(char to[FIGURE_SIZE], uint64_t cycles, uint64_t hz) {
    static const char *const units[] = {"s", "ms", "us", "ns"};
    const size_t last = sizeof(units) / sizeof(units[0]) - 1;
    if (hz == 0) {
        snprintf(to, FIGURE_SIZE, "%" PRIu64 " cy", cycles);
        return to;
    }
    double value = (double)cycles / (double)hz;
    size_t unit = 0;
    while (value < 1 && unit < last) {
        value *= 1000;
        unit++;
    }
    int decimals = unit == last || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    snprintf(to, FIGURE_SIZE, "%.*f %s", decimals, value, units[unit]);
    return to;
}

const char *format_quantile(
    char to[FIGURE_SIZE], uint64_t quantile, uint64_t count, uint64_t least,
    uint64_t hz) {
    return count < least ? "-" : format_time(to, quantile, hz);
}

char *format_count(char to[FIGURE_SIZE], uint64_t count) {
    char digits[FIGURE_SIZE];
    int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    char *end = to;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % GROUP == 0) {
            *end++ = ',';
        }
        *end++ = digits[i];
    }
    *end = '\0';
    return to;
}

char *format_chance(char to[CHANCE_SIZE], uint64_t n) {
    char count[FIGURE_SIZE];
    if (n < RULE_OF_THREE) {
        snprintf(to, CHANCE_SIZE, "not known");
    } else {
        snprintf(
            to, CHANCE_SIZE, "below 1 in %s",
            format_count(count, n / RULE_OF_THREE));
    }
    return to;
}

double jain_index(const uint64_t *shares, size_t count) {
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)shares[i];
        squares += (double)shares[i] * (double)shares[i];
    }
    return squares > 0 ? sum * sum / ((double)count * squares) : 1;
}

double ratio(uint64_t a, uint64_t b) {
    return b ? (double)a / (double)b : 0;
}
