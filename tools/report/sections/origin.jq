# SPDX-License-Identifier: MIT
# What was run: everything needed to repeat it.
include "figures";
include "html";
include "run";

def commit_text:
  if .git == null then "not known"
  else .git.commit + (if .git.dirty then ", and files that differ from it" else "" end)
  end;

# Commit, machine and host of a run, as a list.
def origin_list:
  "<dl>" + ([
    (["commit", commit_text],
     ["machine", "\(.smp | plural("CPU")), \(.mem) MiB, \(.firmware | ascii_upcase)"],
     ["engine", "\(emulator), \(.engine)"],
     ["kernel options", if .append == "" then "none" else .append end],
     ["type ID", .type],
     ["host", "\(.host.cores | plural("core")) of \(.host.cpu); \(.host.system), \(.host.kernel)"],
     ["emulator", (.host.qemu // .host.bochs // "not known")],
     ["started", "\(.started | sub("T"; " ") | sub("Z"; " UTC")), for \(.seconds) s"],
     ["exit status", .status]
     | "<dt>\(.[0])</dt><dd>\(.[1] | html)</dd>"),
    (.inputs[]
     | "<dt>\(.file | @html)</dt><dd class=\"hash\">SHA-256 \(.sha256)</dd>")]
    | join("\n")) + "</dl>";

def origin_section:
  section("run"; "What was run";
    ((if .git == null then "" else "git checkout \(.git.commit[:12]) && make iso\n" end)
     + command_line | command),
    origin_list);
