# SPDX-License-Identifier: MIT
# Who waited for whom: hand-overs, and the bound against what was measured.
include "figures";
include "html";
include "run";

def timeline_section:
  [records("timeline") | select(.receipts | length > 0)] as $with
  | section("timeline"; "Hand-overs";
      if ($with | length) == 0 then
        absent("This run kept no timeline.";
          "tools/boot --json build/run.json -- /bin/stress --slot 4 --toll full --json")
      else
        range(0; $with | length) as $i
        | wide_plot("timeline-\($i)";
            {html: ("\([48, ($with[$i].receipts | length)] | min) calls in a row on <code>\($with[$i].resource | @html)</code>: when each CPU waited and when it held. Thin lines are hand-overs. Of the \($with[$i].receipts | length | count_text) calls that were kept, these are, of those that show most CPUs, the ones with most hand-overs in the least time; <code>make trace RUN=FILE</code> writes all of them for Perfetto.")})
      end);

def bound_rows($run):
  map(.cycles_per_sec as $hz
    | noise_floor as $noise
    | .plan.lock as $lock
    | .bound
    | [$lock, (if $lock | fair then "yes" else "no" end), .cpus,
       (.max_hold | cost_text($run; $hz)), (.max_handover | cost_text($run; $hz)),
       (.bound | cost_text($run; $hz)), (.max_wait | max_text($run; $hz; $noise)),
       ($noise | cost_text($run; $hz)),
       (if .max_wait > 0 then .bound / .max_wait | fixed(1) else "–" end),
       (.broken | count_text), (.grants | count_text)]
  );

def queue_table($run):
  .cycles_per_sec as $hz
  | table("Waits by queue length, \(.label); noise floor \(noise_floor | cost_text($run; $hz))";
      ["#calls ahead", "#n", "#average wait", "#longest wait", "#bound"];
      .bound.queue | map([.length, (.n | count_text),
        (if .n > 0 then .wait_sum / .n | cost_text($run; $hz) else "–" end),
        (.wait_max | cost_text($run; $hz)), (.bound | cost_text($run; $hz))]));

# Why there is nothing to compare with a bound.
def no_bound_text:
  [hammers] as $all
  | if ($all | length) == 0 then "This run keeps no waits, so no bound is checked."
    elif all($all[]; .plan.lock == null) then
      "The calls of this run take no lock, so none waited for another."
    else "The tolls were off, so this run knows no waits." end;

def bound_section:
  . as $run
  | [hammers | select(.bound)] as $all
  | ([$all[] | select((.bound.queue // []) | length > 0)]) as $with
  | section("bound"; "The bound, and what was measured";
      if ($all | length) == 0 then
        absent(no_bound_text;
          "tools/boot --json build/run.json -- /bin/stress --slot 4 --json")
      else
        ("Under a fair lock a call waits for no more than one hold of each other CPU and a hand-over each: (CPUs − 1) × longest hold + CPUs × longest hand-over. For an unfair lock the same figure is what a fair one would keep. The figures are this run's own, the host's stops included: that they agree checks the order of service; it promises no time." | p),
        table("Bound against measured";
          ["lock", "fair", "#CPUs", "#longest hold", "#longest hand-over",
           "#bound", "#longest wait", "#noise floor", "#margin", "#beyond it", "#n"];
          $all | bound_rows($run)),
        (if ($with | length) > 0 then
          side_by_side(range(0; $with | length) as $i
            | plot("bound-\($i)";
                "\($with[$i].label): waits by how many calls were ahead on arrival, each with its bound.")),
          ($with[] | queue_table($run))
        else empty end)
      end);
