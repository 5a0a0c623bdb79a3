# SPDX-License-Identifier: MIT
# Two runs, or two sweeps, side by side: figures, ratios, and a verdict that
# rests only on what repeats exactly.
include "figures";
include "run";

# The figures of a run, each {name, value, kind, hz, noise}; kinds:
#   exact   repeats exactly, and more is worse: gated
#   broken  must be 0, and more is worse: gated
#   time    cycles of a clock, beside its noise floor: shown; a maximum with n
#   turn    an instruction count that several CPUs' turns are in: shown
#   count   shown
# Exact ones have the `unit` they are counted in, and `optional` where one that is
# gone is no loss. Of those `aside` only such as differ are shown.
def figure($name; $value; $kind): {name: $name, value: $value, kind: $kind};

# The kind of an instruction count. Bochs repeats, and so does QEMU's --icount with
# one CPU. With more, CPUs take turns, and a program begins some 100 us sooner or
# later from run to run, so turns end at other places in it. A call in which one ends
# is longer, which a maximum shows, and what is $steady, as a median, does not.
def counted($steady):
  if .machine == "bochs" or (.icount and (.smp == 1 or $steady)) then "exact"
  elif .icount then "turn"
  else null end;

# A time in cycles of the guest's clock.
def cycles($run; $name; $value; $hz; $steady):
  figure($name; $value; $run | counted($steady) // "time")
  + {hz: $hz, unit: ($run | engine_name)};

# Whether so many samples have a p99 that is no maximum, nor next to one.
def has_p99($n): $n >= 300;

def toll_figures($run):
  . as $h
  | ["off", "wait", "hold"][] as $part
  | select($part != "wait" or $h.plan.lock)
  | ["min", "median", "p99", "max"][] as $quantile
  | select($quantile != "p99" or has_p99($h.total[$part].n))
  | cycles($run; "\($h.label): \($part), \($quantile)"; $h.total[$part][$quantile];
      $h.cycles_per_sec; $quantile != "max")
    + {noise: ($h | noise_floor), n: $h.total[$part].n,
       optional: ($quantile == "p99")};

# Of one that hammered a slot. Overtakes are none under a fair lock, and chance
# under another one.
def hammer_figures($run):
  . as $h
  | .label as $of
  | (if .plan.lock | fair then "broken" else "count" end) as $if_fair
  | figure("\($of): wrong results"; .wrong; "broken"),
    figure("\($of): updates lost"; .lost // 0 | fabs; "broken"),
    figure("\($of): statements that failed";
      [.findings[] | select(.ok | not)] | length; "broken"),
    figure("\($of): calls"; .calls; "count"),
    (select(.total)
     | figure("\($of): overtakes"; .total.overtakes; $if_fair),
       toll_figures($run),
       figure("\($of): calls spoiled"; .total.spoiled; "count")),
    (select(.bound)
     | figure("\($of): calls beyond their bound";
         .bound.broken // (if .bound.max_wait > .bound.bound then 1 else 0 end);
         $if_fair),
       figure("\($of): longest run of one CPU"; .bound.longest_run; "count"),
       (select(.plan.lock | fair)
        | cycles($run; "\($of): bound"; .bound.bound; .cycles_per_sec; false)
          + {noise: noise_floor, n: .bound.grants}));

# Where a section begins and ends: symbols alone, since each change of code moves
# the offsets.
def section_ends:
  def symbol: sub("\\+0x[0-9a-f]+$"; "");
  "\(.from | symbol) to \(.to | symbol)"
  + if .from_caller then ", by \(.from_caller | symbol)" else "" end;

# Of whom a row of the blame table tells.
def culprit:
  .phase
  + if .slot then ", slot \(.slot), type \(.type_id)"
    elif .vector then ", vector \(.vector)"
    elif .from then ", " + section_ends
    else "" end;

# Of those that have one name the largest, in the order of their size.
def largest_first:
  group_by(.name) | map(max_by(.value)) | sort_by(-.value) | .[];

# How late each CPU was, and through whom.
def latency_figures($run):
  . as $latency
  | def late($name; $ns):
      cycles($run; "latency, \($latency.mode), \($name): max";
        $ns * $latency.clock_hz / 1e9 | round; $latency.clock_hz; false) + {n};
    (.threads[]
     | late("CPU \(.cpu)"; .max_ns)
       + {noise: (record_noise // ($latency | record_noise))},
       figure("latency, \($latency.mode), CPU \(.cpu): spoiled"; .spoiled;
         "count")),
    ([.blame // [] | .[]
      | late("blame, \(culprit)"; .max_ns)
        + {noise: ($latency | record_noise), optional: true}]
     | largest_first);

# What the scope has counted: the longest of each class, what most calls of a slot
# take, and the longest between each two ends. While a CPU boots nothing is late.
def scope_figures($run):
  def count_of($name; $value; $steady):
    figure("scope, \($name)"; $value; $run | counted($steady) // "count")
    + {n, unit: "instructions", optional: true};
  (.classes[]
   | select(.class != "boot")
   | section_name as $name
   | count_of("\($name): longest"; .max; false),
     (select(.class == "custom")
      | count_of("\($name): median"; .median; true),
        (select(has_p99(.n)) | count_of("\($name): p99"; .p99; true)))),
  ([.sections[]
    | select(.class != "boot")
    | count_of("\(section_name): \(section_ends)"; .max; false) + {aside: true}]
   | largest_first);

def figures:
  . as $run
  | figure("exit status of \(program_words[0])"; .status; "broken")
    + {is_status: true},
    (hammers | hammer_figures($run)),
    (slot_tolls | .label = "tolls, " + .label | toll_figures($run)),
    (records("price").slots[]
     | . as $slot
     | ["instructions", "instructions_measured", "instructions_refused",
        "instructions_fenced"][]
     | select($slot[.])
     | figure("slot \($slot.slot), \($slot.name): " + gsub("_"; ", ");
         $slot[.]; if $run.icount then "exact" else "count" end)),
    (records("lock_prices")
     | .slot as $slot
     | .locks[]
     | . as $lock
     | ["instructions", "instructions_measured"][]
     | figure("slot \($slot), \($lock.lock): " + gsub("_"; ", ");
         $lock[.]; if $run.icount then "exact" else "count" end)),
    (records("latency") | latency_figures($run)),
    (records("kernel_sections")
     | cycles($run; "the kernel's own sections: max"; .max; .cycles_per_sec; false)
       + {noise: record_noise, n}),
    (select(.scope) | .scope | scope_figures($run));

# The place of a run among others, as the beginning of a figure's name.
def place:
  if .sweep then
    "\(.sweep.lock), \(.sweep.cpus | plural("CPU")), hold \(.sweep.hold), \(.sweep.engine), \(.sweep.count | plural("call")): "
  else "" end;

# All figures of a file, by name.
def by_name:
  map(. as $run | place as $place
    | [figures | {key: ($place + .name | gsub("[[:cntrl:]]"; " ")), value: (. + {$run})}])
  | add // [] | from_entries;

def is_gated: .kind == "exact" or .kind == "broken";

# Whether one can be more than the other.
def comparable($a; $b):
  $a != null and $b != null and $a.kind == $b.kind
  and ($a.kind == "time" or $a.unit == $b.unit);

# A time in seconds, where clocks may differ.
def scaled: if .kind == "time" and .hz > 0 then .value / .hz else .value end;

# What became of a figure: {verdict, regression}; $gone: whether one that B lacks
# may be a loss.
def judge($a; $b; $gone):
  def seconds: if .hz > 0 then .value / .hz else .value end;
  def floor_s: if .noise != null and .hz > 0 then .noise / .hz else 0 end;
  def by_growth($worse; $better):
    if $b.value > $a.value then {verdict: $worse, regression: true}
    elif $b.value < $a.value then {verdict: $better, regression: false}
    else {verdict: "same", regression: false} end;
  if $a == null then {verdict: "only in B", regression: false}
  elif $b == null then
    ($gone and ($a | is_gated and (.optional or .is_status | not))) as $lost
    | {verdict: (if $lost then "GONE" else "only in A" end), regression: $lost}
  elif comparable($a; $b) | not then
    {verdict: (if $a.kind != $b.kind then "not comparable: other exactness"
       else "not comparable: another clock" end), regression: false}
  elif $a.kind == "broken" then by_growth("WORSE"; "better")
  elif $a.kind == "exact" then by_growth("MORE"; "fewer")
  elif $a.kind == "turn" then
    {verdict: (if $a.value == $b.value then "same" else "or the CPUs' turns" end),
     regression: false}
  elif $a.kind == "time" then
    if (($a | seconds) - ($b | seconds) | fabs)
       <= ([$a, $b | floor_s] | max)
    then {verdict: "within the noise floor", regression: false}
    else {verdict: "beyond the noise floor", regression: false} end
  else {verdict: "", regression: false}
  end;

# A count by a clock as its engine means it.
def amount_text($figure):
  if . == null then "–"
  elif $figure.unit == "instructions" or $figure.unit == "icount" then
    count_text + " instr."
  elif $figure.unit == "bochs" then count_text + " cycles"
  elif $figure.kind == "time" then cycles_text($figure.hz)
  else count_text
  end;

# The words in which two files differ, as "locks: mcs in A, tas in B"; nothing
# where they do not.
def differences($a; $b):
  def row($what; of):
    def words: [.[] | of | select(. != null) | tostring] | unique | join(" ");
    ($a | words) as $in_a
    | ($b | words) as $in_b
    | select($in_a != $in_b)
    | [$in_a, $in_b | if . == "" then "none" else . end]
    | "\($what): \(.[0]) in A, \(.[1]) in B"
    | gsub("[[:cntrl:]]"; " ");
  if $a[0].sweep then
    row("locks"; .sweep.lock), row("engines"; .sweep.engine), row("CPUs"; .sweep.cpus),
    row("holds"; .sweep.hold), row("calls"; .sweep.count)
  else
    row("program"; program_words | map(shell_word) | join(" ")),
    row("locks"; hammers.plan.lock, slot_tolls.lock), row("engine"; engine_name),
    row("CPUs"; .smp), row("kernel options"; .append)
  end,
  row("scope"; if .scope then "on" else "off" end);

# Lines for tools/report/columns.awk, then lines "note TAB TEXT" and a last one
# "verdict TAB STATUS TAB TEXT".
def compare($a; $b):
  ($a | by_name) as $left
  | ($b | by_name) as $right
  | [$left, $right | keys_unsorted[]] as $keys
  | (reduce $keys[] as $key ({seen: {}, names: []};
      if .seen[$key] then . else .seen[$key] = true | .names += [$key] end)
    | .names) as $names
  | [$names[] | select(comparable($left[.]; $right[.])) | $left[.]
     | select(is_gated and (.is_status | not))] as $shared
  | (any($shared[]; .optional | not)
     or ([$a, $b | map(program_words)] | .[0] == .[1])) as $gone
  | [$names[] | {name: ., judged: judge($left[.]; $right[.]; $gone)}] as $all
  | (["figure", "#A", "#B", "#B/A", "#noise A", "#noise B", "#n A", "#n B", "verdict"]
     | join("\t")),
    ($all[]
     | .name as $name
     | $left[$name] as $x
     | $right[$name] as $y
     | select((($x // $y).aside | not) or (comparable($x; $y) and $x.value != $y.value))
     | [$name, ($x, $y | . as $figure | .value | amount_text($figure)),
        (if comparable($x; $y) and $x.value > 0
         then ($y | scaled) / ($x | scaled) | fixed(2) else "–" end),
        (($x, $y) | if .kind == "time" and .noise != null
          then . as $figure | .noise | amount_text($figure)
          else "–" end),
        (($x, $y) | if .n != null then .n | count_text else "–" end),
        .judged.verdict]
     | join("\t")),
    ([differences($a; $b)] | select(length > 0)
     | "note\tThey differ in \(join("; "))."),
    (select(any($all[]; .judged.verdict == "or the CPUs' turns"))
     | "note\tSeveral CPUs take turns under --icount: a maximum may be a call in which one ended."),
    (select(any($all[]; .judged.verdict == "or the CPUs' turns"))
     | "note\tThat of --smp 1, or of --machine bochs, repeats exactly, and decides."),
    ([$names[] | select($left[.].aside and $right[.].aside
        and $left[.].value == $right[.].value)] | length | select(. > 0)
     | "note\tSections with interrupts off that are as long in both: \(count_text)."),
    ([$all[] | select(.judged.regression)] as $bad
     | if ($bad | length) > 0 then
         "verdict\t1\tREGRESSION: of the figures that repeat exactly, \($bad | length | count_text) got worse or went: \($bad
           | map(.name) | .[:3] | join("; "))\(if ($bad | length) > 3 then "; ..." else "" end)."
       elif ($shared | length) == 0 then
         "verdict\t3\tNothing that repeats exactly is in both: no verdict."
       else "verdict\t0\tNo regression in what repeats exactly; times say nothing by themselves."
       end);
