# SPDX-License-Identifier: MIT
# A kind of time: how many calls took how long, both axes logarithmic. data:
# blocks of outlines "time count", one a record; noise: the noise floor, or 0;
# most: the longest;
# colours: the series' numbers; unit: "s", or "" for a count.
set logscale xy
set xlabel label
set ylabel "calls"
set yrange [0.7:*]
set xrange [*:(noise > most ? noise : most) * 1.6]
set format x unit eq "s" ? "%.0s %cs" : "%.0s%c"
set format y "%.0s%c"
if (noise > 0) {
    set arrow 1 from noise, graph 0 to noise, graph 1 nohead dashtype (6, 4) \
        linewidth 1 linecolor rgb muted
    set label 1 "noise floor" at noise, graph 0.97 right rotate by 90 \
        offset -0.9, 0 textcolor rgb muted
}
plot for [i = 0:blocks - 1] data index i using 1:2 \
        with filledcurves y1=0.7 fillstyle solid 0.13 noborder \
        linecolor rgb series[word(colours, i + 1) + 0] notitle, \
    for [i = 0:blocks - 1] data index i using 1:2 with lines linewidth 1.1 \
        linecolor rgb series[word(colours, i + 1) + 0] title columnheader(1)
