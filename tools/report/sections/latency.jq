# SPDX-License-Identifier: MIT
# How late timers were answered, and on whose account.
include "figures";
include "html";
include "run";

# The noise floor of one thread, or of the record, in ns.
def thread_noise($record):
  record_noise // ($record | record_noise)
  | if . then . / $record.clock_hz * 1e9 else null end;

def threads_table($run):
  . as $record
  | table("How late timers were answered";
      ["#CPU", "#min", "#average", "#max", "#noise floor", "#n", "#chance of a later one",
       "#spoiled", "#max of the others", "#missed", "#beyond the histogram"];
      .threads | map(thread_noise($record) as $noise
        | [.cpu, (.min_ns | ns_text), (.avg_ns | ns_text),
           (.max_ns | max_text($run; 1e9; $noise)), ($noise | ns_text),
           (.n | count_text), (.n | rule_of_three), (.spoiled | count_text),
           (.max_unspoiled_ns | ns_text), (.missed | count_text),
           (.overflows | count_text)]));

# Of how many samples nothing that was measured explains the lateness.
def spoiled_text:
  ([.threads[].n] | add) as $n
  | if .judged == false then
      "How many samples are spoiled is not known: nothing told whose doing their lateness is."
    else
      "\(.spoiled | plural("sample")) of \($n | count_text) \(if .spoiled == 1 then "was" else "were" end) spoiled: late by more than 4 times what is late on a quiet CPU, and no measured section explains it. That it was the machine below is likely, not seen. Spoiled samples are in the figures, not dropped."
    end
  + if .load then " Meanwhile ordinary threads on these CPUs made \(.load.calls | plural("call")) of slot \(.load.slot), \(.load.slot_name)(\(.load.arg))."
    else "" end;

def what:
  if .mode == "shot" then "Timers armed for a known instant"
  else "Periodic wake-ups, as cyclictest makes them"
  end;

def latency_section:
  . as $run
  | [records("latency")] as $records
  | section("latency"; "Latency";
      if ($records | length) == 0 then
        absent("This run measured no latency."; "make latency")
      else
        range(0; $records | length) as $i
        | $records[$i]
        | wide_plot("latency-\($i)";
            "\(what), every \(.interval_ns | ns_text), \(.policy) at priority \(.priority): how many samples were how late. Counts are logarithmic, so that a single late one shows."),
          threads_table($run),
          (spoiled_text | p)
      end);

# Who held interrupts off, in words.
def culprit:
  def place: if type == "number" then hex_text else . end | code | .html;
  if .phase == "kernel" and .from then
    {html: "\(.from | place) to \(.to // "?" | place)"}
  elif .phase == "handler" and .vector then "interrupt \(.vector)"
  elif .slot == null or .slot < 0 then "–"
  else "slot \(.slot)" + (if .slot_name then ", \(.slot_name)" else "" end)
  end;

def phase_text:
  {wait: "waiting for a lock", hold: "inside a callout",
   gate: "in the gate", handler: "in an interrupt handler",
   kernel: "in a section of the kernel", none: "none of these: the timer's own path, or the machine below"}[.phase] // .phase;

def blame_section:
  ([records("latency") | select(.blame)
    | (record_noise // empty) / .clock_hz * 1e9] | max) as $noise
  | [records("latency") | select(.blame) | .blame[]] as $blame
  | ([records("latency").blame_dropped // 0] | add // 0) as $dropped
  | section("blame"; "Blame";
      if ($blame | length) == 0 then
        absent(if any(records("latency"); true) then "This run measured latency, but kept nothing of whose doing it was."
          else "This run measured no latency, so there is nobody to blame." end;
          "make latency MODE=shot")
      else
        ("Each sample's lateness, from the due instant to its handler, is split over the sections that cover it." | p),
        table("Whose interrupts-off time made samples late; noise floor \($noise | ns_text)";
          ["when", "who", "#type ID", "#samples", "#late in all", "#worst", "#that section, whole"];
          $blame | sort_by(-.sum_ns) | map([phase_text, culprit,
            (.type_id // "–"), (.n | count_text), (.sum_ns | ns_text),
            (.max_ns | ns_text), (.whole_ns | ns_text)])),
        ($dropped | if . > 0 then "\(plural("part")) of samples found no row in this table." | p else empty end)
      end);
