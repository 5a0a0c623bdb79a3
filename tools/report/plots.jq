# SPDX-License-Identifier: MIT
# The plots of runs: for each a line of its template's variables and its data.
# Output is lines "FILE TAB TEXT": NAME.dat, all.gp (what gnuplot runs) and
# titles (NAME, title, description).
include "figures";
include "run";
include "sweep";

# Which colour a lock has everywhere.
def lock_series:
  {ticket: 1, tas: 2, ttas: 3, mcs: 4, clh: 5, anderson: 6, ticket_pb: 7}[.] // 8;

def hammer_series: .plan.lock as $lock | if $lock then $lock | lock_series else 8 end;

# Names for a legend: of records, their locks, where that tells them apart.
def legend:
  map(.plan.lock // .plan.name) as $short
  | if ($short | unique | length) == length then $short else map(.label) end;

# Cycles as the number that an axis shows: seconds, or instructions.
def axis($run; $hz):
  if $hz == 0 then .
  elif $run | counts_instructions then . * 1e9 / $hz
  else . / $hz
  end;
def axis_unit($run): if $run | counts_instructions then "" else "s" end;

# plot_all(NAME; TEMPLATE; SIZES; TITLE; DESCRIPTION; VARIABLES): what makes a
# plot of the data lines in `.`, in each of SIZES, {suffix: [width, height]}.
def plot_all($name; $template; $sizes; $title; $desc; $variables):
  ("\($name).dat\t" + .[]),
  ($sizes | to_entries[]
    | "\($name)\(.key)" as $out
    | "all.gp\twidth = \(.value[0]); height = \(.value[1]); out = \"\($out).svg\"",
      "all.gp\tload \"style.gp\"",
      "all.gp\tdata = \"\($name).dat\"; \($variables)",
      "all.gp\tload \"\($template).gp\"",
      "titles\t\($out)\t\($title)\t\($desc)");

def small: {"": [520, 320]};
def wide: {"": [1060, 360], "-narrow": [520, 360]};

# A block of data: a title, its lines, what separates it from the next.
def block($title; lines): "\"\($title)\"", lines, "", "";

# The outline of a histogram, down to the floor where buckets are missing. A
# bucket is 1/32 of its power of two wide (kernel/base/histogram.h), or 1.
def outline($run; $hz):
  def width: if . < 64 then 1 else pow(2; (log2 | floor) - 5) end;
  def before: [. - width, 0] | max;
  def line($count): "\([., 0.5] | max | axis($run; $hz)) \($count)";
  . as $buckets
  | range(0; length) as $i
  | $buckets[$i] as [$last, $count]
  | ($last | before) as $from
  | ($i > 0 and $buckets[$i - 1][0] >= $from) as $joined
  | if $joined then empty else $from | line(0.7) end,
    ($from | line($count)),
    ($last | line($count)),
    if $i < ($buckets | length - 1)
       and ($buckets[$i + 1][0] | before) <= $last
    then empty else $last | line(0.7) end;

def distribution_plots($run; $kind; $what):
  [$run | hammers
    | select(($kind != "wait" or .plan.lock)
        and .total and ((.total[$kind].buckets // []) | length > 0))] as $with
  | if ($with | length) == 0 then empty
    else
      ([$with[] | noise_floor | values
        | axis($run; $with[0].cycles_per_sec)] | max // 0) as $noise
      | ($with | legend) as $names
      | [range(0; $with | length) as $i
          | $with[$i] as $h
          | block($names[$i];
              $h.total[$kind].buckets | outline($run; $h.cycles_per_sec))]
      | plot_all($kind; "distribution"; small; $what;
          ($with | map("\(.label): median "
              + (.cycles_per_sec as $hz | .total[$kind].median
                 | cost_text($run; $hz))
              + ", longest "
              + (.cycles_per_sec as $hz | .total[$kind].max
                 | cost_text($run; $hz)) + " of \(.total[$kind].n) calls")
            | join("; "));
          "blocks = \($with | length); noise = \(if $run | is_exact
            then 0 else $noise end); most = \($with
            | map(.cycles_per_sec as $hz | .total[$kind].max
                | axis($run; $hz)) | max); label = \"\($what)\"; colours = \"\($with
            | map(hammer_series) | join(" "))\"; unit = \"\(axis_unit($run))\"")
    end;

# The outline of a histogram of whole microseconds, down to the floor where
# there are none; a logarithmic axis has no 0.
def bins_outline($log):
  . as $bins
  | def at: if $log then [., 0.5] | max else . end;
    range(0; length) as $i
  | $bins[$i] as [$us, $count]
  | (if $i > 0 and $bins[$i - 1][0] + 1 == $us then empty
     else "\($us | at) 0.7" end),
    "\($us | at) \($count)", "\($us + 1) \($count)",
    (if $i + 1 < ($bins | length) and $bins[$i + 1][0] == $us + 1 then empty
     else "\($us + 1) 0.7" end);

def latency_plots($run):
  [$run | records("latency")] as $records
  | range(0; $records | length) as $i
  | $records[$i]
  | if .mode == "shot" then "known shots" else "cyclic wake-ups" end
  | . as $what
  | $records[$i]
  | [.threads[] | select(.histogram | length > 0)] as $threads
  | if ($threads | length) == 0 then empty
    else
      ([$threads[].histogram[][0]] | max >= 400) as $log
      | [$threads[] | block("CPU \(.cpu)"; .histogram | bins_outline($log))]
      | plot_all("latency-\($i)"; "latency"; wide; "Latency of \($what)";
          ($threads | map("CPU \(.cpu): longest \(.max_ns | ns_text) of \(.n
            | plural("sample"))") | join("; "));
          "blocks = \($threads | length); log = \(if $log then 1 else 0 end)")
    end;

def shares_plot($run):
  [$run | hammers | select(.plan.lock and ([.cpus[].contended] | add > 0))]
    as $with
  | if ($with | length) == 0 then empty
    else
      ($with | map(.cpus | length) | max) as $cpus
      | ($with | legend) as $names
      | [range(0; $with | length) as $k
          | $with[$k]
          | ([.cpus[].contended] | add) as $sum
          | block($names[$k]; range(0; .cpus | length) as $i
              | "\($i) \(.cpus[$i].contended * 100 / $sum)")]
      | plot_all("shares"; "shares"; small; "Shares of the CPUs";
          ($with | map("\(.label): Jain index \(.jain | real_text)")
            | join("; "));
          "blocks = \($with | length); cpus = \($cpus); even = \(100 / $cpus);"
          + " colours = \"\($with | map(hammer_series) | join(" "))\"")
    end;

def bound_plots($run):
  [$run | hammers | select((.bound.queue // []) | length > 0)] as $with
  | range(0; $with | length) as $i
  | $with[$i]
  | .cycles_per_sec as $hz
  | .bound.queue as $queue
  | [$queue[]
      | "\(.length) \((if .n > 0 then .wait_sum / .n else 0 end)
          | [axis($run; $hz), 1e-9] | max) \([.wait_max | axis($run; $hz), 1e-9]
          | max) \([.bound | axis($run; $hz), 1e-9] | max)"]
  | ($queue | map(.length) | max) as $last
  | plot_all("bound-\($i)"; "bound"; small; "Wait and bound, \($with[$i].label)";
      ($queue | map("\(.length) ahead: longest \(.wait_max
        | cost_text($run; $hz)), bound \(.bound | cost_text($run; $hz))")
        | join("; "));
      "last = \($last); step = \([1, ($last / 12 | ceil)] | max); unit = \"\(axis_unit($run))\"");

# How many calls a picture of hand-overs shows.
def timeline_calls: 48;

# Of the calls that were kept, consecutive ones of as many CPUs as can be; among these
# the ones with most hand-overs in the least time. A stop of the host would leave
# nothing of the others to see.
def timeline_window:
  sort_by(.granted)
  | . as $calls
  | ([length, timeline_calls] | min) as $n
  | [range(0; length - $n + 1) as $i
     | $calls[$i:$i + $n]
     | . as $w
     | {calls: ., cpus: (map(.cpu) | unique | length),
        spread: (((map(.left) | max) - (map(.arrived) | min) + 1)
          / ([range(1; $n) | select($w[.].cpu != $w[. - 1].cpu)] | length + 1))}]
  | min_by([-.cpus, .spread]).calls;

def timeline_plots($run):
  [$run | records("timeline") | select(.receipts | length > 0)] as $with
  | range(0; $with | length) as $i
  | $with[$i]
  | .cycles_per_sec as $hz
  | (.receipts | timeline_window) as $calls
  | ($calls | map(.arrived) | min) as $zero
  | ($calls | map(.cpu) | max + 1) as $cpus
  | (($calls | map(.left) | max) - $zero | axis($run; $hz)) as $span
  | (if $run | counts_instructions then [1, "instructions"]
     elif $span < 2e-6 then [1e9, "ns"] elif $span < 2e-3 then [1e6, "µs"]
     elif $span < 2 then [1e3, "ms"] else [1, "s"] end) as [$scale, $unit]
  | def at: (. - $zero | axis($run; $hz)) * $scale;
    [block("off"; $calls[] | "\(.cpu) \(.arrived | at) \(.left | at)"),
     block("waits"; $calls[] | "\(.cpu) \(.queued | at) \(.granted | at)"),
     block("holds"; $calls[] | "\(.cpu) \(.granted | at) \(.released | at)"),
     block("next"; range(1; $calls | length) as $k
       | "\($calls[$k - 1].cpu) \($calls[$k - 1].released | at) "
         + "\($calls[$k].cpu) \($calls[$k].granted | at)")]
  | plot_all("timeline-\($i)"; "timeline"; wide;
      "Hand-overs of \($with[$i].resource) under \($with[$i].lock)";
      "\($calls | length | plural("call")) in a row: for each CPU when it waited and when it held \($with[$i].resource)";
      "cpus = \($cpus); step = \([1, ($cpus / 16 | ceil)] | max); unit = \"\($unit)\"");

def scope_plot($run):
  [($run.scope.classes // [])[] | select(.class == "custom")] as $with
  | if ($with | length) == 0 then empty
    else
      [$with[] as $c
        | block($c | section_name; $c.buckets | outline($run; 0))]
      | plot_all("scope"; "distribution"; small;
          "Instructions with interrupts off";
          ($with | map("\(section_name): median \(.median), longest \(.max) of \(.n)")
            | join("; "));
          "blocks = \($with | length); noise = 0; most = \($with | map(.max)
            | max); label = \"instructions\"; colours = \"\($with | length
            | [range(0; .) | . % 8 + 1 | tostring] | join(" "))\"; unit = \"\"")
    end;

# The runs of a file that holds one.
def run_plots:
  .[0] as $run
  | $run
  | latency_plots($run),
    distribution_plots($run; "off"; "interrupts off"),
    distribution_plots($run; "wait"; "wait for the lock"),
    distribution_plots($run; "hold"; "hold"),
    shares_plot($run), bound_plots($run), timeline_plots($run),
    scope_plot($run);

# A figure against the number of CPUs, for each place of a sweep; `figure` takes
# a run to what the axis shows, or to null; `floor` to its noise floor, or to null.
def place_plots($what; $title; $unit; figure; floor):
  places[]
  | (place_name | "\($what)-\(.)") as $name
  | "\($title), \(.engine), hold \(.hold)\(place_count)" as $full
  | [.runs | group_by(.sweep.lock | lock_rank)[]
     | {lock: .[0].sweep.lock,
        points: [.[] | [.sweep.cpus, figure] | select(.[1] != null)]}
     | select(.points | length > 0)] as $lines
  | [.runs | group_by(.sweep.cpus)[]
     | [.[0].sweep.cpus, ([.[] | floor] | max)] | select(.[1] != null)] as $floor
  | ($lines + if ($floor | length) > 0 then [{lock: "noise floor", points: $floor}]
      else [] end) as $lines
  | if ($lines | length) == 0 then empty
    else
      [$lines[] | block(.lock; .points[] | "\(.[0]) \(.[1])")]
      | plot_all($name; "sweep"; {"": [520, 380]}; $full;
          ($lines | map("\(.lock): " + (.points
            | map("\(.[1]) on \(.[0])") | join(", "))) | join("; "));
          "blocks = \($lines | length); floor = \(if ($floor | length) > 0 then 1 else 0 end); label = \"\($title)\"; unit = \"\($unit)\"; colours = \"\($lines
            | map(.lock | lock_series) | join(" "))\"")
    end;

def sweep_plots:
  place_plots("wait"; "longest wait"; "s";
    hammer as $h | $h.total.wait.max
    | if . == 0 then null else . / $h.cycles_per_sec end;
    if is_exact then null
    else hammer | .cycles_per_sec as $hz | noise_floor | values / $hz // null end),
  place_plots("rate"; "calls a second"; "";
    hammer | if .cycles > 0 then .calls / .cycles * .cycles_per_sec else null end;
    null);
