# SPDX-License-Identifier: MIT
# The calls that kept interrupts off longest, and what each type cost.
include "figures";
include "html";
include "run";

def receipts_section:
  . as $run
  | [hammers | select(.total) | . as $h | .total | worst_receipts | .[:5][]
     | . + {label: $h.label, hz: $h.cycles_per_sec, noise: ($h | noise_floor),
            n: $h.total.off.n}] as $worst
  | section("receipts"; "Worst receipts";
      if ($worst | length) == 0 then
        absent("No call was measured in this run.";
          "tools/boot --json build/run.json -- /bin/stress --toll on --json")
      else
        table("The calls that kept interrupts off longest";
          ["of", "#CPU", "#type ID", "#off", "#wait", "#hold", "#noise floor",
           "#queue", "#ticket", "#entry", "#overtaken by", "#called from", "#n"];
          $worst | map(.hz as $hz | [.label, .cpu, .type_id,
            (.noise as $noise | .off | max_text($run; $hz; $noise)), (.wait | cost_text($run; $hz)),
            (.hold | cost_text($run; $hz)), (.noise | cost_text($run; $hz)),
            (.queue // "–"), (.ticket | count_text), (.entry | count_text),
            (.overtakes | count_text), (.rip | hex_text | code),
            (.n | count_text)]))
      end);

def types_section:
  . as $run
  | [hammers | select(.total.types) | . as $h | .total.types[]
     | . + {label: $h.label, hz: $h.cycles_per_sec, noise: ($h | noise_floor)}] as $types
  | if ($types | length) == 0 then empty
    else
      section("types"; "By type ID";
        table("What the calls of each type cost";
          ["of", "#type ID", "#calls", "#off, average", "#off, longest",
           "#noise floor"];
          $types | map(.hz as $hz | [.label, (.type_id // "others"), (.calls | count_text),
            (if .calls > 0 then .off_sum / .calls | cost_text($run; $hz) else "–" end),
            (.noise as $noise | .off_max | max_text($run; $hz; $noise)), (.noise | cost_text($run; $hz))])))
    end;
