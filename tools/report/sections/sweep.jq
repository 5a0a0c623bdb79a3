# SPDX-License-Identifier: MIT
# The sections of a sweep's report.
include "figures";
include "html";
include "run";
include "sweep";
include "sections/origin";

# {good, text}: the verdict on all runs.
def sweep_verdict:
  sweep_runs
  | length as $count
  | (map(select(run_verdict != "ok")) | length) as $bad
  | if $bad > 0 then
      {good: false, text: "\($bad) of \($count | plural("run")) did not hold what it promised."}
    else {good: true, text: "All \($count | plural("run")) held what they promised."}
    end;

def sweep_summary:
  sweep_runs
  | "\(map(.sweep.lock) | unique | join(", ")) on \(map(.sweep.cpus) | unique
      | map(tostring) | join(", ")) CPUs; holds of \(map(.sweep.hold) | unique
      | map(tostring) | join(", ")) turns; engines: \(map(.sweep.engine)
      | unique | join(", ")); \(map(.sweep.count) | unique | map(tostring)
      | join(", ")) calls on each CPU.";

# A row of what all runs must hold: of those that it is about, how many did.
def promise($text; about; holds):
  [sweep_runs[] | hammer | select(. != null) | select(about)] as $runs
  | ($runs | map(select(holds)) | length) as $held
  | select($runs | length > 0)
  | [$text, ($runs | length | count_text), ($held | count_text),
     ($held == ($runs | length) | mark)];

def verified_section:
  def is_fair: .plan.lock | fair;
  section("verdict"; "What was verified";
    table("What every run must hold"; ["statement", "#runs", "#held", "verdict"];
      [["the run came to its end", (sweep_runs | length | count_text),
        (sweep_runs | map(select(hammer and end_text == null)) | length | count_text),
        (sweep_runs | all(.[]; hammer and end_text == null) | mark)],
       promise("every result was right"; true; .wrong == 0),
       promise("no update was lost"; .lost != null; .lost == 0),
       promise("the tolls counted every call"; .total; .total.calls == .calls),
       promise("nobody was overtaken under a fair lock"; .total and is_fair;
         .total.overtakes == 0),
       promise("the longest wait was within the bound under a fair lock";
         .bound and is_fair;
         .bound.max_wait <= .bound.bound and (.bound.broken // 0) == 0)]));

def bad_section:
  [sweep_runs[] | select(run_verdict != "ok")] as $bad
  | if ($bad | length) == 0 then empty
    else
      section("bad"; "Runs that failed";
        table("Runs that failed"; ["lock", "#CPUs", "#hold", "engine", "why"];
          $bad | map([.sweep.lock, .sweep.cpus, .sweep.hold, .sweep.engine,
            {html: "<span class=\"bad\">\(run_verdict | @html)</span>"}])))
    end;

def waits_section:
  places as $places
  | section("waits"; "Wait against CPUs";
      ("The longest wait of any call, with interrupts off, on more and more CPUs, by how long each call holds." | p),
      side_by_side($places[]
        | plot("wait-" + place_name;
            "\(.engine), \(.hold | plural("turn")) of the callout's loop held\(place_count).")));

def rates_section:
  places as $places
  | section("rates"; "Calls a second against CPUs";
      ("All CPUs together. Under icount and Bochs a second is one of virtual time." | p),
      side_by_side($places[]
        | plot("rate-" + place_name;
            "\(.engine), \(.hold | plural("turn")) held\(place_count).")));

def runs_section:
  section("runs"; "Every run";
    table("Every run of the sweep";
      ["lock", "#CPUs", "#hold", "#calls each", "engine", "#lost", "#overtaken", "#by most",
       "#Jain", "#median wait", "#worst wait", "#bound", "#noise floor", "#n",
       "#chance of a longer one", "verdict"];
      sweep_runs | map(. as $run
        | hammer as $h
        | ($h.cycles_per_sec // 0) as $hz
        | (if $h then $h | noise_floor else null end) as $noise
        | [.sweep.lock, .sweep.cpus, .sweep.hold, .sweep.count, .sweep.engine,
           ($h.lost | count_text), ($h.total.overtaken | count_text),
           ($h.total.max_overtakes | count_text), ($h.jain | real_text),
           ($h.total.wait.median | cost_text($run; $hz)),
           ($h.total.wait.max | max_text($run; $hz; $noise)),
           (if .sweep.lock | fair then $h.bound.bound else null end
            | cost_text($run; $hz)),
           ($noise | cost_text($run; $hz)), ($h.total.wait.n | count_text),
           (if $h.total then $h.total.wait.n | rule_of_three else "–" end),
           (run_verdict == "ok" | mark)])));

def sweep_origin_section:
  sweep_runs[0] as $first
  | section("run"; "What was run";
      ((if $first.git == null then "" else "git checkout \($first.git.commit[:12]) && make iso\n" end)
       + ([group_by(.sweep.count)[]
           | "tools/sweep" +
             ([["--locks", (map(.sweep.lock) | unique | join(" "))],
               ["--cpus", (map(.sweep.cpus) | unique | map(tostring) | join(" "))],
               ["--holds", (map(.sweep.hold) | unique | map(tostring) | join(" "))],
               ["--engines", (map(.sweep.engine) | unique | join(" "))],
               ["--count", "\(.[0].sweep.count)"]]
              | map(" \(.[0]) '\(.[1])'") | join(""))]
          | join("\n"))
       | command),
      ("The first of the runs, to repeat it alone; the others differ in lock, CPUs, hold, engine and count of calls, and the file has the host of each:" | p),
      ($first | command_line | command),
      ($first | origin_list));

def sweep_doubt_section:
  section("doubt"; "How sure this is";
    ("A tcg run is timed by the host's clock, and the host stops the machine at will: each worst wait has the noise floor of its own run beside it. icount and Bochs count: what they show repeats exactly on any host, but for the longest of several CPUs under icount. It runs CPUs in turn, so it shows what calls cost, not how they compete." | p));
