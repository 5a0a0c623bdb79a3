# SPDX-License-Identifier: MIT
# Compare what the kernel's receipts say of each custom call with what the scope
# has counted: "SLOT OFF TIMES" lines of tests/scope/receipts.c, then the scope's
# log, "CPU SLOT COUNT END". For each call that has a receipt COUNT - OFF must be
# what lies outside of the two clock readings: `outside` where the call ends with
# SYSRET. Where its exit has the receipts folded it is more, the same each time,
# unless `full`: then the kernel measures that exit, too.
#
# usage: awk -v outside=N -v calls_wanted=N [-v full=1] -f agree.awk RECEIPTS LOG

NR == FNR {
    slot[++runs] = $1
    off[runs] = $2
    times[runs] = $3
    next
}

FNR == 1 { run = 1 }

{
    while (run <= runs && used == times[run]) {
        run++
        used = 0
    }
    used++
    calls++
    if (run > runs || $2 != slot[run]) {
        complain("the scope has slot " $2 ", the receipts " slot[run])
    } else if (off[run] == "-") {
        refused++
    } else {
        compare($3 - off[run], $4 ~ /^fold\+/)
    }
}

function compare(difference, is_fold) {
    folds += is_fold
    if (is_fold && !outside_fold) {
        outside_fold = difference
    }
    wanted = is_fold ? outside_fold : outside
    if (difference < outside || (difference != wanted && !(is_fold && full))) {
        complain("the scope counts " $3 ", the receipt says " off[run] ", and " \
            wanted " are outside: " $4)
    }
}

function complain(text) {
    if (++wrong <= 5) {
        print "call " calls ": " text
    }
}

END {
    for (; run <= runs; run++) {
        missing += times[run] - used
        used = 0
    }
    printf "%d calls: %d with receipts agree, %d of them by way of the fold " \
        "(outside: %d and %d); %d refused, %d wrong, %d not seen\n", calls, \
        calls - refused - wrong, folds, outside, outside_fold, refused, wrong, \
        missing
    exit wrong || missing || calls - refused != calls_wanted
}
