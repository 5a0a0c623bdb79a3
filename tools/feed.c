// SPDX-License-Identifier: MIT
// feed [--tty] REPORT - tools/boot's sender: once the guest's report says that
// somebody reads, send standard input to standard output, its end too, in the
// form that kernel/tty.h wants. With --tty, a terminal is in raw mode
// meanwhile, so that the guest's terminal gets every key; ^] ends the run.
//
// Exit status: 0 at the end of input, or when nobody takes it any more.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

// --- the wire ---------------------------------------------------------------

// What is to be sent, as the wire has it.
static struct {
    unsigned char bytes[2 * CHUNK];
    size_t size;
    size_t sent;
} wire;

// How many bytes of input have room, whatever they are, with the end after
// them.
static size_t room(void) {
    memmove(wire.bytes, wire.bytes + wire.sent, wire.size - wire.sent);
    wire.size -= wire.sent;
    wire.sent = 0;
    return (sizeof(wire.bytes) - wire.size) / 2 - 1;
}

static void put(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] == TTY_ESCAPE) {
            wire.bytes[wire.size++] = TTY_ESCAPE;
        }
        wire.bytes[wire.size++] = bytes[i];
    }
}

// Take in what there is; *ended at the end of input. Keys that have no room are
// lost, as in any terminal. Returns false at ^].
static bool take(size_t most, bool *ended) {
    unsigned char chunk[CHUNK];
    ssize_t got = read(STDIN_FILENO, chunk, most);
    if (got < 0 && errno != EIO) { // EIO: the terminal is gone
        fail("cannot be read");
    }
    size_t fits = room();
    if (got > 0) {
        put(chunk, (size_t)got < fits ? (size_t)got : fits);
    } else {
        *ended = true;
        wire.bytes[wire.size++] = TTY_ESCAPE;
        wire.bytes[wire.size++] = TTY_END;
    }
    return got <= 0 || !is_raw || !memchr(chunk, KEY_LEAVE, (size_t)got);
}

// Send as much as is taken. Returns false if nobody takes it any more.
static bool send_some(void) {
    ssize_t done =
        write(STDOUT_FILENO, wire.bytes + wire.sent, wire.size - wire.sent);
    if (done < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    wire.sent += (size_t)done;
    return true;
}

// Both ways are watched, so that ^] is seen while the guest takes nothing.
static void copy(void) {
    bool ended = false;
    while (!ended || wire.sent < wire.size) {
        size_t most = ended ? 0 : is_raw ? CHUNK : room();
        struct pollfd polls[] = {
            {.fd = most > 0 ? STDIN_FILENO : -1, .events = POLLIN},
            {.fd = wire.sent < wire.size ? STDOUT_FILENO : -1,
             .events = POLLOUT},
        };
        if (poll(polls, 2, -1) < 0 && errno != EINTR) {
            fail("poll");
        }
        if (polls[0].revents != 0 && !take(most, &ended)) {
            terminal_restore();
            kill(getppid(), SIGTERM);
            return;
        }
        if (polls[1].revents != 0 && !send_some()) {
            return;
        }
    }
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
    fcntl(STDOUT_FILENO, F_SETFL, O_WRONLY | O_NONBLOCK);
    prctl(PR_SET_PDEATHSIG, SIGTERM); // tools/boot may be killed
    wait_for_reader(argv[argc - 1]);
    if (tty) {
        terminal_raw();
    }
    copy();
    terminal_restore();
    return EXIT_SUCCESS;
}
