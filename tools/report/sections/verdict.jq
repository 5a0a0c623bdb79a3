# SPDX-License-Identifier: MIT
# The verdict: a sentence, and a table of what was verified.
include "figures";
include "html";
include "run";

# {good, text}: the sentence; good is null where nothing was verified.
def verdict:
  [statements] as $all
  | ($all | map(select(.ok | not)) | length) as $failed
  | ($all | length) as $count
  | end_text as $ended
  | if $ended then {good: false, text: $ended}
    elif $failed > 0 then
      {good: false,
       text: "\($failed) of \($count | plural("statement")) that were verified did not hold."}
    elif .status != 0 then
      {good: false, text: "The program ended with status \(.status)."}
    elif $count == 0 then
      {good: null, text: "The program ended with status 0; nothing was verified."}
    else
      {good: true,
       text: (if $count == 1 then "The one statement that was verified held."
         else "All \($count) statements that were verified held." end)}
    end;

# What was run on what, as a clause.
def summary:
  "\(program_words[0] // "") "
  + "on \(.smp | plural("CPU")) of \(emulator) (\(.engine)); "
  + "the host has \(.host.cores | plural("core")).";

def verdict_section:
  [statements] as $all
  | [observations] as $seen
  | section("verdict"; "What was verified";
      if ($all | length) == 0 then
        absent("No statement was verified in this run.";
          "tools/boot --json build/run.json -- /bin/stress --json")
      else
        table("Each statement, and whether it held"; ["of", "statement", "verdict"];
          $all | sort_by(.ok) | map([.what, .text, (.ok | mark)]))
      end,
      (if ($seen | length) > 0 then
        table("Seen, not verified: it could not have failed"; ["of", "what"];
          $seen | map([.what, .text]))
      else empty end));
