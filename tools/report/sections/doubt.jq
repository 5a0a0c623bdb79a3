# SPDX-License-Identifier: MIT
# How far the figures can be trusted.
include "figures";
include "html";
include "run";

def doubt_section:
  section("doubt"; "How sure this is";
    (if is_exact then
      "Time in this run is a count that the emulator keeps (\(.engine)): the same command gives the same figures on any host\(if .icount and .smp > 1
        then ", but for maxima, in which the CPUs' turns are" else "" end). It says what calls cost and in which order CPUs were served, not how fast a machine is."
    else
      "Times are readings of the time-stamp counter under \(emulator) (\(.engine)) on \(.host.cores | plural("core")). The host stops the machine at will, also with a lock held; the noise floor is the largest gap that a loop with interrupts off and nothing else to do saw just before and after\(watch_text | if . then ", watching \(.) on each CPU each time" else ", in a few milliseconds on each CPU" end). Longer stops are rare and may have missed the watch: a maximum above the floor may be the host's, too, and one below it need not be."
    end | p),
    ({html: "Where n samples were taken and none exceeded the maximum, the chance that the next one does is below 3/<i>n</i> (at 95 %, the rule of three)."} | p),
    ([hammers] as $all
     | . as $run
     | if ($all | length) == 0 then empty
       else
         table("The noise floor of each CPU, before and after";
           ["of", "#CPU", "#before", "#after", "#calls"];
           [$all[] | .cycles_per_sec as $hz | .label as $name | .cpus[]
            | [$name, .cpu, (.noise_before | cost_text($run; $hz)),
               (.noise_after | cost_text($run; $hz)), (.calls | count_text)]])
       end));
