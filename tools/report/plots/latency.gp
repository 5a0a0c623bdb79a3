# SPDX-License-Identifier: MIT
# How late timers were answered: counts on a logarithmic axis, as cyclictest's
# users know it. data: blocks of "us count", a CPU each, its number as a title.
set logscale y
set xlabel "late by, µs"
set ylabel "samples"
set yrange [0.7:*]
set xrange [0:*]
set format y "%.0s%c"
plot for [i = 0:blocks - 1] data index i using 1:2 with histeps linewidth 1.3 \
    linecolor rgb series[i % 8 + 1] title columnheader(1)
