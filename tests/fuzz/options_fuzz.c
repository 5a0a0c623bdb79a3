// SOURCES: boot/options.c
// SPDX-License-Identifier: MIT
// Command lines: any bytes are survived; any words that GRUB joins come out
// again as they were, and each word is warned of once at most.
#include "boot/options.h"
#include "tests/fuzz/fuzz.h"
#include "tests/host/grub_join.h"

#define MAX_WORDS 12
#define MAX_WORD 24

static struct options options;
static unsigned num_warnings;

static void warn(void *context, const char *word, const char *reason) {
    FUZZ_CHECK(context == &options);
    FUZZ_CHECK(strlen(word) < BYTES_MAX);
    FUZZ_CHECK(strlen(reason) != 0);
    num_warnings++;
}

static void check_options(void) {
    FUZZ_CHECK(options.cpus <= OPTIONS_MAX_CPUS);
    FUZZ_CHECK(options.lock < NUM_LOCK_KINDS);
    FUZZ_CHECK(options.num_locks <= MAX_RESOURCES);
    for (unsigned i = 0; i < options.num_locks; i++) {
        FUZZ_CHECK(strlen(options.locks[i].resource) != 0);
        FUZZ_CHECK(options.locks[i].kind < NUM_LOCK_KINDS);
    }
    for (unsigned i = 0; i < CALLOUT_SLOTS; i++) {
        FUZZ_CHECK(options.types[i].count <= SLOT_MAX_TYPES);
    }
    FUZZ_CHECK(options.num_callouts <= OPTIONS_MAX_CALLOUTS);
    for (unsigned i = 0; i < options.num_callouts; i++) {
        FUZZ_CHECK(strlen(options.callouts[i].version) != 0);
    }
    FUZZ_CHECK(options.argc <= OPTIONS_MAX_ARGS);
    FUZZ_CHECK(options.argv[options.argc] == NULL);
}

static void parse(const struct bytes *line, size_t buffer_size) {
    char *text = exact_copy(line->at, line->size);
    char *buffer = malloc(buffer_size);
    num_warnings = 0;
    options_parse(text, buffer, buffer_size, &options, warn, &options);
    FUZZ_CHECK(num_warnings <= line->size);
    free(text);
    check_options();
    free(buffer);
}

static void once_damaged(struct fuzz *fuzz) {
    static const char seed[] =
        "cpus=4 lock=ttas lock.demo=tas lock.cmos=mcs types.3=47,0x2f "
        "callout.timer=hpet toll=on type=0xffffffff fault.sipi=3 syspage=print "
        "selftest foo=\"bar baz\" 'x y' \\\" \\\\ -- /bin/sh -c \"echo a\"";
    static struct bytes line;
    line.size = 0;
    bytes_add(&line, seed, sizeof(seed) - 1);
    fuzz_mutate(fuzz, &line);
    bytes_add_u8(&line, 0);
    line.size = strlen((const char *)line.at) + 1;
    size_t size = line.size;
    if (fuzz_chance(fuzz, 8)) {
        size = fuzz_below(fuzz, size);
    }
    parse(&line, size);
    fuzz->accepted += num_warnings == 0;
}

static void random_word(struct fuzz *fuzz, char *word) {
    size_t length = fuzz_below(fuzz, MAX_WORD);
    static const char letters[] = "  \\\\\"\"''=.,-abx019";
    for (size_t i = 0; i < length; i++) {
        word[i] = letters[fuzz_below(fuzz, sizeof(letters) - 1)];
    }
    word[length] = '\0';
}

static void once_joined(struct fuzz *fuzz) {
    char words[MAX_WORDS][MAX_WORD + 1];
    static struct bytes line;
    unsigned count = 1 + (unsigned)fuzz_below(fuzz, MAX_WORDS);
    line.size = 0;
    grub_join_word(&line, "--");
    for (unsigned i = 0; i < count; i++) {
        random_word(fuzz, words[i]);
        grub_join_word(&line, words[i]);
    }
    bytes_add_u8(&line, 0);
    char *buffer = malloc(line.size);
    num_warnings = 0;
    options_parse(
        (const char *)line.at, buffer, line.size, &options, warn, &options);
    FUZZ_CHECK(num_warnings == 0);
    FUZZ_CHECK(options.argc == count);
    for (unsigned i = 0; i < count; i++) {
        FUZZ_CHECK(strcmp(options.argv[i], words[i]) == 0);
    }
    free(buffer);
    fuzz->accepted++;
}

static void once(struct fuzz *fuzz) {
    if (fuzz_chance(fuzz, 3)) {
        once_joined(fuzz);
    } else {
        once_damaged(fuzz);
    }
}

int main(int argc, char *argv[]) {
    return fuzz_main("options", 100000, argc, argv, once);
}
