# SPDX-License-Identifier: MIT
# Waits by the queue that a call found on arrival, against their bound. data:
# "length average longest bound" in seconds, or what `unit` counts.
set logscale y
set xlabel "calls ahead on arrival"
set ylabel "wait" offset 0.2, 0
set format y unit eq "s" ? "%.0s %cs" : "%.0s%c"
set xtics 0, step
set xrange [-0.5:last + 0.5]
plot data using 1:4 with points pointtype 2 linewidth 1.6 pointsize 0.8 \
        linecolor rgb ink title "bound", \
    data using 1:3 with impulses linewidth 1 linecolor rgb s1 notitle, \
    data using 1:3 with points pointtype 7 pointsize 0.75 \
        linecolor rgb s1 title "longest", \
    data using 1:2 with points pointtype 5 pointsize 0.55 \
        linecolor rgb s8 title "average"
