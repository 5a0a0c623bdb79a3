// SOURCES:
// FLAGS: -pthread -fsanitize=thread
// SPDX-License-Identifier: MIT
// The lock tests once more, with every access watched for a data race: an
// unlock that releases too little, or a lock that acquires too little, is
// reported even when the counts come out right.
#include "tests/host/lock_test.c"
