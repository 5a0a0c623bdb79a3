# SPDX-License-Identifier: MIT
# Align lines of fields with tabs between them. A head that starts with "#" is
# a column of figures, to the right.

BEGIN { FS = "\t" }

# width TEXT: in characters of UTF-8, whatever awk counts
function width(text) {
    gsub(/[\200-\277]/, "", text)
    return length(text)
}

{
    for (i = 1; i <= NF; i++) {
        if (NR == 1) {
            right[i] = sub(/^#/, "", $i)
        }
        cell[NR, i] = $i
        if (width($i) > most[i]) {
            most[i] = width($i)
        }
    }
    columns = NF > columns ? NF : columns
}

END {
    for (row = 1; row <= NR; row++) {
        line = ""
        for (i = 1; i <= columns; i++) {
            blanks = sprintf("%*s", most[i] - width(cell[row, i]), "")
            line = line (i > 1 ? "  " : "") \
                (right[i] ? blanks cell[row, i] : cell[row, i] blanks)
        }
        sub(/ +$/, "", line)
        print line
    }
}
