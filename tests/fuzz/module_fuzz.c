// SOURCES: callouts/module.c
// SPDX-License-Identifier: MIT
// Damaged callout modules, sealed again more often than not. First come those
// that tests/fuzz/cover/run has kept, as they are; then they are damaged, too.
#include "tests/fuzz/fuzz.h"

#include <dirent.h>

#include "tests/fuzz/module_input.h"
#include "tests/host/module_seed.h"

#define CORPUS "tests/fuzz/corpus/module"
#define CORPUS_MAX 1024

static struct bytes *corpus[CORPUS_MAX];
static size_t num_corpus;

static void corpus_read_one(const char *name) {
    char path[sizeof(CORPUS) + 256];
    snprintf(path, sizeof(path), CORPUS "/%s", name);
    FILE *file = fopen(path, "rb");
    struct bytes *input = calloc(1, sizeof(*input));
    if (file == NULL || input == NULL || num_corpus == CORPUS_MAX) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    input->size = fread(input->at, 1, sizeof(input->at), file);
    fclose(file);
    corpus[num_corpus++] = input;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

// In the order of names, so that a seed means the same everywhere.
static void corpus_read(void) {
    struct dirent **entries;
    int count = scandir(CORPUS, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.') {
            corpus_read_one(entries[i]->d_name);
        }
        free(entries[i]);
    }
    if (num_corpus == 0) {
        fprintf(stderr, "%s: no corpus\n", CORPUS);
        exit(EXIT_FAILURE);
    }
    free(entries);
}

static void once(struct fuzz *fuzz) {
    static struct bytes input;
    if (fuzz->seed <= num_corpus) { // the seeds begin at 1
        input = *corpus[fuzz->seed - 1];
    } else {
        struct module_header header = module_seed();
        module_seed_write(&header, &input);
        if (fuzz_chance(fuzz, 2)) {
            input = *corpus[fuzz_below(fuzz, num_corpus)];
        }
        fuzz_mutate(fuzz, &input);
        if (!fuzz_chance(fuzz, 16)) {
            module_input_seal(input.at, input.size, !fuzz_chance(fuzz, 4));
        }
    }
    fuzz->accepted +=
        module_input_try(input.at, input.size, fuzz_chance(fuzz, 2));
}

int main(int argc, char *argv[]) {
    corpus_read();
    return fuzz_main("module", 100000, argc, argv, once);
}
