# SPDX-License-Identifier: MIT
# What the report, the comparison and the sweep ask of a run of tools/boot
# (docs/formats.md).
include "figures";
include "html";

# Whether `.` is a run.
def is_run: type == "object" and .tollgate == 1 and (.records | type) == "array";

def records($type): .records[] | select(.type == $type);

# The records of runs in which all CPUs hammered a slot, each with its `label`: the
# slot's name, its lock and, where another record has both, its place among all.
def hammers:
  [.records[] | select(.plan and .findings)
   | .label = .plan.name + (if .plan.lock then ", " + .plan.lock else "" end)]
  | . as $all
  | range(0; length) as $i
  | $all[$i]
  | .label as $name
  | if [$all[] | select(.label == $name)] | length > 1
    then .label += " (\($i + 1))" else . end;

# Whether time in it is a count, which repeats exactly.
def is_exact: .icount or .machine == "bochs";

# Whether a cycle is an instruction of the one CPU.
def counts_instructions: .icount and .smp == 1;

# Cycles as this run means them.
def cost_text($run; $hz):
  if . != null and ($run | counts_instructions) then
    (if $hz == 0 then . else . * 1e9 / $hz end) as $instructions
    | $instructions | count_text + " instr."
  else cycles_text($hz)
  end;

# A maximum in cycles as a cell; marked where it is not above the noise floor.
def max_text($run; $hz; $noise):
  if . != null and $noise != null and . <= $noise and ($run | is_exact | not)
  then cost_text($run; $hz) | host_mark
  else cost_text($run; $hz)
  end;

# The largest noise before or after, in cycles: of a record with figures of all
# CPUs, and on any CPU of one that has them. Null: nobody watched.
def record_noise:
  [.noise_before, .noise_after] | max | if . == 0 then null else . end;
def noise_floor: [.cpus[] | record_noise] | max;

# How long each CPU was watched for noise, before and again after, or null where
# the run does not say.
def watch_text:
  [(hammers.plan.noise_us, records("latency").noise_us) | select(. != null and . > 0)] | max
  | if . then . * 1000 | ns_text else null end;

def engine_name:
  if .sweep then .sweep.engine
  elif .machine == "bochs" then "bochs"
  elif .icount then "icount"
  else (.accel | split(",")[0])
  end;

def emulator:
  if .machine == "bochs" then "Bochs " + (.host.bochs // "?")
  else "QEMU " + ((.host.qemu // "?") | split(" ")[0])
  end;

# A word as the shell reads it, quoted where it must be.
def shell_word:
  if test("^[A-Za-z0-9_.,:/=+@%-]+$") then . else @sh end;

# The program and its arguments.
def program_words:
  def words:
    if length == 0 then .
    elif .[0] == "--" then .[1:]
    elif .[0] | IN("--icount", "--tty", "--gdb", "--scope") then .[1:] | words
    elif .[0] | startswith("-") then .[2:] | words
    else . end;
  .command | words;

# The command line that repeats it.
def command_line: "tools/boot " + (.command | map(shell_word) | join(" "));

# How it ended, as a sentence, or null if its program ran to its end.
def end_text:
  (first(records("panic")) // null) as $panic
  | (first(records("failed")) // null) as $failed
  | if $panic then "The kernel panicked: \($panic.message)."
    elif $failed then "The program could not be started: \($failed.reason)."
    elif any(records("exit"); true) then null
    elif .status == 124 then "The run hung and was stopped."
    elif .status == 125 then "The machine stopped without a report."
    else null
    end;

# Every statement that was verified: {what, ok, text}. Beside them, what was seen and
# could not have failed: {what, text}.
def statements:
  (hammers as $h | $h.findings[] | {what: $h.label, ok, text}),
  (records("sample").calls[]
    | {what: "sample", ok,
       text: "SysCustom(3, 4) by a process of type \(.type_id) returned \(.result)"}),
  (records("price")
    | select(.ok != null)
    | {what: "price", ok,
       text: "no slot cost more instructions than it may"});
def observations: hammers as $h | ($h.notes // [])[] | {what: $h.label, text: .};

# Calls that a load made, whose times nobody kept.
def loads: records("latency").load | values;

# What a file's values are: "run", "sweep", or what else, in words.
def input_kind:
  if length == 0 then "nothing"
  elif all(.[]; is_run | not) then "JSON of another kind"
  elif any(.[]; is_run | not) then "something that is no run among runs"
  elif all(.[]; .sweep) then "sweep"
  elif length > 1 then "several runs that are no sweep"
  else "run"
  end;

# Whether a kind of lock serves in the order of arrival.
def fair: . != null and . != "tas" and . != "ttas";

# A class or a section of the scope by name.
def section_name:
  .class
  + (if .slot != null then ", slot \(.slot)" elif .vector != null then " \(.vector)"
     else "" end)
  + (if .name then ", " + .name else "" end);

# What /bin/tolls has read of slots, in the shape of a hammer's record.
def slot_tolls:
  records("tolls")
  | . + {label: (.name + (if .lock then ", " + .lock else "" end)),
         plan: {name, lock}, total: .toll,
         cpus: [{noise_before, noise_after}]};
