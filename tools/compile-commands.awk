# SPDX-License-Identifier: MIT
# Turn the commands of `make -Bn V=1` into compile_commands.json.
#
# usage: make -Bn V=1 objects | awk -f tools/compile-commands.awk

function escape(text) {
    gsub(/\\/, "\\\\&", text)
    gsub(/"/, "\\\\&", text)
    return text
}

BEGIN {
    directory = ENVIRON["PWD"]
    printf "["
}

/ -c -o .*\.c$/ && !/ -c -o build\/[a-z]*\/*host\// {
    gsub(/ -fno-tree-loop-distribute-patterns/, "") # clang has no such flag
    printf "%s\n  {\"directory\": \"%s\", \"file\": \"%s\",\n", separator,
        escape(directory), escape($NF)
    printf "   \"command\": \"%s\"}", escape($0)
    separator = ","
}

END {
    print "\n]"
}
