# SPDX-License-Identifier: MIT
# A sweep as a table of text: lines of fields with tabs between them, the first
# of them the heads ("#": a figure), for tools/report/columns.awk. An unfair lock has
# no bound (docs/locks.md).
include "figures";
include "run";
include "sweep";

def summary:
  (["lock", "#CPUs", "#hold", "engine", "#lost", "#overtaken", "#by most",
    "#worst wait", "#bound", "#noise", "#n", "verdict"] | join("\t")),
  (sweep_runs[] | . as $run
   | hammer as $h
   | ($h.cycles_per_sec // 0) as $hz
   | [.sweep.lock, .sweep.cpus, .sweep.hold, .sweep.engine,
      ($h.lost | count_text), ($h.total.overtaken | count_text),
      ($h.total.max_overtakes | count_text),
      ($h.total.wait.max | cost_text($run; $hz)),
      (if .sweep.lock | fair then $h.bound.bound else null end
       | cost_text($run; $hz)),
      (if $h then $h | noise_floor | cost_text($run; $hz) else "–" end),
      ($h.total.wait.n | count_text), run_verdict]
   | map(tostring) | join("\t"));
