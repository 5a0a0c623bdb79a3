# SPDX-License-Identifier: MIT
# The timelines of a run as Chrome's trace events, which Perfetto shows: a track
# for each CPU (interrupts off, within that waits and holds), one for each
# resource (who holds it), and an arrow for each hand-over.
include "run";

# Times in microseconds from the first arrival of the run.
def trace:
  .[0]
  | [records("timeline")] as $timelines
  | ([$timelines[].receipts[].arrived] | min) as $zero
  | def metadata($what; $pid; $tid; $name):
      {ph: "M", name: $what, pid: $pid, tid: $tid, args: {$name}};
    def slice($name; $category; $pid; $tid; $from; $to; $args):
      {ph: "X", $name, cat: $category, $pid, $tid, ts: $from,
       dur: ($to - $from), $args};
  {displayTimeUnit: "ns",
   otherData: {command: command_line, engine,
     cores_of_host: (.host.cores | tostring)},
   traceEvents: (
     [metadata("process_name"; 1; 0; "CPUs"),
      metadata("process_name"; 2; 0; "Resources"),
      ([$timelines[].receipts[].cpu] | unique[]
       | metadata("thread_name"; 1; .; "CPU \(.)")),
      (range(0; $timelines | length) as $i
       | metadata("thread_name"; 2; $i; "\($timelines[$i].resource), \($timelines[$i].lock)"))]
     + ([range(0; $timelines | length) as $i
         | $timelines[$i]
         | .cycles_per_sec as $hz
         | def at: (. - $zero) * 1e6 / $hz;
           (.receipts | sort_by(.granted)) as $calls
         | ($calls[]
            | {ticket, slot, type_id} as $args
            | slice("interrupts off"; "off"; 1; .cpu; .arrived | at;
                .left | at; $args),
              slice("waits"; "wait"; 1; .cpu; .queued | at; .granted | at;
                $args),
              slice("holds"; "hold"; 1; .cpu; .granted | at; .released | at;
                $args),
              slice("CPU \(.cpu)"; "hold"; 2; $i; .granted | at;
                .released | at; $args)),
           (range(1; $calls | length) as $k
            | {name: "hand-over", cat: "hand-over", pid: 1,
               id: "\($i).\($k)"} as $arrow
            | ($arrow + {ph: "s", tid: $calls[$k - 1].cpu,
                ts: ($calls[$k - 1].released | at)}),
              ($arrow + {ph: "f", bp: "e", tid: $calls[$k].cpu,
                ts: ($calls[$k].granted | at)}))]
        | sort_by([.ts, -(.dur // 0)])))};
