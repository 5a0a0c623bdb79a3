// SPDX-License-Identifier: MIT
// See options.h. Each option has a parser, parse_NAME(options, rest): it gets
// what follows the option's name, may cut it up, and returns NULL or why the
// word is not taken as it stands.
#include "boot/options.h"

#include "kernel/base/string.h"
#include "syscall/abi.h"

#define DECIMAL 10
#define HEXADECIMAL 16

// --- words ------------------------------------------------------------------

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

static const char *skip_spaces(const char *at) {
    while (*at == ' ') {
        at++;
    }
    return at;
}

// Copy the word that begins at *text, which may be empty. Returns its length +
// 1; *open says whether a quote was left open.
static size_t copy_word(
    const char **text, char *word, size_t size, bool *open) {
    const char *at = *text;
    size_t length = 0;
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || *at != ' '); at++) {
        if (*at == '\\' && (at[1] == '\\' || is_quote(at[1]))) {
            at++;
        } else if (is_quote(*at) && (quote == '\0' || *at == quote)) {
            quote = quote == '\0' ? *at : '\0';
            continue;
        }
        if (length + 1 < size) {
            word[length] = *at;
        }
        length++;
    }
    if (size != 0) {
        word[length < size ? length : size - 1] = '\0';
    }
    *open = quote != '\0';
    *text = at;
    return length + 1;
}

// As options_next_word(); *open as above.
static size_t next_option(
    const char **text, char *word, size_t size, bool *open) {
    *text = skip_spaces(*text);
    return **text != '\0' ? copy_word(text, word, size, open) : 0;
}

// Behind "--" one space stands before each argument: GRUB writes an empty one
// as nothing.
static size_t next_argument(
    const char **text, char *word, size_t size, bool *open) {
    if (**text == '\0') {
        return 0;
    }
    *text += **text == ' ';
    return copy_word(text, word, size, open);
}

size_t options_next_word(const char **text, char *word, size_t size) {
    bool open;
    return next_option(text, word, size, &open);
}

// --- values -----------------------------------------------------------------

static bool digit_of(char c, unsigned base, unsigned *out) {
    if (c >= '0' && c <= '9') {
        *out = (unsigned)(c - '0');
    } else if (c >= 'a' && c <= 'f') {
        *out = (unsigned)(c - 'a') + DECIMAL;
    } else if (c >= 'A' && c <= 'F') {
        *out = (unsigned)(c - 'A') + DECIMAL;
    } else {
        return false;
    }
    return *out < base;
}

// Read a 32-bit number, decimal or 0x..., and move *text behind it.
static bool parse_number(const char **text, uint32_t *out) {
    const char *at = *text;
    unsigned base = DECIMAL;
    unsigned digit;
    uint64_t value = 0;
    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = HEXADECIMAL;
        at += 2;
    }
    const char *start = at;
    for (; digit_of(*at, base, &digit); at++) {
        value = value * base + digit;
        if (value > UINT32_MAX) {
            return false;
        }
    }
    *text = at;
    *out = (uint32_t)value;
    return at != start;
}

// The same, and nothing may follow.
static bool parse_whole_number(const char *text, uint32_t *out) {
    return parse_number(&text, out) && *text == '\0';
}

// Cut NAME=VALUE at its first "=". Returns the value; NULL if there is none, or
// no name.
static char *cut_value(char *name) {
    char *equals = strchr(name, '=');
    if (equals == NULL || equals == name) {
        return NULL;
    }
    *equals = '\0';
    return equals + 1;
}

#define LOCK_NAME(number, NAME, name, fair) #name,
#define LOCK_WORD(number, NAME, name, fair) " " #name

static const char *parse_kind(const char *text, enum lock_kind *out) {
    static const char *const names[NUM_LOCK_KINDS] = {LOCK_KINDS(LOCK_NAME)};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum lock_kind)i;
            return NULL;
        }
    }
    return "no such lock, there are" LOCK_KINDS(LOCK_WORD);
}

// --- options ----------------------------------------------------------------

static const char *parse_cpus(struct options *options, char *rest) {
    uint32_t cpus;
    if (!parse_whole_number(rest, &cpus) || cpus == 0 ||
        cpus > OPTIONS_MAX_CPUS) {
        return "not a number from 1 to 256";
    }
    options->cpus = cpus;
    return NULL;
}

static const char *parse_lock(struct options *options, char *rest) {
    enum lock_kind kind;
    const char *reason = parse_kind(rest, &kind);
    if (reason == NULL) {
        options->lock = kind;
    }
    return reason;
}

static const char *set_lock_of(
    struct options *options, const char *resource, enum lock_kind kind) {
    uint32_t i = 0;
    while (i < options->num_locks &&
           strcmp(options->locks[i].resource, resource) != 0) {
        i++;
    }
    if (i == MAX_RESOURCES) {
        return "more resources than there can be";
    }
    options->locks[i] = (struct option_lock){resource, kind};
    if (i == options->num_locks) {
        options->num_locks++;
    }
    return NULL;
}

static const char *parse_lock_of(struct options *options, char *rest) {
    const char *value = cut_value(rest);
    if (value == NULL) {
        return "not of the form lock.RESOURCE=KIND";
    }
    enum lock_kind kind;
    const char *reason = parse_kind(value, &kind);
    return reason != NULL ? reason : set_lock_of(options, rest, kind);
}

static const char *parse_types(struct options *options, char *rest) {
    const char *at = cut_value(rest);
    if (at == NULL) {
        return "not of the form types.SLOT=N[,N...]";
    }
    uint32_t slot;
    if (!parse_whole_number(rest, &slot) || slot >= CALLOUT_SLOTS) {
        return "not a slot from 0 to 63";
    }
    struct option_types list = {.count = 0};
    for (;; at++) {
        if (list.count == SLOT_MAX_TYPES) {
            return "more than 8 types";
        }
        if (!parse_number(&at, &list.types[list.count++]) ||
            (*at != ',' && *at != '\0')) {
            return "not a list of 32-bit numbers";
        }
        if (*at == '\0') {
            options->types[slot] = list;
            return NULL;
        }
    }
}

static const char *parse_budget(struct options *options, char *rest) {
    const char *value = cut_value(rest);
    uint32_t slot;
    uint32_t cycles;
    if (value == NULL) {
        return "not of the form budget.SLOT=CYCLES";
    }
    if (!parse_whole_number(rest, &slot) || slot >= CALLOUT_SLOTS) {
        return "not a slot from 0 to 63";
    }
    if (!parse_whole_number(value, &cycles)) {
        return "not a 32-bit number";
    }
    options->budgets[slot] = cycles;
    return NULL;
}

static const char *parse_callout(struct options *options, char *rest) {
    const char *version = cut_value(rest);
    if (version == NULL || *version == '\0') {
        return "not of the form callout.NAME=VERSION";
    }
    uint32_t i = 0;
    while (i < options->num_callouts &&
           strcmp(options->callouts[i].name, rest) != 0) {
        i++;
    }
    if (i == OPTIONS_MAX_CALLOUTS) {
        return "more than 32 callouts";
    }
    options->callouts[i] = (struct option_callout){rest, version};
    if (i == options->num_callouts) {
        options->num_callouts++;
    }
    return NULL;
}

static const char *parse_toll(struct options *options, char *rest) {
    if (strcmp(rest, "off") == 0) {
        options->toll = TOLL_OFF;
        return NULL;
    }
    if (strcmp(rest, "on") == 0) {
        options->toll = TOLL_ON;
        return NULL;
    }
    if (strcmp(rest, "full") == 0) {
        options->toll = TOLL_FULL;
        return NULL;
    }
    return "none of off, on, full";
}

static const char *parse_syspage(struct options *options, char *rest) {
    if (strcmp(rest, "print") != 0) {
        return "not print";
    }
    options->print_syspage = true;
    return NULL;
}

static const char *parse_type(struct options *options, char *rest) {
    uint32_t type;
    if (!parse_whole_number(rest, &type)) {
        return "not a 32-bit number";
    }
    options->type = type;
    options->has_type = true;
    return NULL;
}

// The size of a terminal behind "tty"; without one it is not known, 0.
static const char *parse_tty(struct options *options, const char *rest) {
    uint32_t rows = 0;
    uint32_t columns = 0;
    if (*rest == ':') {
        rest++;
        bool fits = parse_number(&rest, &rows) && *rest++ == ',' &&
                    parse_whole_number(rest, &columns) && rows <= UINT16_MAX &&
                    columns <= UINT16_MAX;
        if (!fits) {
            return "not of the form tty:ROWS,COLUMNS";
        }
    } else if (*rest != '\0') {
        return "none of none, pipe, tty";
    }
    options->program_stdin = STDIN_TTY;
    options->tty_rows = rows;
    options->tty_columns = columns;
    return NULL;
}

static const char *parse_stdin(struct options *options, char *rest) {
    if (strncmp(rest, "tty", strlen("tty")) == 0) {
        return parse_tty(options, rest + strlen("tty"));
    }
    if (strcmp(rest, "pipe") == 0) {
        options->program_stdin = STDIN_PIPE;
        return NULL;
    }
    if (strcmp(rest, "none") == 0) {
        options->program_stdin = STDIN_NONE;
        return NULL;
    }
    return "none of none, pipe, tty";
}

static const char *parse_other_cpu(uint32_t *out, char *rest) {
    uint32_t cpu;
    if (!parse_whole_number(rest, &cpu) || cpu == 0 ||
        cpu >= OPTIONS_MAX_CPUS) {
        return "not a CPU from 1 to 255";
    }
    *out = cpu;
    return NULL;
}

static const char *parse_fault_sipi(struct options *options, char *rest) {
    return parse_other_cpu(&options->fault_sipi, rest);
}

static const char *parse_fault_late(struct options *options, char *rest) {
    return parse_other_cpu(&options->fault_late, rest);
}

static const char *parse_selftest(struct options *options, char *rest) {
    (void)rest;
    options->selftest = true;
    return NULL;
}

static const char *parse_selftest_of(struct options *options, char *rest) {
    if (strcmp(rest, "break") != 0) {
        return "there is only: break";
    }
    options->selftest = true;
    options->selftest_break = true;
    return NULL;
}

// --- the table --------------------------------------------------------------

static const struct {
    struct option_help help;
    const char *(*parse)(struct options *options, char *rest);
} option_table[] = {
#define OPTION(name, parser, initial, help)                                    \
    {{name, initial, help}, parse_##parser},
#include "boot/options.def"
#undef OPTION
};

bool options_help(unsigned index, struct option_help *out) {
    if (index >= ARRAY_SIZE(option_table)) {
        return false;
    }
    *out = option_table[index].help;
    return true;
}

// Whether a word is this option's. A name without "=" or "." at its end must be
// the whole word.
static bool is_word_of(const char *word, const char *name) {
    size_t length = strlen(name);
    bool takes_rest = name[length - 1] == '=' || name[length - 1] == '.';
    return strncmp(word, name, length) == 0 &&
           (takes_rest || word[length] == '\0');
}

static const char *parse_option(struct options *options, char *word) {
    for (size_t i = 0; i < ARRAY_SIZE(option_table); i++) {
        const char *name = option_table[i].help.name;
        if (is_word_of(word, name)) {
            return option_table[i].parse(options, word + strlen(name));
        }
    }
    return "unknown";
}

// Parse the option at `word`. A parser may have cut it before it found fault:
// the callback gets it whole again.
static void take_option(
    struct options *options, char *word, options_warn_fn *warn, void *context) {
    char *equals = strchr(word, '=');
    const char *reason = parse_option(options, word);
    if (reason == NULL) {
        return;
    }
    bool cut = equals != NULL && *equals == '\0';
    if (cut) {
        *equals = '=';
    }
    warn(context, word, reason);
    if (cut) {
        *equals = '\0';
    }
}

// Returns false if the rest of the line must be left out.
static bool take_argument(
    struct options *options, const char *word, options_warn_fn *warn,
    void *context) {
    if (options->argc == OPTIONS_MAX_ARGS) {
        warn(context, word, "more than 64 arguments, the rest is left out");
        return false;
    }
    options->argv[options->argc++] = word;
    options->argv[options->argc] = NULL;
    return true;
}

void options_parse(
    const char *text, char *buffer, size_t size, struct options *out,
    options_warn_fn *warn, void *context) {
    *out = (struct options){
        .fault_sipi = OPTIONS_NO_CPU, .fault_late = OPTIONS_NO_CPU};
    bool arguments = false;
    for (;;) {
        bool open;
        const char *start = skip_spaces(text);
        size_t used = arguments ? next_argument(&text, buffer, size, &open)
                                : next_option(&text, buffer, size, &open);
        if (used == 0) {
            return;
        }
        if (used > size) {
            warn(context, start, "line too long, the rest is left out");
            return;
        }
        if (open) {
            warn(context, buffer, "a quote is left open");
        }
        if (arguments) {
            if (!take_argument(out, buffer, warn, context)) {
                return;
            }
        } else if (strcmp(buffer, "--") == 0) {
            arguments = true;
        } else if (!open) {
            take_option(out, buffer, warn, context);
        }
        buffer += used;
        size -= used;
    }
}

enum lock_kind options_lock_of(
    const struct options *options, const char *resource) {
    for (uint32_t i = 0; i < options->num_locks; i++) {
        if (strcmp(options->locks[i].resource, resource) == 0) {
            return options->locks[i].kind;
        }
    }
    return options->lock;
}

const char *options_callout_version(
    const struct options *options, const char *name) {
    for (uint32_t i = 0; i < options->num_callouts; i++) {
        if (strcmp(options->callouts[i].name, name) == 0) {
            return options->callouts[i].version;
        }
    }
    return NULL;
}
