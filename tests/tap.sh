# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# TAP 13 from shell scripts; to be sourced. Call tap_check for each test, then
# tap_end.

tap_count=0
tap_failed=0
tap_log=$(mktemp "${TMPDIR:-/tmp}/tollgate-tap.XXXXXX") || exit 1
trap 'rm -f "$tap_log"' EXIT
trap 'exit 1' HUP INT TERM
echo "TAP version 13"

# tap_result STATUS NAME: one verdict; what $tap_log holds explains a bad one.
tap_result() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
        head -n 100 "$tap_log" | sed 's/^/# /'
    fi
}

# tap_check NAME COMMAND...: the test passes if the command does.
tap_check() {
    tap_name=$1
    shift
    "$@" >"$tap_log" 2>&1
    tap_result $? "$tap_name"
}

# The plan; the script's exit status is that of this function.
tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
