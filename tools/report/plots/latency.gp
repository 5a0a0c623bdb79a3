# SPDX-License-Identifier: MIT
# How late timers were answered: counts on a logarithmic axis, as cyclictest's
# users know it. data: blocks of outlines "us count", a CPU each; log: whether
# the other axis is logarithmic, too.
set logscale y
set xlabel "late by, µs"
set ylabel "samples"
set yrange [0.7:*]
if (log) {
    set logscale x
} else {
    set xrange [0:*]
}
set format y "%.0s%c"
plot for [i = 0:blocks - 1] data index i using 1:2 with lines linewidth 1.2 \
    linecolor rgb series[i % 8 + 1] title columnheader(1)
