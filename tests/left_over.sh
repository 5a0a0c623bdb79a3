# SPDX-License-Identifier: MIT
# For tests, which source it.

# left_over FOLDER: the processes whose environment, command line or folder names
# it. Its name comes by a pipe, or the command that looks would find itself.
left_over() {
    printf '%s\n' "$1" |
        grep -slFf - /proc/[0-9]*/environ /proc/[0-9]*/cmdline
    readlink /proc/[0-9]*/cwd | grep -F "$1"
}

# nothing_left FOLDER: whether no process is left of a command whose TMPDIR it was,
# but for a second's sleep that was under way, and no file
nothing_left() {
    tries=0
    while left_over "$1" | grep . && [ $tries -lt 50 ]; do
        sleep 0.2
        tries=$((tries + 1))
    done
    [ $tries -lt 50 ] && [ -z "$(ls "$1")" ]
}
