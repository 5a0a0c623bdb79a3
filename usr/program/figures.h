// SPDX-License-Identifier: MIT
// Figures as people read them: times with a unit, counts with separators, and
// the index of fairness.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Room for any figure with its unit or its separators.
#define FIGURE_SIZE 32

// `cycles` as a time of three digits or so: "812 ns", "1.24 us", "3.50 ms".
// With hz 0 the rate is unknown, and it stays "N cy". Returns `to`.
char *format_time(char to[FIGURE_SIZE], uint64_t cycles, uint64_t hz);

// "1,234,567". Returns `to`.
char *format_count(char to[FIGURE_SIZE], uint64_t count);

// How many samples a quantile takes to say more than their maximum does.
#define SAMPLES_FOR_P99 100
#define SAMPLES_FOR_P999 1000

// A quantile of `count` samples as format_time() has it, "-" of fewer than
// `least`.
const char *format_quantile(
    char to[FIGURE_SIZE], uint64_t quantile, uint64_t count, uint64_t least,
    uint64_t hz);

// The chance, at 95 %, that a sample is above the maximum of `n` others: "below
// 1 in 2,666" for 3/n (the rule of three), "not known" of fewer than three.
// Returns `to`.
#define CHANCE_SIZE (FIGURE_SIZE + 16)
char *format_chance(char to[CHANCE_SIZE], uint64_t n);

// Jain's index of `count` shares: 1 when all are alike, 1/count when one has
// all; 1 for no shares at all. (Jain, Chiu, Hawe: "A Quantitative Measure of
// Fairness and Discrimination", 1984.)
double jain_index(const uint64_t *shares, size_t count);

// a / b, or 0 when b is 0.
double ratio(uint64_t a, uint64_t b);
