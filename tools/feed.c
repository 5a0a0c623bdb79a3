// SPDX-License-Identifier: MIT
// feed [--tty] REPORT - tools/boot's sender: once the guest's report says that
// somebody reads, send standard input to standard output, its end too, in the
// form that kernel/tty.h wants. With --tty, a terminal is in raw mode
// meanwhile, so that the guest's terminal gets every key; ^] ends the run.
//
// Exit status: 0 at the end of input, or when nobody takes it any more.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "kernel/tty.h"

#define LOOK_NS 50000000 // between two looks into the report
#define CHUNK 4096
#define KEY_LEAVE 0x1d // ^]

static struct termios before; // of the terminal
static volatile sig_atomic_t is_raw;

static void terminal_restore(void) {
    if (is_raw) {
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
        is_raw = false;
    }
}

static void die(int signal) {
    (void)signal;
    terminal_restore();
    _exit(EXIT_SUCCESS);
}

static void fail(const char *what) {
    terminal_restore();
    fprintf(
        stderr, "tools/boot: standard input: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

// Wait for the guest's record. A program can't write the mark before it.
static void wait_for_reader(const char *report) {
    static const char record[] = "\x1e{\"type\":\"stdin\"}";
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    int fd = open(report, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(report);
    }
    for (size_t matched = 0; matched < sizeof(record) - 1;) {
        char chunk[CHUNK];
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0) {
            fail(report);
        }
        for (ssize_t i = 0; i < got && matched < sizeof(record) - 1; i++) {
            matched = chunk[i] == record[matched] ? matched + 1
                                                  : chunk[i] == record[0];
        }
        if (got == 0) {
            nanosleep(&pause, NULL);
        }
    }
    close(fd);
}

// Output goes on as before: the terminal makes a line's beginning of its end.
static void terminal_raw(void) {
    if (tcgetattr(STDIN_FILENO, &before) < 0) {
        return; // no terminal
    }
    struct termios raw = before;
    raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | IGNCR | INLCR | ISTRIP | IXON);
    raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    is_raw = true;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0) {
        fail("raw mode");
    }
    fprintf(stderr, "tools/boot: ^] ends the run\n");
}

// Returns false if nobody takes it.
static bool send_all(const unsigned char *data, size_t size) {
    while (size > 0) {
        ssize_t done = write(STDOUT_FILENO, data, size);
        if (done < 0) {
            return false;
        }
        data += done;
        size -= (size_t)done;
    }
    return true;
}

static bool send_encoded(const unsigned char *data, size_t size) {
    unsigned char wire[2 * CHUNK];
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == TTY_ESCAPE) {
            wire[used++] = TTY_ESCAPE;
        }
        wire[used++] = data[i];
    }
    return send_all(wire, used);
}

static void copy(void) {
    static const unsigned char end[] = {TTY_ESCAPE, TTY_END};
    unsigned char chunk[CHUNK];
    ssize_t got;
    while ((got = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0) {
        if (is_raw && memchr(chunk, KEY_LEAVE, (size_t)got)) {
            terminal_restore();
            kill(getppid(), SIGTERM);
            return;
        }
        if (!send_encoded(chunk, (size_t)got)) {
            return;
        }
    }
    if (got < 0 && errno != EIO) { // EIO: the terminal is gone
        fail("cannot be read");
    }
    (void)send_all(end, sizeof(end));
}

int main(int argc, char **argv) {
    bool tty = argc == 3 && strcmp(argv[1], "--tty") == 0;
    if (argc != 2 && !tty) {
        fprintf(stderr, "usage: feed [--tty] REPORT\n");
        return 2;
    }
    struct sigaction action = {.sa_handler = die};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGTERM); // tools/boot may be killed
    wait_for_reader(argv[argc - 1]);
    if (tty) {
        terminal_raw();
    }
    copy();
    terminal_restore();
    return EXIT_SUCCESS;
}
