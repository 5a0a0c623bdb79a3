# SPDX-License-Identifier: MIT
# Print the arguments as JSON strings, with commas between them.
#
# usage: awk -f tools/quote.awk -- [TEXT...]

BEGIN {
    first_printable = 32
    for (code = 1; code < first_printable; code++) {
        escaped[sprintf("%c", code)] = sprintf("\\u%04x", code)
    }
    escaped["\\"] = "\\\\"
    escaped["\""] = "\\\""
    for (i = 1; i < ARGC; i++) {
        printf "%s\"", (i > 1 ? ", " : "")
        for (at = 1; at <= length(ARGV[i]); at++) {
            char = substr(ARGV[i], at, 1)
            printf "%s", (char in escaped) ? escaped[char] : char
        }
        printf "\""
    }
}
