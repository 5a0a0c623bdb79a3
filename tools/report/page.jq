# SPDX-License-Identifier: MIT
# The report of a run, or of a sweep, as a page: the verdict first. Style sheet and plots are
# comments that tools/report/report fills in.
include "figures";
include "html";
include "run";
include "sections/verdict";
include "sections/origin";
include "sections/latency";
include "sections/times";
include "sections/waits";
include "sections/receipts";
include "sections/kernel";
include "sections/scope";
include "sections/doubt";
include "sections/sweep";

def links:
  "<nav aria-label=\"Sections\">"
  + (map("<a href=\"#\(.[0])\">\(.[1])</a>") | join(" ")) + "</nav>";

def contents:
  [["run", "What was run"], ["times", "Costs"], ["timeline", "Hand-overs"],
   ["bound", "Bound"], ["latency", "Latency"], ["blame", "Blame"],
   ["receipts", "Receipts"], ["kernel", "Kernel"], ["scope", "Scope"],
   ["price", "Instructions"],
   ["doubt", "How sure"]] | links;

def page($title; $verdict; $summary; $nav; sections):
  "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
  "<meta name=\"color-scheme\" content=\"light dark\">",
  "<title>\($title | @html)</title>",
  "<style>", "<!--style-->", "</style></head><body>",
  "<header><p class=\"eyebrow\">\($title | @html)</p>",
  "<h1 class=\"\(if $verdict.good == null then "neutral" elif $verdict.good then "good" else "bad" end)\">\($verdict.text | @html)</h1>",
  "<p class=\"summary\">\($summary | @html)</p>\($nav)</header><main>",
  sections,
  "</main></body></html>";

def run_page:
  .[0]
  | page("Tollgate, \(.started | sub("T"; " ") | sub("Z"; " UTC"))"; verdict;
    summary; contents;
    verdict_section, origin_section, times_section, tolls_section, timeline_section,
    bound_section, latency_section, blame_section, receipts_section,
    types_section, kernel_section, scope_section, price_section, doubt_section);

def sweep_contents:
  [["waits", "Waits"], ["rates", "Rates"], ["runs", "Every run"],
   ["run", "What was run"], ["doubt", "How sure"]] | links;

def sweep_page:
  page("Tollgate sweep, \(map(.started) | min | sub("T"; " ") | sub("Z"; " UTC"))";
    sweep_verdict; sweep_summary; sweep_contents;
    verified_section, bad_section, waits_section, rates_section, runs_section,
    sweep_origin_section, sweep_doubt_section);
