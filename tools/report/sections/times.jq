# SPDX-License-Identifier: MIT
# What calls cost: distributions, and the figures of each record beside each
# other, every maximum with its noise floor and its count.
include "figures";
include "html";
include "run";

# A row of the table of figures: a name, and a figure of each record.
def row($name; $hammers; figure): [[$name] + [$hammers[] | figure]];
def count_rows:
  . as $all
  | row("lock"; $all; .plan.lock // "none")
    + row("calls"; $all; .calls | count_text)
    + row("calls a second"; $all; if .cycles > 0 and .cycles_per_sec > 0
        then .calls / .cycles * .cycles_per_sec | count_text else "–" end)
    + row("updates lost"; $all; .lost | count_text)
    + row("wrong results"; $all; .wrong | count_text)
    + row("Jain index of the shares"; $all;
        if .plan.lock then .jain | real_text else "–" end)
    + row("calls overtaken"; $all;
        if .plan.lock then .total.overtaken | count_text else "–" end)
    + row("most overtakes of one call"; $all;
        if .plan.lock then .total.max_overtakes | count_text else "–" end)
    + row("longest run of one CPU"; $all; .bound.longest_run | count_text)
    + row("budget overruns"; $all; .total.overruns | count_text)
    + row("calls spoiled: held over 4 × the median"; $all;
        .total.spoiled | count_text);

# A row for each kind of time of each record.
def time_rows($run):
  map(.cycles_per_sec as $hz
    | noise_floor as $noise
    | . as $record
    | [["interrupts off", "off"], ["wait", "wait"], ["hold", "hold"]][]
    | . as [$name, $kind]
    | select($kind != "wait" or $record.plan.lock)
    | $record.total[$kind]
    | [$record.label, $name]
      + [((.min, .median) | cost_text($run; $hz)),
         quantile(.n; 100; .p99 | cost_text($run; $hz)),
         quantile(.n; 1000; .p999 | cost_text($run; $hz))]
      + [(.max | max_text($run; $hz; $noise)), ($noise | cost_text($run; $hz))]
      + [(.n | count_text), (.n | rule_of_three)]);

# What /bin/tolls read, from whatever program called before.
def tolls_section:
  . as $run
  | [slot_tolls] as $all
  | if ($all | length) == 0 then empty
    else
      section("tolls"; "Tolls of slots";
        table("What the calls of a slot cost, whoever made them"; ["of", "time",
          "#min", "#median", "#99 %", "#99.9 %", "#max", "#noise floor", "#n",
          "#chance of a longer one"]; $all | time_rows($run)),
        ($all[] | "\(.label): \(.toll.spoiled | plural("call")) spoiled, held more than 4 times the median; they are in the figures, not dropped." | p))
    end;

def times_section:
  . as $run
  | [hammers] as $all
  | section("times"; "What the calls cost";
      if ($all | length) == 0 then
        absent("This run keeps no times of single calls."
          + ([loads | " As a load, \(.calls | plural("call")) of slot \(.slot), \(.slot_name), were made."] | join(""));
          "make stress")
      else
        side_by_side(
          if any($all[]; (.total.off.buckets // []) | length > 0) then
            plot("off"; "From SYSCALL to SYSRET: how long a call kept interrupts off."),
            (if any($all[]; .plan.lock) then
              plot("wait"; "Of that, waiting for the lock.") else empty end),
            plot("hold"; "Of that, inside the callout.")
          else absent("This run has no buckets, so no plots of its times.";
            "tools/boot --json build/run.json -- /bin/stress --json")
          end,
          (if any($all[]; .plan.lock and ([.cpus[].contended] | add > 0)) then
            plot("shares"; "Each CPU's share of the calls made while all competed.")
          else empty end)),
        table("Each kind of time"; ["of", "time", "#min", "#median", "#99 %",
          "#99.9 %", "#max", "#noise floor", "#n", "#chance of a longer one"];
          [$all[] | select(.total)] | time_rows($run)),
        table("What was counted"; [""] + ($all | map("#" + .label));
          $all | count_rows)
      end);
