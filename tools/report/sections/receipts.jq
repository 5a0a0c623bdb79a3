# SPDX-License-Identifier: MIT
# The calls that kept interrupts off longest, and what each type cost.
include "figures";
include "html";
include "run";

def receipt_row($run):
  .hz as $hz
  | .noise as $noise
  | .lock as $lock
  | def of_lock(f): if $lock then f else "–" end;
    [.label, .cpu, .type_id, (.off | max_text($run; $hz; $noise)),
     of_lock(.wait | cost_text($run; $hz)),
     (.median as $median
      | .hold
      | if . > 4 * $median then cost_text($run; $hz) | spoiled_mark
        else cost_text($run; $hz) end),
     ($noise | cost_text($run; $hz)), of_lock(.queue // "–"),
     of_lock(.ticket | count_text), of_lock(.entry | count_text),
     of_lock(.overtakes | count_text), (.rip | hex_text | code),
     (.n | count_text)];

def receipts_section:
  . as $run
  | [hammers | select(.total) | . as $h | .total.worst | .[:5][]
     | . + {label: $h.label, lock: $h.plan.lock, hz: $h.cycles_per_sec,
            noise: ($h | noise_floor), n: $h.total.off.n,
            median: $h.total.hold.median}] as $worst
  | section("receipts"; "Worst receipts";
      if ($worst | length) == 0 then
        absent("This run keeps no receipts.";
          "tools/boot --json build/run.json -- /bin/stress --toll on --json")
      else
        table("The calls that kept interrupts off longest";
          ["of", "#CPU", "#type ID", "#off", "#wait", "#hold", "#noise floor",
           "#queue", "#ticket", "#entry", "#overtaken by", "#called from", "#n"];
          $worst | map(receipt_row($run)))
      end);

def types_section:
  . as $run
  | [hammers | select(.total.types) | . as $h | .total.types[]
     | . + {label: $h.label, hz: $h.cycles_per_sec, noise: ($h | noise_floor)}]
    as $types
  | if ($types | length) == 0 then empty
    else
      section("types"; "By type ID";
        table("What the calls of each type cost";
          ["of", "#type ID", "#calls", "#refused", "#overruns", "#off, average",
           "#off, longest", "#noise floor"];
          $types | map(.hz as $hz | .noise as $noise
            | [.label, (.type_id // "others"), (.calls | count_text),
               (.refusals | count_text), (.overruns | count_text),
               (if .calls > 0 then .off_sum / .calls | cost_text($run; $hz)
                else "–" end),
               (.off_max | max_text($run; $hz; $noise)),
               ($noise | cost_text($run; $hz))])))
    end;
