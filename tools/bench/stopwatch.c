// SPDX-License-Identifier: MIT
// stopwatch SECONDS MARK... -- COMMAND [ARG...] - run a command, pass its
// standard output on, and tell when each mark came: a line on standard error
// for each, "MARK NANOSECONDS", from just before the start to the arrival of a
// line that has the text in it. The command is ended SECONDS after its start.
//
// exit status: 0 all marks came and the command ended; 1 not so, after one
// line; 2 wrong usage
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ll
#define NS_PER_MS 1000000ll
#define MAX_SECONDS 86400
#define LINE_SIZE 8192

static const char *const usage =
    "usage: stopwatch SECONDS MARK... -- COMMAND [ARG...]\n";

struct watch {
    char **marks;
    int count;
    int seen;
    pid_t child;
    int64_t start_ns;
    char line[LINE_SIZE]; // what came of a line so far; longer ones are cut
    size_t length;
};

static int64_t read_ns(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t now_ns(void) {
    return read_ns(CLOCK_MONOTONIC);
}

// What the command has used of the host's CPUs, or 0 when it has ended.
static int64_t used_ns(pid_t child) {
    clockid_t clock;
    return clock_getcpuclockid(child, &clock) == 0 ? read_ns(clock) : 0;
}

// Run the command with its standard output in a pipe. Returns: the pipe's end.
static int start(char **command, pid_t *child) {
    int ends[2];
    if (pipe(ends) < 0) {
        return -1;
    }
    *child = fork();
    if (*child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // never outlive the watch
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execvp(command[0], command);
        fprintf(stderr, "stopwatch: %s: %s\n", command[0], strerror(errno));
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    return *child < 0 ? -1 : ends[0];
}

static void end_line(struct watch *watch, int64_t at_ns, int64_t cpu_ns) {
    watch->line[watch->length] = '\0';
    watch->length = 0;
    while (watch->seen < watch->count &&
           strstr(watch->line, watch->marks[watch->seen])) {
        fprintf(
            stderr, "%s %" PRId64 " %" PRId64 "\n", watch->marks[watch->seen],
            at_ns - watch->start_ns, cpu_ns);
        watch->seen++;
    }
}

static void take(struct watch *watch, const char *text, size_t length) {
    int64_t at_ns = now_ns();
    int64_t cpu_ns = used_ns(watch->child);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n') {
            end_line(watch, at_ns, cpu_ns);
        } else if (watch->length < LINE_SIZE - 1) {
            watch->line[watch->length++] = text[i];
        }
    }
}

// Read until the command closes its output. Returns: false when the time is
// over.
static bool follow(struct watch *watch, int from, int64_t limit_ns) {
    char text[LINE_SIZE];
    struct pollfd pipe = {.fd = from, .events = POLLIN};
    for (;;) {
        int64_t left_ns = watch->start_ns + limit_ns - now_ns();
        if (left_ns <= 0) {
            return false;
        }
        if (poll(&pipe, 1, (int)(left_ns / NS_PER_MS) + 1) <= 0) {
            continue;
        }
        ssize_t length = read(from, text, sizeof(text));
        if (length <= 0) {
            return true;
        }
        take(watch, text, (size_t)length);
        fwrite(text, 1, (size_t)length, stdout);
        fflush(stdout);
    }
}

// Returns: the exit status.
static int watch_command(struct watch *watch, char **command, long seconds) {
    watch->start_ns = now_ns();
    int from = start(command, &watch->child);
    if (from < 0) {
        fprintf(stderr, "stopwatch: %s\n", strerror(errno));
        return 1;
    }
    bool in_time = follow(watch, from, seconds * NS_PER_S);
    if (!in_time) {
        kill(watch->child, SIGKILL);
        fprintf(stderr, "stopwatch: no end within %ld seconds\n", seconds);
    }
    int status;
    waitpid(watch->child, &status, 0);
    if (!in_time) {
        return 1;
    }
    if (watch->seen < watch->count) {
        fprintf(
            stderr, "stopwatch: '%s' never came\n", watch->marks[watch->seen]);
        return 1;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int main(int argc, char **argv) {
    char *end;
    long seconds = argc > 1 ? strtol(argv[1], &end, 10) : 0;
    int dashes = 2;
    while (dashes < argc && strcmp(argv[dashes], "--") != 0) {
        dashes++;
    }
    if (seconds < 1 || seconds > MAX_SECONDS || *end || dashes + 1 >= argc) {
        fputs(usage, stderr);
        return 2;
    }
    static struct watch watch;
    watch.marks = argv + 2;
    watch.count = dashes - 2;
    return watch_command(&watch, argv + dashes + 1, seconds);
}
