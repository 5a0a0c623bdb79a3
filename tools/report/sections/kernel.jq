# SPDX-License-Identifier: MIT
# What the kernel itself keeps interrupts off for, and what a call costs in
# instructions.
include "figures";
include "html";
include "run";

# The largest noise that any record of the run saw, in seconds, or null.
def run_noise:
  [(hammers | select(.cycles_per_sec > 0)
    | (noise_floor // empty) / .cycles_per_sec),
   (records("latency") | (record_noise // empty) / .clock_hz)] | max;

def kernel_section:
  . as $run
  | run_noise as $seconds
  | [records("kernel_sections")] as $records
  | section("kernel"; "The kernel's own interrupts-off sections";
      if ($records | length) == 0 then
        absent("This run keeps no list of the kernel's own sections.";
          "tools/boot --append toll=full --json build/run.json -- /bin/stress --toll full --json")
      else
        $records[]
        | .cycles_per_sec as $hz
        | .n as $n
        | (record_noise // ($seconds | values | . * $hz) // null) as $noise
        | table("The longest of \($n | plural("section")) outside of custom calls";
            ["kind", "off at", "on again at", "#CPU", "#off", "#noise floor"];
            .worst | map([(.kind // "–"), (.from | code), (.to | code), .cpu,
              (.cycles | max_text($run; $hz; $noise)),
              ($noise | cost_text($run; $hz))])),
          ("\(.n | plural("section")), longest \(.max | cost_text($run; $hz)), "
           + "\(.sum | cost_text($run; $hz)) in all, noise floor \($noise | cost_text($run; $hz)); the chance of a longer one: \($n | rule_of_three)."
           + (if (.missed // 0) > 0 then " \(.missed | plural("end")) were missed: these figures can not be trusted." else "" end)
           | p)
      end);

def slots_prices:
  table("Guest instructions from the program's call to the one after it";
    ["#slot", "name", "#called", "#measured", "#refused", "#fenced off"];
    .slots | map([.slot, .name, (.instructions | count_text),
      (.instructions_measured | count_text),
      (.instructions_refused | count_text),
      (.instructions_fenced | count_text)])),
  ("The least of n = \(.n | count_text) for each, with which at least \(.agree | count_text) agree."
   + (if .instructions_getppid then " An ordinary call, getppid: \(.instructions_getppid)."
      else "" end) | p);

def locks_prices:
  table("Guest instructions of a call of slot \(.slot), by its lock";
    ["lock", "#called", "#measured"];
    .locks | map([.lock, (.instructions | count_text),
      (.instructions_measured | count_text)])),
  ("The least of n = \(.n | count_text) for each." | p);

def price_section:
  [records("price"), records("lock_prices")] as $records
  | section("price"; "Instructions of a call";
      if ($records | length) == 0 then
        absent("This run keeps no counts of instructions of calls.";
          "tools/boot --icount --smp 1 --json build/run.json -- /bin/price")
      else
        $records[] | if .type == "price" then slots_prices else locks_prices end
      end);
