// SPDX-License-Identifier: MIT
// Run a list of Check tests as one suite: TAP on standard output, the exit
// status says whether all passed.
#pragma once

#include <check.h>
#include <stdlib.h>

#include "kernel/base/types.h"

// A hang detector: the host may have other things to do.
#define SUITE_TIMEOUT_S 60

// Run a suite and free it: TAP on standard output. Returns the exit status.
static inline int suite_end(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int suite_run(
    const char *name, const TTest *const tests[], size_t count) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, SUITE_TIMEOUT_S);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite_end(suite);
}

#define SUITE_RUN(name, tests) suite_run(name, tests, ARRAY_SIZE(tests))
