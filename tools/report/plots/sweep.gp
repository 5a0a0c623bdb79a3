# SPDX-License-Identifier: MIT
# A figure against the number of CPUs, a line for each lock, at one hold on one
# engine. data: blocks of "cpus figure"; the last of them, if `floor` is 1, is
# the noise floor; colours: the series' numbers; label: of the figure; unit:
# "s", or "" for a count.
set logscale xy
set xlabel "CPUs"
set lmargin 11
set ylabel label offset 0.5, 0
set format y unit eq "s" ? "%.0s %cs" : "%.0s%c"
set xtics (1)
set xtics add (1, 2, 3, 4, 6, 8, 12, 15, 16, 24, 32, 48, 64, 96, 128, 192, 255)
set xrange [*:*] noextend
set offsets graph 0.05, graph 0.05, 0, 0
locks = "for [i = 1:blocks - floor] data index i - 1 using 1:2 ".\
    "with linespoints linewidth 1.4 pointsize 0.6 ".\
    "pointtype shapes[word(colours, i) + 0] ".\
    "linecolor rgb series[word(colours, i) + 0] title columnheader(1)"
if (floor) {
    plot @locks, data index blocks - 1 using 1:2 with lines dashtype (6, 4) \
        linewidth 1 linecolor rgb muted title columnheader(1)
} else {
    plot @locks
}
