# SPDX-License-Identifier: MIT
# Each CPU's share of the calls made while all competed. data: blocks of
# "CPU percent", one a lock; even: what all would have if shares were even.
set xlabel "CPU"
set ylabel "share, %"
set yrange [0:*]
set xtics (0) nomirror
set xtics autofreq scale 0
cluster = 0.8 / blocks
set boxwidth cluster * 0.86
set style fill solid 0.85 noborder
set xrange [-0.6:cpus - 0.4]
if (cpus <= 16) { set xtics 0, 1 }
plot for [i = 0:blocks - 1] data index i \
        using ($1 + (i - (blocks - 1) / 2.0) * cluster):2 with boxes \
        linecolor rgb series[word(colours, i + 1) + 0] title columnheader(1), \
    even with lines dashtype (6, 4) linewidth 1 linecolor rgb muted \
        title "even"
