// SPDX-License-Identifier: MIT
// See line.h.
#include "kernel/line.h"

#include "kernel/signal.h"

#define STOP 0x100 // in the ring: a read goes no further than this
#define END 0x200  // and this is no character, but the end of input

#define CONTROL(c) ((c)&0x1f)
#define DELETE 0x7f
#define BELL "\a"
#define SETTINGS_OUTPUT 0000005  // OPOST ONLCR: done by whoever shows it
#define SETTINGS_CONTROL 0000277 // B38400 CS8 CREAD

// --- settings ---------------------------------------------------------------

static const struct line_settings cooked = {
    .input = LINE_ICRNL,
    .output = SETTINGS_OUTPUT,
    .control = SETTINGS_CONTROL,
    .local = LINE_ISIG | LINE_ICANON | LINE_ECHO | LINE_ECHOE | LINE_ECHOK |
             LINE_ECHOCTL | LINE_IEXTEN,
    .keys =
        {
            [LINE_VINTR] = CONTROL('C'),
            [LINE_VQUIT] = CONTROL('\\'),
            [LINE_VERASE] = DELETE,
            [LINE_VKILL] = CONTROL('U'),
            [LINE_VEOF] = CONTROL('D'),
            [LINE_VMIN] = 1,
            [LINE_VSUSP] = CONTROL('Z'),
            [LINE_VWERASE] = CONTROL('W'),
        },
};

static bool has(const struct line *line, uint32_t local) {
    return (line->settings.local & local) != 0;
}

void line_init(struct line *line, bool raw) {
    line->settings = cooked;
    if (raw) {
        line->settings.input = 0;
        line->settings.local = 0;
    }
    line_flush(line);
}

void line_set(struct line *line, const struct line_settings *settings) {
    line->settings = *settings;
    if (!has(line, LINE_ICANON)) {
        line->ready = line->end;
    }
}

void line_flush(struct line *line) {
    line->read = line->ready = line->end = 0;
}

// --- the ring ---------------------------------------------------------------

static uint16_t *place(struct line *line, uint32_t at) {
    return &line->ring[at % LINE_ROOM];
}

static size_t ring_room(const struct line *line) {
    return LINE_ROOM - (line->end - line->read);
}

size_t line_room(const struct line *line) {
    size_t room = ring_room(line);
    return room > LINE_SPARE ? room - LINE_SPARE : 0;
}

static void append(struct line *line, uint16_t what) {
    if (ring_room(line) > 0) {
        *place(line, line->end++) = what;
    }
}

size_t line_count(const struct line *line) {
    return line->ready - line->read;
}

bool line_is_readable(const struct line *line) {
    return line->read != line->ready ||
           (!has(line, LINE_ICANON) && line->settings.keys[LINE_VMIN] == 0);
}

// An end of input is one only at the beginning of a line; behind characters it
// just has them read.
size_t line_read(struct line *line, char *to, size_t size) {
    size_t done = 0;
    while (done < size && line->read != line->ready) {
        uint16_t what = *place(line, line->read++);
        if ((what & END) == 0) {
            to[done++] = (char)what;
        }
        if ((what & STOP) != 0 && has(line, LINE_ICANON)) {
            break;
        }
        bool next_is_end =
            line->read != line->ready && (*place(line, line->read) & END) != 0;
        if (done > 0 && next_is_end) {
            line->read++;
            break;
        }
    }
    return done;
}

// --- echo -------------------------------------------------------------------

static bool is_control(char c) {
    return ((uint8_t)c < ' ' && c != '\t') || c == DELETE;
}

static void show(struct line *line, const char *text, size_t size) {
    if (has(line, LINE_ECHO)) {
        line->echo(line, text, size);
    }
}

// A control character is shown as ^ and a letter.
static void show_char(struct line *line, char c) {
    if (c != '\n' && is_control(c) && has(line, LINE_ECHOCTL)) {
        const char pair[2] = {'^', (char)(c ^ 0x40)};
        show(line, pair, sizeof(pair));
    } else {
        show(line, &c, 1);
    }
}

// --- editing ----------------------------------------------------------------

static bool is_continuation(uint16_t what) {
    return (what & 0xc0) == 0x80; // of a character of several bytes in UTF-8
}

// Drop the last character of the line that is being edited.
static bool erase(struct line *line) {
    if (line->end == line->ready) {
        return false;
    }
    uint16_t what = *place(line, --line->end);
    while (is_continuation(what) && line->end != line->ready) {
        what = *place(line, --line->end);
    }
    if (has(line, LINE_ECHOE)) {
        bool wide = is_control((char)what) && has(line, LINE_ECHOCTL);
        show(line, "\b \b\b \b", wide ? 6 : 3);
    }
    return true;
}

static bool last_is_blank(struct line *line) {
    uint16_t what = *place(line, line->end - 1);
    return what == ' ' || what == '\t';
}

static void erase_word(struct line *line) {
    while (line->end != line->ready && last_is_blank(line)) {
        (void)erase(line);
    }
    while (line->end != line->ready && !last_is_blank(line)) {
        (void)erase(line);
    }
}

static bool is_key(const struct line *line, enum line_key key, char c) {
    return c != '\0' && line->settings.keys[key] == (uint8_t)c;
}

static bool edit(struct line *line, char c) {
    if (is_key(line, LINE_VERASE, c)) {
        (void)erase(line);
    } else if (is_key(line, LINE_VKILL, c)) {
        while (erase(line)) {
        }
    } else if (is_key(line, LINE_VWERASE, c) && has(line, LINE_IEXTEN)) {
        erase_word(line);
    } else {
        return false;
    }
    return true;
}

static void line_end(struct line *line, uint16_t what) {
    append(line, what | STOP);
    line->ready = line->end;
}

static void input_canonical(struct line *line, char c) {
    if (edit(line, c)) {
        return;
    }
    if (is_key(line, LINE_VEOF, c)) {
        line_end(line, END);
    } else if (c == '\n') {
        if (has(line, LINE_ECHO | LINE_ECHONL)) {
            line->echo(line, &c, 1);
        }
        line_end(line, (uint8_t)c);
    } else if (line->end - line->ready >= LINE_LENGTH || line_room(line) == 0) {
        show(line, BELL, 1);
    } else if (is_key(line, LINE_VEOL, c)) {
        show_char(line, c);
        line_end(line, (uint8_t)c);
    } else {
        show_char(line, c);
        append(line, (uint8_t)c);
    }
}

// --- input ------------------------------------------------------------------

static unsigned signal_of(const struct line *line, char c) {
    if (!has(line, LINE_ISIG)) {
        return 0;
    }
    return is_key(line, LINE_VINTR, c)   ? SIGINT
           : is_key(line, LINE_VQUIT, c) ? SIGQUIT
           : is_key(line, LINE_VSUSP, c) ? SIGTSTP
                                         : 0;
}

unsigned line_input(struct line *line, char c) {
    uint32_t input = line->settings.input;
    if (c == '\r') {
        if ((input & LINE_IGNCR) != 0) {
            return 0;
        }
        c = (input & LINE_ICRNL) != 0 ? '\n' : c;
    } else if (c == '\n' && (input & LINE_INLCR) != 0) {
        c = '\r';
    }
    unsigned signal = signal_of(line, c);
    if (signal != 0) {
        if (!has(line, LINE_NOFLSH)) {
            line_flush(line);
        }
        show_char(line, c);
        return signal;
    }
    if (has(line, LINE_ICANON)) {
        input_canonical(line, c);
    } else {
        show_char(line, c);
        append(line, (uint8_t)c);
        line->ready = line->end;
    }
    return 0;
}
