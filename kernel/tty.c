// SPDX-License-Identifier: MIT
// See tty.h.
#include "kernel/tty.h"

#include "callouts/syspage.h"
#include "kernel/callouts.h"
#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/errno.h"
#include "kernel/file.h"
#include "kernel/process.h"
#include "kernel/process_signal.h"
#include "kernel/wait_queue.h"

#define MODE_TTY 0620
#define MODE_PIPE 0600

// A UART holds 16 characters, and gets more when it was emptied: soon, but not
// at once.
#define KEYS_AT_ONCE 64
#define POLL_SOON_NS 200000ul
#define POLL_NS 5000000ul
#define HANG_UP_TICKS 100 // from the end of input to who goes on regardless
#define POLLS_SOON 50     // before it takes the time that people take

// [l] lock  [i] set at init  [a] atomic
static struct tty {
    uint32_t kind; // [i] STDIN_*
    struct spinlock lock;
    struct wait_queue readers; // [l]
    struct line line;          // [l]
    struct tty_size size;      // [l]
    uint32_t foreground;       // [l]
    uint32_t leader;           // [i] the first program's group
    bool started;              // [a] there is a first program
    bool asked;                // [l] the sender knows that somebody reads
    bool escaped;              // [l] TTY_ESCAPE has come
    bool ended;                // [l] TTY_END has come
    unsigned over;             // [l] ticks since then
} tty = {.lock = SPINLOCK_INITIALIZER("tty")};

static void tty_echo(struct line *line, const char *text, size_t size) {
    (void)line;
    console_write(DEBUG_PROGRAM, text, size);
}

void tty_init(const struct syspage_entry *syspage) {
    const struct system_private_entry *private =
        SYSPAGE_ENTRY(syspage, system_private);
    tty.kind = private->program_stdin;
    tty.size.rows = (uint16_t) private->tty_rows;
    tty.size.columns = (uint16_t) private->tty_columns;
    tty.line.echo = tty_echo;
    line_init(&tty.line, tty.kind != STDIN_TTY);
}

bool tty_is_there(void) {
    return tty.kind == STDIN_TTY;
}

bool tty_is_pipe(void) {
    return tty.kind == STDIN_PIPE;
}

// --- what comes in ----------------------------------------------------------

// Take one character from the wire in. Returns the signal it means, or 0.
static unsigned wire_input(int key) {
    if (tty.escaped) {
        tty.escaped = false;
        if (key == TTY_END) {
            tty.ended = true;
            return 0;
        }
    } else if (key == TTY_ESCAPE) {
        tty.escaped = true;
        return 0;
    }
    return line_input(&tty.line, (char)key);
}

// What the keys that were found mean.
struct found {
    unsigned keys;
    unsigned signal; // for the group
    uint32_t group;
};

// The lock is held. Stops at a key that means a signal, and where a character
// would be lost.
static struct found poll(void) {
    struct found found = {.group = tty.foreground};
    while (found.keys < KEYS_AT_ONCE && found.signal == 0 &&
           line_room(&tty.line) > 0 && !tty.ended) {
        int key = callout_poll_key(DEBUG_PROGRAM);
        if (key < 0) {
            break;
        }
        found.keys++;
        found.signal = wire_input(key);
    }
    if (found.keys > 0) {
        wait_wake_all(&tty.readers);
    }
    return found;
}

// The lock is not held: process_lock comes first.
static void found_signal(const struct found *found) {
    if (found->signal != 0 && found->group != 0) {
        (void)process_signal_group(found->group, found->signal);
    }
}

// Who has the terminal may be gone, or not care.
static void hang_up(uint32_t foreground) {
    (void)process_signal_group(foreground, SIGHUP);
    if (foreground != tty.leader) {
        (void)process_signal_group(tty.leader, SIGHUP);
    }
}

void tty_tick(void) {
    if (tty.kind != STDIN_TTY || !tty.started) {
        return;
    }
    spin_lock_irq_off(&tty.lock);
    struct found found = poll();
    bool hangs_up = tty.ended && ++tty.over % HANG_UP_TICKS == 0;
    spin_unlock(&tty.lock, false);
    found_signal(&found);
    if (hangs_up) {
        hang_up(found.group);
    }
}

// --- read -------------------------------------------------------------------

// Nothing is sent before somebody reads: firmware would take it away.
static void ask(void) {
    bool irq = spin_lock(&tty.lock);
    bool first = !tty.asked;
    tty.asked = true;
    spin_unlock(&tty.lock, irq);
    if (first) {
        report_printf("{\"type\":\"stdin\"}\n");
    }
}

void tty_start(uint32_t group) {
    tty_set_foreground(group);
    tty.leader = group;
    tty.started = true;
    if (tty.kind == STDIN_TTY) {
        ask(); // for ^C, whether it reads or not
    }
}

// One look, and a wait if there was nothing. Returns how many characters were
// read, or -1: look again.
static long read_once(char *to, size_t size, uint64_t wait_ns) {
    long result = -1;
    bool irq = spin_lock(&tty.lock);
    struct found found = poll();
    if (line_is_readable(&tty.line) || tty.ended) {
        result = (long)line_read(&tty.line, to, size);
    } else if (found.signal == 0) {
        wait_on_until(&tty.readers, &tty.lock, clock_now_ns() + wait_ns);
    }
    spin_unlock(&tty.lock, irq);
    found_signal(&found);
    return result;
}

static bool is_background(void) {
    return tty.kind == STDIN_TTY && process_group(0) != (long)tty_foreground();
}

long tty_read(char *to, size_t size) {
    if (size == 0) {
        return 0;
    }
    ask();
    for (unsigned polls = 0;; polls++) {
        if (is_background()) {
            return -EIO;
        }
        long result =
            read_once(to, size, polls < POLLS_SOON ? POLL_SOON_NS : POLL_NS);
        if (result >= 0) {
            return result;
        }
        if (thread_is_interrupted(thread_current())) {
            return process_restart_call();
        }
    }
}

// --- files ------------------------------------------------------------------

static long file_kind_read(struct file *file, void *to, size_t size) {
    (void)file;
    return tty_read(to, size);
}

static long file_kind_write(struct file *file, const void *from, size_t size) {
    (void)file;
    console_write(DEBUG_PROGRAM, from, size);
    return (long)size;
}

static const struct file_kind tty_kind = {
    .read = file_kind_read,
    .write = file_kind_write,
    .mode = FILE_TYPE_DEVICE | MODE_TTY,
};
static const struct file_kind pipe_kind = {
    .read = file_kind_read,
    .mode = FILE_TYPE_PIPE | MODE_PIPE,
};

struct file *tty_open(uint32_t access) {
    return file_create(&tty_kind, access);
}

struct file *tty_open_pipe(void) {
    return file_create(&pipe_kind, OPEN_READ_ONLY);
}

bool tty_is_file(const struct file *file) {
    return file->kind == &tty_kind;
}

// --- settings ---------------------------------------------------------------

void tty_get(struct line_settings *out) {
    bool irq = spin_lock(&tty.lock);
    *out = tty.line.settings;
    spin_unlock(&tty.lock, irq);
}

void tty_set(const struct line_settings *settings, bool flush) {
    bool irq = spin_lock(&tty.lock);
    if (flush) {
        line_flush(&tty.line);
    }
    line_set(&tty.line, settings);
    wait_wake_all(&tty.readers);
    spin_unlock(&tty.lock, irq);
}

void tty_flush(void) {
    bool irq = spin_lock(&tty.lock);
    line_flush(&tty.line);
    spin_unlock(&tty.lock, irq);
}

size_t tty_count(void) {
    bool irq = spin_lock(&tty.lock);
    size_t count = line_count(&tty.line);
    spin_unlock(&tty.lock, irq);
    return count;
}

struct tty_size tty_size(void) {
    bool irq = spin_lock(&tty.lock);
    struct tty_size size = tty.size;
    spin_unlock(&tty.lock, irq);
    return size;
}

void tty_set_size(struct tty_size size) {
    bool irq = spin_lock(&tty.lock);
    tty.size = size;
    spin_unlock(&tty.lock, irq);
}

uint32_t tty_foreground(void) {
    bool irq = spin_lock(&tty.lock);
    uint32_t group = tty.foreground;
    spin_unlock(&tty.lock, irq);
    return group;
}

void tty_set_foreground(uint32_t group) {
    bool irq = spin_lock(&tty.lock);
    tty.foreground = group;
    spin_unlock(&tty.lock, irq);
}
