# SPDX-License-Identifier: MIT
# Who held a resource and who waited, a lane for each CPU. data: block 0
# "cpu arrived left", 1 "cpu queued granted", 2 "cpu granted released",
# 3 "from-cpu released to-cpu granted", in `unit` from the first arrival.
set xlabel unit . " from the first arrival shown"
set ylabel "CPU" offset 1.5, 0
set yrange [cpus - 0.4:-0.6] noextend
set ytics 0, step scale 0
set xrange [0:*] noextend
set lmargin 6
unset grid
plot data index 0 using 2:1:($3 - $2):(0) with vectors nohead linewidth 0.8 \
        linecolor rgb muted title "interrupts off", \
    data index 1 using 2:1:2:3:($1 - 0.09):($1 + 0.09) with boxxyerror \
        fillstyle solid 0.75 noborder linecolor rgb s3 title "waits", \
    data index 3 using 2:1:($4 - $2):($3 - $1) with vectors nohead \
        linewidth 0.7 linecolor rgb muted notitle, \
    data index 2 using 2:1:2:3:($1 - 0.26):($1 + 0.26) with boxxyerror \
        fillstyle solid 1 noborder linecolor rgb s1 title "holds"
