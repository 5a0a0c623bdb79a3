// SOURCES: kernel/tolls.c kernel/base/histogram.c usr/lib/tolls.c
// SOURCES: smp/irqs_off.c
// FLAGS: -pthread -fsanitize=thread
// SPDX-License-Identifier: MIT
// The tests of tolls once more, with every access watched for a data race: an
// account that is read while it is folded into, a receipt while it is written.
#include "tests/host/tolls_test.c"
