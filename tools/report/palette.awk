# SPDX-License-Identifier: MIT
# Make of the palette what CSS or gnuplot takes. In plots, colours are what they
# are in light, as attributes; CSS sets the ones of dark by these attributes.
#
# usage: awk -v to=css|gnuplot|svg -f tools/report/palette.awk PALETTE
#   css      variables of both modes, and what plots on a page take of them
#   svg      the same for a plot that is a file of its own
#   gnuplot  string variables

/^#/ || NF != 3 { next }

{
    names[++count] = $1
    light[$1] = $2
    dark[$1] = $3
}

function variables(of,   i, text) {
    for (i = 1; i <= count; i++) {
        text = text " --" names[i] ": " of[names[i]] ";"
    }
    return ":root {" text " }"
}

function in_plots(   i, name, text) {
    for (i = 1; i <= count; i++) {
        name = names[i]
        text = text sprintf("svg [stroke=\"%s\"] { stroke: var(--%s); }\n",
            light[name], name)
        text = text sprintf("svg [color=\"%s\"] { color: var(--%s); }\n",
            light[name], name)
        text = text sprintf("svg [fill=\"%s\"] { fill: var(--%s); }\n",
            light[name], name)
    }
    return text
}

END {
    if (to == "gnuplot") {
        for (i = 1; i <= count; i++) {
            printf "%s = \"%s\"\n", names[i], light[names[i]]
        }
        exit
    }
    print variables(light)
    print "@media screen and (prefers-color-scheme: dark) {"
    print variables(dark)
    print "}"
    printf "%s", in_plots()
    if (to == "svg") {
        print "svg { background: var(--paper); }"
    }
}
