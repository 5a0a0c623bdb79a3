# SPDX-License-Identifier: MIT
# HTML as strings. A cell or a paragraph is text, which is escaped here, or
# {html: TEXT}, which is not.

def html: if type == "object" then .html else tostring | @html end;

# Marks a maximum that is not above its noise floor; a table that has one says
# what that means, and what it does not.
def host_mark: {html: "\(html)<sup>h</sup>"};
def host_note:
  "<p class=\"note\"><sup>h</sup> not above the noise floor, so the host alone may have made it. The floor is what a short watch saw: a maximum above it may be the host's, too.</p>";

# Marks a time that something else than what is measured has made long.
def spoiled_mark: {html: "\(html)<sup>s</sup>"};
def spoiled_note:
  "<p class=\"note\"><sup>s</sup> spoiled: held more than 4 times the median, which the callout does not explain.</p>";

# A table with a caption for those who can not see it whole. A head that starts
# with "#" is a column of figures; the first cell of a row names it.
def table($caption; $heads; $rows):
  def is_figure($i): $heads[$i] | startswith("#");
  def head($i):
    "<th scope=\"col\"" + (if is_figure($i) then " class=\"n\"" else "" end)
    + ">" + ($heads[$i] | ltrimstr("#") | html) + "</th>";
  def cell($row; $i):
    if $i == 0 then
      "<th scope=\"row\"" + (if is_figure($i) then " class=\"n\"" else "" end)
      + ">" + ($row[$i] | html) + "</th>"
    else
      "<td" + (if is_figure($i) then " class=\"n\"" else "" end) + ">"
      + ($row[$i] | html) + "</td>"
    end;
  [range(0; $heads | length)] as $columns
  | "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"\($caption | @html)\"><table>"
    + "<caption>\($caption | @html)</caption><thead><tr>"
    + ($columns | map(head(.)) | join("")) + "</tr></thead><tbody>"
    + ($rows | map(. as $row
        | "<tr>" + ($columns | map(cell($row; .)) | join("")) + "</tr>")
      | join("\n"))
    + "</tbody></table></div>"
  | . + if contains("<sup>h</sup>") then host_note else "" end
  | . + if contains("<sup>s</sup>") then spoiled_note else "" end;

def p: "<p>" + html + "</p>";

def code: {html: ("<code>" + @html + "</code>")};

# A command to copy.
def command: "<pre><code>" + @html + "</code></pre>";

# What a section says that has nothing to show: why, and what to run for it.
def absent($why; $command):
  "<p class=\"absent\">\($why | @html) To get it: <code>\($command | @html)</code></p>";

# Held or not, not by colour alone.
def mark:
  if . then {html: "<span class=\"good\">✓ held</span>"}
  else {html: "<span class=\"bad\">✗ failed</span>"}
  end;

def section($id; $title; parts):
  "<section id=\"\($id)\"><h2>\($title | @html)</h2>\n" + ([parts] | join("\n"))
  + "</section>";

# The place of a plot: tools/report/report puts its picture there. Wide ones
# have a second, for narrow windows.
def plot($name; $caption):
  "<figure><!--plot \($name)--><figcaption>\($caption | html)</figcaption></figure>";
def wide_plot($name; $caption):
  "<figure class=\"wide\"><div class=\"broad\"><!--plot \($name)--></div><div class=\"narrow\"><!--plot \($name)-narrow--></div><figcaption>\($caption | html)</figcaption></figure>";
def side_by_side(figures): "<div class=\"figures\">" + ([figures] | join("\n")) + "</div>";
