# SPDX-License-Identifier: MIT
# What all plots have in common. Colours are variables that
# tools/report/palette.awk makes; width, height and out are the caller's.
reset
set encoding utf8
set terminal svg size width, height dynamic font ",13" noenhanced
set output out
set border 3 linecolor rgb muted
set tics nomirror out scale 0.5, 0.25 textcolor rgb muted
set grid ytics linetype 1 linewidth 0.6 linecolor rgb rule, \
         linetype 1 linewidth 0.6 linecolor rgb rule
set key above left Left reverse samplen 1.4 spacing 1.1 textcolor rgb ink
set xlabel textcolor rgb muted offset 0, 0.3
set ylabel textcolor rgb muted offset 0.8, 0
set lmargin 9
set rmargin 2.5
array series[8] = [s1, s2, s3, s4, s5, s6, s7, s8]
array shapes[8] = [7, 5, 9, 13, 11, 6, 4, 8]
