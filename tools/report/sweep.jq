# SPDX-License-Identifier: MIT
# The runs of a sweep: each hammered one slot.
include "figures";
include "run";

# Its one record of that, or null if it broke off before.
def hammer: first(hammers) // null;

# The order in which locks are shown: fair ones first.
def lock_rank:
  {ticket: 1, ticket_pb: 2, mcs: 3, clh: 4, anderson: 5, tas: 6, ttas: 7}[.] // 8;

# The last run of each place in the sweep, in order.
def sweep_runs:
  group_by([.sweep.engine, .sweep.hold, .sweep.lock, .sweep.cpus, .sweep.count])
  | map(.[-1])
  | sort_by([.sweep.engine, .sweep.hold, (.sweep.lock | lock_rank),
      .sweep.cpus]);

# "ok", or why not.
def run_verdict:
  ([statements | select(.ok | not) | .text][0]) as $failure
  | if $failure then "FAILED: " + $failure
    elif end_text then "FAILED: " + end_text
    elif .status != 0 then "FAILED: status \(.status)"
    else "ok"
    end;

# Engine and hold of each plot, with the runs that belong there; and the count of calls,
# if a file has several.
def places:
  sweep_runs
  | (map(.sweep.count) | unique | length > 1) as $several
  | group_by([.sweep.engine, .sweep.hold, .sweep.count])
  | map({engine: .[0].sweep.engine, hold: .[0].sweep.hold,
         count: (if $several then .[0].sweep.count else null end),
         runs: map(select(hammer | .total != null))})
  | map(select(.runs | length > 0));

def place_name: "\(.engine)-\(.hold)" + (if .count then "-\(.count)" else "" end);
def place_count: if .count then ", \(.count | plural("call")) on each CPU" else "" end;
