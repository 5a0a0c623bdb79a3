# SPDX-License-Identifier: MIT
# Make of a plot by gnuplot one that a page can hold among others and a reader
# of pages can name: a title and a description, identifiers of its own, colours
# as #rrggbb for tools/report/palette.awk's rules, and nothing that is not used.
#
# usage: awk -v name=NAME -v title=TEXT -v desc=TEXT -f tools/report/svg.awk FILE

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# hex LINE: rgb(r, g, b) as #rrggbb, in double quotes
function hex(line,   part, channels) {
    while (match(line, /["']rgb\([0-9, ]*\)["']/)) {
        part = substr(line, RSTART + 5, RLENGTH - 7)
        split(part, channels, /,/)
        line = substr(line, 1, RSTART - 1) \
            sprintf("\"#%02x%02x%02x\"", channels[1], channels[2], channels[3]) \
            substr(line, RSTART + RLENGTH)
    }
    return line
}

/^<\?xml/ || /^<desc>/ { next }

/^<svg/ {
    printf "<svg class=\"plot\" role=\"img\" aria-labelledby=\"%s-t %s-d\" ", name,
        name
    next
}

/^<title>/ {
    printf "<title id=\"%s-t\">%s</title>", name, escape(title)
    printf "<desc id=\"%s-d\">%s</desc>\n", name, escape(desc)
    next
}

/<filter/ { skipping = 1 }
skipping {
    if (/<\/filter>/) {
        skipping = 0
    }
    next
}

# A group without content, as gnuplot opens for each change of the pen.
/^<g [^>]*>$/ {
    if (open != "") {
        print open
    }
    open = hex($0)
    gsub(/ color="[a-z]*"/, "", open)
    gsub(/ stroke-linecap="butt"| stroke-linejoin="miter"/, "", open)
    next
}
/^<\/g>$/ && open != "" {
    open = ""
    next
}

{
    if (open != "") {
        print open
        open = ""
    }
    line = hex($0)
    gsub(/id=["']/, "&" name "-", line)
    gsub(/href=["']#/, "&" name "-", line)
    gsub(/url\(#/, "&" name "-", line)
    gsub(/ font-family="[^"]*"/, "", line)
    gsub(/<tspan >/, "<tspan>", line)
    sub(/ us<\//, " µs</", line) # set format has no µ
    sub(/^[ \t]+/, "", line)
    if (line != "") {
        print line
    }
}
