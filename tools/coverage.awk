# SPDX-License-Identifier: MIT
# The table of tools/coverage: of three files in lcov's format, that of boots,
# that of host tests, that of both together, by file and by folder.

FNR == 1 { which++ }

/^SF:/ {
    file = substr($0, 4)
    folder = file
    sub(/\/[^\/]*$/, "", folder)
}

/^DA:/ {
    split(substr($0, 4), part, ",")
    add(file)
    add(folder "/")
    add("all")
    files[file]
    folders[folder "/"]
}

function add(name) {
    lines[which, name]++
    hit[which, name] += part[2] > 0
}

# 42.0 %, or a dash where nothing could be executed
function share(which, name) {
    return lines[which, name] == 0 ? "-" \
        : sprintf("%.1f %%", 100 * hit[which, name] / lines[which, name])
}

function row(name) {
    return sprintf("%-36s %6d %9s %9s %9s", name, lines[3, name], \
        share(1, name), share(2, name), share(3, name))
}

END {
    printf "%-36s %6s %9s %9s %9s\n", "lines executed (n = " runs " boots)", \
        "lines", "booted", "host", "together"
    sort = "LC_ALL=C sort"
    for (name in files) {
        print row(name) | sort
    }
    close(sort)
    print ""
    for (name in folders) {
        print row(name) | sort
    }
    close(sort)
    print row("all")
    exit lines[3, "all"] == 0
}
