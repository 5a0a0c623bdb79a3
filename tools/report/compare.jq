# SPDX-License-Identifier: MIT
# Two runs, or two sweeps, side by side: figures, ratios, and a verdict that
# rests only on what repeats exactly.
include "figures";
include "run";

# The figures of a run, each {name, value, kind, hz, noise}; kinds:
#   exact   repeats exactly, and more is worse: gated
#   broken  must be 0, and more is worse: gated
#   time    cycles of a clock, beside its noise floor: shown; a maximum with n
#   count   shown
def figure($name; $value; $kind): {name: $name, value: $value, kind: $kind};

# Of one that hammered a slot. What a call costs is exact where a cycle is an
# instruction of the only CPU; overtakes are none under a fair lock, and chance
# under another one.
def hammer_figures($run):
  . as $h
  | .label as $of
  | (if $run | counts_instructions then "exact" else "time" end) as $time
  | def cycles($name; $value; $n):
      figure("\($of): \($name)"; $value; $time)
      + {hz: $h.cycles_per_sec, noise: ($h | noise_floor), $n};
    figure("\($of): wrong results"; .wrong; "broken"),
    figure("\($of): updates lost"; .lost // 0 | fabs; "broken"),
    figure("\($of): statements that failed";
      [.findings[] | select(.ok | not)] | length; "broken"),
    figure("\($of): calls"; .calls; "count"),
    (select(.total)
     | figure("\($of): overtakes"; .total.overtakes;
         if .plan.lock | fair then "broken" else "count" end),
       (["off", "wait", "hold"][] as $kind
        | select($kind != "wait" or .plan.lock)
        | ["min", "median", "p99", "max"][] as $quantile
        | cycles("\($kind), \($quantile)"; .total[$kind][$quantile];
             .total[$kind].n)),
       figure("\($of): calls spoiled"; .total.spoiled; "count")),
    (select(.bound)
     | (if .plan.lock | fair then "broken" else "count" end) as $gate
     | figure("\($of): calls beyond their bound";
         .bound.broken // (if .bound.max_wait > .bound.bound then 1 else 0 end);
         $gate),
       figure("\($of): longest run of one CPU"; .bound.longest_run; "count"),
       cycles("bound"; .bound.bound; .bound.grants));

def figures:
  . as $run
  | figure("exit status"; .status; "broken"),
    (hammers | hammer_figures($run)),
    (records("price").slots[]
     | . as $slot
     | ["instructions", "instructions_measured", "instructions_refused",
        "instructions_fenced"][]
     | select($slot[.])
     | figure("slot \($slot.slot), \($slot.name): " + gsub("_"; ", ");
         $slot[.]; if $run.icount then "exact" else "count" end)),
    (records("latency")
     | . as $latency
     | .threads[]
     | figure("latency, \($latency.mode), CPU \(.cpu): max";
         .max_ns * $latency.clock_hz / 1e9; "time")
       + {hz: $latency.clock_hz, n,
          noise: (record_noise // ($latency | record_noise))},
       figure("latency, \($latency.mode), CPU \(.cpu): spoiled"; .spoiled;
         "count")),
    (records("kernel_sections")
     | figure("the kernel's own sections: max"; .max;
         if $run | counts_instructions then "exact" else "time" end)
       + {hz: .cycles_per_sec, noise: record_noise, n});

# The place of a run among others, as the beginning of a figure's name.
def place:
  if .sweep then
    "\(.sweep.lock), \(.sweep.cpus | plural("CPU")), hold \(.sweep.hold), \(.sweep.engine): "
  else "" end;

# All figures of a file, by name.
def by_name:
  map(. as $run | place as $place
    | [figures | {key: ($place + .name), value: (. + {$run})}])
  | add // [] | from_entries;

# What became of a figure: {verdict, regression}.
def judge($a; $b):
  def seconds: if .hz > 0 then .value / .hz else .value end;
  def floor_s: if .noise != null and .hz > 0 then .noise / .hz else 0 end;
  def is_gated: .kind == "exact" or .kind == "broken";
  if $a == null then {verdict: "only in B", regression: false}
  elif $b == null then
    {verdict: (if $a | is_gated then "GONE" else "only in A" end),
     regression: ($a | is_gated)}
  elif $a.kind != $b.kind then
    {verdict: "not comparable: one of them is exact", regression: false}
  elif $a.kind == "broken" then
    if $b.value > $a.value then {verdict: "WORSE", regression: true}
    elif $b.value < $a.value then {verdict: "better", regression: false}
    else {verdict: "same", regression: false} end
  elif $a.kind == "exact" then
    if $b.value > $a.value then {verdict: "MORE", regression: true}
    elif $b.value < $a.value then {verdict: "fewer", regression: false}
    else {verdict: "same", regression: false} end
  elif $a.kind == "time" then
    if (($a | seconds) - ($b | seconds) | fabs)
       <= ([$a, $b | floor_s] | max)
    then {verdict: "within the noise floor", regression: false}
    else {verdict: "beyond the noise floor", regression: false} end
  else {verdict: "", regression: false}
  end;

def value_text:
  if . == null then "–"
  elif .kind == "time" or .hz then
    .hz as $hz | .run as $run | .value | cost_text($run; $hz)
  else .value | count_text
  end;

# Lines for tools/report/columns.awk, then a line "verdict TAB STATUS TAB TEXT".
def compare($a; $b):
  ($a | by_name) as $left
  | ($b | by_name) as $right
  | [$left, $right | keys_unsorted[]] as $keys
  | (reduce $keys[] as $key ({seen: {}, names: []};
      if .seen[$key] then . else .seen[$key] = true | .names += [$key] end)
    | .names) as $names
  | [$names[] | {name: ., judged: judge($left[.]; $right[.])}] as $all
  | (["figure", "#A", "#B", "#B/A", "#noise A", "#noise B", "#n A", "#n B", "verdict"]
     | join("\t")),
    ($all[]
     | .name as $name
     | $left[$name] as $x
     | $right[$name] as $y
     | [$name, ($x | value_text), ($y | value_text),
        (if $x != null and $y != null and $x.value > 0
         then $y.value / $x.value | fixed(2) else "–" end),
        (($x, $y) | if .kind == "time" and .noise != null
          then .hz as $hz | .run as $run | .noise | cost_text($run; $hz)
          else "–" end),
        (($x, $y) | if .n != null then .n | count_text else "–" end),
        .judged.verdict]
     | join("\t")),
    ([$all[] | select(.judged.regression)] as $bad
     | ([$left[], $right[] | select(.kind == "exact" or .kind == "broken")]
        | length) as $gated
     | if ($bad | length) > 0 then
         "verdict\t1\tREGRESSION: of the figures that repeat exactly, \($bad | length | count_text) got worse or went: \($bad
           | map(.name) | .[:3] | join("; "))\(if ($bad | length) > 3 then "; ..." else "" end)."
       elif $gated == 0 then "verdict\t1\tNothing that repeats exactly is in both."
       else "verdict\t0\tNo regression in what repeats exactly; times say nothing by themselves."
       end);
