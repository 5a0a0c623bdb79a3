# SPDX-License-Identifier: MIT
# From what the boots printed (-s: an array of objects) to rows that put the
# systems side by side. Values are in the row's unit; a ratio says how many times
# Tollgate's the other is. noise: of a count, how many samples did not agree with
# the least one; of a time, how far the median lies above the least, the worse
# of the systems; null where there is no saying.

# Of a list; null of none.
def least: if . then min else . end;
def most: if . then max else . end;
def median: if . then sort | .[length / 2 | floor] else . end;

def ratio($a; $b): if $a == null or $b == null then null else $b / $a end;

# An object with a field for each system, from its values.
def row($tollgate; $linux; $off):
    . + {tollgate: $tollgate, linux: $linux, linux_off: $off,
        ratio: ratio($tollgate; $linux), ratio_off: ratio($tollgate; $off)};

def of($part; $kind; $system):
    map(select(.part == $part and .kind == $kind and .system == $system));

# How far the median of some values lies above the least.
def unrest: if length < 2 then null else median / least - 1 end;

# The calls of a system, in its order: {name, by, n of all rounds, and lists of
# each figure}.
def calls($kind; $system):
    of("calls"; $kind; $system) |
    map(.n as $n | .calls | to_entries[] | .value + {order: .key, n: $n}) |
    group_by(.order) |
    map({name: .[0].name, by: .[0].by, n: (map(.n) | add),
        instructions: map(.instructions), agree: map(.agree),
        min_ns: map(.min_ns), median_ns: map(.median_ns)});

# Tollgate's call with the same name as each of Linux's.
def pairs($kind):
    calls($kind; "tollgate") as $ours | calls($kind; "linux-off") as $off |
    calls($kind; "linux")[] | . as $theirs |
    ($ours[] | select(.name == $theirs.name)) as $our |
    {our: $our, theirs: $theirs,
        off: ([$off[] | select(.name == $theirs.name and .by == $theirs.by)] |
            .[0]),
        row: {part: "calls", what: .name, by: $our.by, by_linux: .by, cpus: 1,
            n: ([$our.n, .n] | min)}};

def instruction_rows:
    pairs("instructions") |
    ([.our.agree[], .theirs.agree[], .off.agree[]?] | min) as $agree | . as $p |
    .row + {unit: "instructions", statistic: "least",
        noise: (1 - $agree / .row.n)} |
    row($p.our.instructions[0]; $p.theirs.instructions[0];
        $p.off.instructions[0]);

def time_rows:
    pairs("time") |
    ([.our, .theirs, .off | select(.) |
        (.median_ns | median) / (.min_ns | least) - 1] | max) as $noise |
    . as $p |
    (.row + {unit: "ns", noise: $noise}) as $row |
    ($row + {statistic: "least"} |
        row($p.our.min_ns | least; $p.theirs.min_ns | least;
            $p.off.min_ns | least)),
    ($row + {statistic: "median"} |
        row($p.our.median_ns | median; $p.theirs.median_ns | median;
            $p.off.median_ns | median));

def shared($system; $cpus):
    of("calls"; "shared"; $system) | map(select(.cpus == $cpus) | .call_ns);

def shared_rows:
    . as $all | ([$all[] | select(.kind == "shared") | .cpus] | unique[]) |
    . as $cpus |
    [$all | shared("tollgate"; $cpus), shared("linux"; $cpus),
        shared("linux-off"; $cpus)] as $values |
    select(($values[0] | length) > 0 and ($values[1] | length) > 0) |
    {part: "calls", what: "shared add on all CPUs", by: "slot 3",
        by_linux: "ioctl", cpus: $cpus, unit: "ns", statistic: "least",
        n: ($values[0] | length), noise: ($values | map(unrest) | max)} |
    row($values[0] | least; $values[1] | least; $values[2] | least);

# Rows of values of each system, one for each of the statistics that are asked for;
# none if there are no values.
def rows($statistics; $tollgate; $linux):
    def pick($statistic): if $statistic == "least" then least
        elif $statistic == "median" then median else most end;
    . as $row | select(($tollgate | length) > 0 and ($linux | length) > 0) |
    $statistics[] | . as $statistic |
    $row + {statistic: $statistic, n: ([$tollgate, $linux | length] | min),
        noise: ([$tollgate, $linux | unrest] | max)} |
    row($tollgate | pick($statistic); $linux | pick($statistic); null);
def all: ["least", "median", "most"];

def boots($kind; $system; $cpus):
    of("boot"; $kind; $system) | map(select(.cpus == $cpus));

def boot_rows:
    . as $all |
    ([$all[] | select(.part == "boot") | .cpus] | unique[]) | . as $cpus |
    ($all | boots("clock"; "tollgate"; $cpus)) as $ours |
    ($all | boots("clock"; "linux"; $cpus)) as $theirs |
    def rows_of($what; $statistics; value):
        {part: "boot", what: $what, cpus: $cpus, unit: "s"} |
        rows($statistics; $ours | map(value / 1e9);
            $theirs | map(value / 1e9));
    rows_of("power-on to first program"; all; .marks.first.wall_ns),
    rows_of("GRUB\u0027s boot to first program"; ["median"];
        .marks.first.wall_ns - .marks.boot.wall_ns),
    rows_of("host CPU, power-on to first program"; ["median"];
        .marks.first.cpu_ns),
    rows_of("host CPU, GRUB\u0027s boot to first program"; ["median"];
        .marks.first.cpu_ns - .marks.boot.cpu_ns);

def virtual_rows:
    . as $all |
    ([$all[] | select(.part == "boot" and .kind == "icount") | .cpus] |
        unique[]) | . as $cpus |
    {part: "boot", what: "guest\u0027s time, power-on to first program",
        cpus: $cpus, unit: "s"} |
    rows(all; $all | boots("icount"; "tollgate"; $cpus) | map(.cycles / 1e9);
        $all | boots("icount"; "linux"; $cpus) | map(.cycles / 1e9));

# The kind of a record is what the program was asked for, or how it was booted.
map(. + {kind: (.kind // .bench)}) |
[instruction_rows, time_rows, shared_rows, boot_rows, virtual_rows]
