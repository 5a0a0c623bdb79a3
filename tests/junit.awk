# SPDX-License-Identifier: MIT
# Make JUnit XML of the logs of steps, for what shows the results of continuous
# integration: a suite for each step, a case for each verdict, and for what
# befell a step itself one more (tests/run says so in its LOG.verdict).
#
# usage: awk -f tests/junit.awk [FILE]
# Input lines: NAME SECONDS LOG; logs are TAP or KTAP.

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/"/, "\\&quot;", text)
    gsub(/[\001-\010\013-\037]/, "?", text)
    return text
}

# Close the case that is open.
function end_case() {
    if (name == "") {
        return
    }
    cases = cases "    <testcase classname=\"" suite "\" name=\"" \
        escape(name) "\""
    if (verdict == "passed") {
        cases = cases "/>\n"
    } else if (verdict == "skipped") {
        cases = cases "><skipped message=\"" escape(why) "\"/></testcase>\n"
        skipped++
    } else {
        cases = cases "><failure message=\"" escape(name) "\">" escape(why) \
            "</failure></testcase>\n"
        failed++
    }
    tests++
    name = ""
}

# begin_case LINE: from "ok 3 - a name # SKIP reason"
function begin_case(line) {
    end_case()
    verdict = line ~ /^not/ ? "failed" : "passed"
    why = ""
    name = line
    sub(/^(not )?ok *[0-9]* *(- )?/, "", name)
    if (match(name, / *# SKIP ?/)) {
        verdict = "skipped"
        why = substr(name, RSTART + RLENGTH)
        name = substr(name, 1, RSTART - 1)
    }
    if (name == "") {
        name = "unnamed"
    }
}

function read_log(log_file, line) {
    while ((getline line <log_file) > 0) {
        if (line ~ /^(not )?ok /) {
            begin_case(line)
        } else if (line ~ /^1\.\.[0-9]/) {
            end_case()
        } else if (name != "" && verdict == "failed") {
            why = why line "\n"
        }
    }
    close(log_file)
    end_case()
    while ((getline line <(log_file ".verdict")) > 0) {
        if (line ~ "^  step ") {
            name = "the step itself"
            verdict = "failed"
            why = line "\n"
        } else if (name != "") {
            why = why line "\n"
        }
    }
    close(log_file ".verdict")
    end_case()
}

BEGIN { print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>" }

{
    suite = escape($1)
    cases = ""
    tests = failed = skipped = 0
    read_log($3)
    printf "  <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" ", suite,
        tests, failed
    printf "skipped=\"%d\" time=\"%d\">\n%s  </testsuite>\n", skipped, $2, cases
}

END { print "</testsuites>" }
