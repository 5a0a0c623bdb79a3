# SPDX-License-Identifier: MIT
# What is wrong with a trace of tools/trace: a line for each violation.

# A picosecond: what the two roundings of an end may differ by.
def tolerance: 1e-6;
def end_of: .ts + .dur;

def named($events; $ph): [$events[] | select(.ph == $ph)];

# Slices in the order of their starts, none of which overlaps the next one.
def overlaps($what):
  sort_by(.ts) as $s
  | range(1; $s | length) as $i
  | select($s[$i].ts < ($s[$i - 1] | end_of) - tolerance)
  | "\($what): \($s[$i].args) begins at \($s[$i].ts), before \($s[$i - 1].args) ends";

.traceEvents as $events
| [$events[] | select(.ph != "M")] as $timed
| named($timed; "X") as $slices
| (if ($slices | length) == 0 then "no slices" else empty end),
  (range(1; $timed | length) as $i
   | select($timed[$i].ts < $timed[$i - 1].ts)
   | "events are not in the order of time at \($timed[$i].ts)"),
  ($timed[] | select(.ts < 0) | "an event before the beginning: \(.ts)"),
  ($slices[] | select(.dur < 0) | "a slice that ends before it begins: \(.)"),
  # One holder at a time: the lock's own invariant.
  ([$slices[] | select(.pid == 2)] | group_by(.tid)[]
   | overlaps("resource \(.[0].tid), two holders")),
  # A CPU makes one call at a time, and waits and holds within it.
  ([$slices[] | select(.pid == 1 and .cat == "off")] | group_by(.tid)[]
   | overlaps("CPU \(.[0].tid), two calls at once")),
  ([$slices[] | select(.pid == 1 and .cat == "off")] as $offs
   | $slices[] | select(.pid == 1 and .cat != "off")
   | . as $part
   | select([$offs[] | select(.tid == $part.tid
       and .ts <= $part.ts + tolerance
       and end_of >= ($part | end_of) - tolerance)] | length != 1)
   | "CPU \(.tid): \(.cat) of \(.args) is not within one call"),
  # An arrow leads from a release to the next grant, never back in time.
  ($timed | map(select(.id)) | group_by(.id)[]
   | sort_by(.ph) as $arrow
   | select(($arrow | map(.ph)) != ["f", "s"]
       or $arrow[0].ts < $arrow[1].ts - tolerance)
   | "the hand-over \($arrow[0].id) has no two ends, or leads back"),
  # Every track has a name.
  ([$slices[] | [.pid, .tid]] | unique[] as [$pid, $tid]
   | select([$events[] | select(.name == "thread_name" and .pid == $pid
       and .tid == $tid)] | length != 1)
   | "track \($pid) \($tid) has no name, or more than one")
