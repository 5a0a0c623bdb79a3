# SPDX-License-Identifier: MIT
# Figures as people read them, as usr/program/figures.c prints them in the
# guest, and what can be said about a maximum.

# A number with so many digits after the point.
def fixed(decimals):
  (if . < 0 then "-" else "" end) as $sign
  | pow(10; decimals) as $scale
  | (fabs * $scale | round) as $scaled
  | ($scaled / $scale | floor | tostring) as $whole
  | if decimals == 0 then $sign + $whole
    else
      ($scaled % $scale | tostring) as $part
      | $sign + $whole + "." + ("0" * (decimals - ($part | length)) // "")
        + $part
    end;

# "1,234,567"
def count_text:
  if . == null then "–"
  elif . < 0 then "−" + (-. | count_text)
  else
    (round | tostring) as $digits
    | ($digits | length % 3) as $head
    | [$digits[:$head] | select(. != "")]
      + [range($head; $digits | length; 3) as $at | $digits[$at:$at + 3]]
    | join(",")
  end;

# Seconds as a time of three digits or so: "812 ns", "1.24 µs".
def seconds_text:
  def scaled($unit; $next):
    if $next == null or . >= 1 then
      (if $next == null or . >= 100 then 0 elif . >= 10 then 1 else 2 end) as $n
      | fixed($n) + " " + $unit
    else null
    end;
  scaled("s"; 1) // (. * 1e3 | scaled("ms"; 1)) // (. * 1e6 | scaled("µs"; 1))
  // (. * 1e9 | scaled("ns"; null));

def ns_text: if . == null then "–" else . / 1e9 | seconds_text end;

# Cycles of a clock as a time; its rate 0 is one that is not known.
def cycles_text($hz):
  if . == null then "–"
  elif $hz == 0 then count_text + " cycles"
  else . / $hz | seconds_text
  end;

# A quantile, or a dash where fewer than `$least` samples make it no more than the
# maximum.
def quantile($n; $least; text): if $n < $least then "–" else text end;

# Text, or "1 call", "2 calls".
def plural($noun): count_text + " " + $noun + (if . == 1 then "" else "s" end);

# The rule of three: with n samples and none above the maximum, the chance of a
# longer one is below 3/n (95 %).
def rule_of_three:
  if . < 3 then "any" else "< 1 in " + (. / 3 | floor | count_text) end;

# A real with three digits after the point, or a dash.
def real_text: if . == null then "–" else fixed(3) end;

def percent_text: . * 100 | fixed(1) + " %";

# "0x40512a"
def hex_text:
  def digits: if . < 16 then [.] else (. / 16 | floor | digits) + [. % 16] end;
  "0x" + (digits | map("0123456789abcdef"[.:. + 1]) | join(""));
