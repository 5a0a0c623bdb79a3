// SPDX-License-Identifier: MIT
// KTAP output. Every line is flushed, so that a test that hangs or kills the
// program is the one after the last line.
#include "tests/guest/ktap.h"

#include <stdarg.h>
#include <stdio.h>

static const char *skip_reason;

bool ktap_skip(const char *reason) {
    skip_reason = reason;
    return true;
}

void ktap_note(const char *format, ...) {
    va_list args;
    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    fflush(stdout);
}

int ktap_run(const struct ktap_test *tests, size_t count) {
    size_t failed = 0;
    printf("KTAP version 1\n1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        skip_reason = NULL;
        fflush(stdout);
        bool ok = tests[i].run();
        failed += !ok;
        printf("%s %zu - %s", ok ? "ok" : "not ok", i + 1, tests[i].name);
        printf(ok && skip_reason ? " # SKIP %s\n" : "\n", skip_reason);
    }
    fflush(stdout);
    return failed ? 1 : 0;
}
