// SPDX-License-Identifier: MIT
// The kernel command line: options, then "--", then the first program and its
// arguments. Words are split as GRUB joins them; boot/options.def lists the
// options.
#pragma once

#include "callouts/syspage.h"
#include "kernel/base/types.h"

#define OPTIONS_MAX_ARGS 64
#define OPTIONS_MAX_CALLOUTS 32
#define OPTIONS_MAX_CPUS 256
#define OPTIONS_NO_CPU 0xffffffffu

// Strings point into the buffer that options_parse() got.
struct option_lock {
    const char *resource;
    enum lock_kind kind;
};

struct option_callout {
    const char *name;
    const char *version;
};

struct option_types {
    uint32_t count; // 0: not given
    uint32_t types[SLOT_MAX_TYPES];
};

struct options {
    uint32_t cpus; // 0: all
    enum lock_kind lock;
    uint32_t num_locks;
    struct option_lock locks[MAX_RESOURCES];
    struct option_types types[CALLOUT_SLOTS];
    uint32_t budgets[CALLOUT_SLOTS]; // cycles, 0: none
    uint32_t num_callouts;
    struct option_callout callouts[OPTIONS_MAX_CALLOUTS];
    uint32_t toll;          // TOLL_*
    bool has_type;          // type= was given
    uint32_t type;          // 0 unless given
    uint32_t program_stdin; // STDIN_*
    uint32_t tty_rows;      // 0: not known
    uint32_t tty_columns;   // the same
    uint32_t fault_sipi;    // OPTIONS_NO_CPU unless given
    uint32_t fault_late;    // the same
    bool print_syspage;     // by startup
    bool selftest;
    bool selftest_break;
    uint32_t argc;                          // 0: no program was named
    const char *argv[OPTIONS_MAX_ARGS + 1]; // NULL after the last
};

// Told of each word that can't be taken as it stands, once, with a reason.
typedef void options_warn_fn(
    void *context, const char *word, const char *reason);

// Parse `text`. `buffer`, of `size` bytes, takes the words; strlen(text) + 1
// bytes are always enough, and what does not fit is warned of. Of options given
// twice the last one counts. A bad option is warned of and left out.
void options_parse(
    const char *text, char *buffer, size_t size, struct options *out,
    options_warn_fn *warn, void *context);

// The lock of a resource: its own option's, else lock='s, else ticket.
enum lock_kind options_lock_of(
    const struct options *options, const char *resource);

// The version of a callout that the command line forces, or NULL.
const char *options_callout_version(
    const struct options *options, const char *name);

// Split off the next word of *text into `word`, of `size` bytes, undoing GRUB's
// quotes: "..." and '...' keep spaces, a backslash keeps a following backslash
// or quote. *text moves behind it. Returns the word's length + 1; 0 at the end
// of the text; a word that does not fit is cut, and the length says so.
size_t options_next_word(const char **text, char *word, size_t size);

// The options as help text: fills in line `index`, false after the last one.
struct option_help {
    const char *name;
    const char *initial; // what holds unless the option is given
    const char *help;
};
bool options_help(unsigned index, struct option_help *out);
