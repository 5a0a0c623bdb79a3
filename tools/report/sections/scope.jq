# SPDX-License-Identifier: MIT
# What the scope counted from outside: instructions with interrupts off.
include "figures";
include "html";
include "run";

def ends:
  def by: if . then " by <code>\(. | @html)</code>" else "" end;
  {html: ("<code>\(.from | @html)</code>\(.from_caller | by) to "
    + "<code>\(.to | @html)</code>\(.to_caller | by)")};

def class_rows:
  map([section_name, (.n | count_text), (.min | count_text),
    (.median | count_text), quantile(.n; 100; .p99 | count_text),
    quantile(.n; 1000; .p999 | count_text),
    (.max | count_text), (.n | rule_of_three)]);

def scope_section:
  . as $run
  | .scope as $scope
  | section("scope"; "From outside: the scope";
      if $scope == null then
        absent("The scope did not watch this run.";
          "tools/boot --scope --icount --smp 1 --json build/run.json -- /bin/stress --json")
      else
        ("A plugin of the emulator counted what each CPU executed with interrupts off, without a single instruction added to the guest."
         + (if $run.icount then " Under --icount the counts repeat exactly"
            + (if $run.smp > 1 then ", but for maxima, in which the CPUs' turns are." else "." end)
            else " Without --icount, what a CPU waited for others is in them." end)
         | p),
        (if any($scope.classes[]; .class == "custom") then
          side_by_side(plot("scope";
            "Custom calls: how many kept interrupts off for how many instructions."))
         else empty end),
        table("Instructions with interrupts off, by how it began";
          ["class", "#n", "#min", "#median", "#99 %", "#99.9 %", "#max",
           "#chance of a longer one"];
          $scope.classes | class_rows),
        table("The longest sections by their ends";
          ["class", "ends", "#CPU", "#n", "#longest"];
          $scope.sections | sort_by(-.max) | map(select(.class != "boot"))
          | .[:12] | map([section_name, ends, .cpu, (.n | count_text),
              (.max | count_text)])),
        (select($scope.sections_lost + $scope.flags_unknown > 0)
         | "\($scope.sections_lost | plural("section")) found no room; at \($scope.flags_unknown | plural("return")) the flags could not be read."
         | p)
      end);
