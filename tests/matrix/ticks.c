// SPDX-License-Identifier: MIT
// ticks NS - measure the tick: sleeps that are shorter than it end one tick
// apart, and clock_gettime() reads the time-stamp counter, which the timer has
// no part in. Ends with 0 if the tick is NS nanoseconds long, within 1 in 500.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TICKS 50
#define NS_PER_SEC 1000000000
#define SLEEP_NS 500000 // not done when the tick that ended the last one is
#define TOLERANCE 500

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

static void tick_wait(void) {
    const struct timespec time = {.tv_nsec = SLEEP_NS};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv) {
    int64_t wanted = argc == 2 ? strtoll(argv[1], NULL, 10) : 0;
    if (wanted <= 0) {
        fprintf(stderr, "usage: ticks NS\n");
        return 2;
    }
    tick_wait();
    int64_t start = now_ns();
    for (int i = 0; i < TICKS; i++) {
        tick_wait();
    }
    int64_t tick = (now_ns() - start) / TICKS;
    printf("a tick is %" PRId64 " ns, wanted %" PRId64 "\n", tick, wanted);
    return llabs(tick - wanted) > wanted / TOLERANCE;
}
