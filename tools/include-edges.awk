# SPDX-License-Identifier: MIT
# Check who includes whom: prints each edge that design section 3 does not have
# as FILE:LINE: TEXT, and exits 1 if there was one.
#
# usage: awk -f tools/include-edges.awk FILE...   (root-relative names)

BEGIN {
    # What a folder may include beside itself and the leaf headers.
    may["syscall"] = "kernel smp"
    may["kernel"] = "smp"
    may["smp"] = ""
    may["boot"] = "callouts"
    may["callouts"] = ""
    may["usr"] = ""

    # Leaf headers outside kernel/base; .def files are leaves, too.
    leaf["smp/ticket.h"]
    leaf["smp/tas.h"]
    leaf["smp/ttas.h"]
    leaf["smp/ticket_pb.h"]
    leaf["smp/mcs.h"]
    leaf["smp/clh.h"]
    leaf["smp/anderson.h"]
    leaf["smp/lock_line.h"]
    leaf["smp/resource_lock.h"]
    leaf["callouts/hardware.h"]
    leaf["callouts/callout.h"]
    leaf["callouts/call.h"]
    leaf["callouts/module.h"]
    leaf["callouts/syspage.h"]
    leaf["syscall/abi.h"]
    leaf["syscall/toll_area.h"]
    leaf["syscall/toll_shot.h"]
    leaf["kernel/receipt.h"]

    # All that programs see of the system.
    abi["syscall/abi.h"]
    abi["callouts/syspage.h"]
    abi["syscall/toll_area.h"]
    abi["syscall/toll_shot.h"]
    abi["kernel/receipt.h"]
    abi["kernel/base/histogram.h"]
    abi["kernel/base/seqlock.h"]

    # Made by the build from what may be seen anyway.
    generated["offsets.inc"]
    generated["offsets.h"]

    # What authors outside of the tree include, by the name that QNX gives it.
    outside["callout.ah"]

    # The composition root may look anywhere.
    free["kernel/main.c"]
}

function folder_of(name) {
    sub(/\/.*/, "", name)
    return name
}

function is_leaf(name) {
    return name in leaf || name ~ /^kernel\/base\// || name ~ /\.def$/
}

function complain(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text
    bad = 1
}

function exists(name,    line, status) {
    status = (getline line < name)
    close(name)
    return status >= 0
}

function may_include(file, name,    from, to) {
    from = folder_of(file)
    to = folder_of(name)
    if (!(from in may) || file in free) {
        return 1
    }
    if (is_leaf(file)) {
        return is_leaf(name)
    }
    if (from == to) {
        return 1
    }
    if (from == "usr") {
        return name in abi || name ~ /\.def$/
    }
    return is_leaf(name) || index(" " may[from] " ", " " to " ")
}

/^[ \t]*[#%][ \t]*include[ \t]*"/ {
    split($0, part, "\"")
    name = part[2]
    if (name in generated || name in outside) {
        next
    }
    if (!exists(name)) {
        complain("\"" name "\" is not there: includes are root-relative")
    } else if (!may_include(FILENAME, name)) {
        complain(folder_of(FILENAME) " must not include " name)
    } else if (name ~ /_priv\.h$/ && folder_of(name) != folder_of(FILENAME)) {
        complain(name " is private to " folder_of(name))
    }
}

END {
    exit bad
}
